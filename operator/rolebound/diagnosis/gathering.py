"""A question → the facts: reads AWS through the user's login, looks at the way there, and makes the real call."""

from dataclasses import dataclass, field

import boto3.session
import botocore.session

from rolebound import clock
from rolebound.diagnosis.account import Account
from rolebound.diagnosis.facts import Facts, Material, Unknown
from rolebound.diagnosis.network import reached
from rolebound.errors import CertificateError, Error
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, Session, SessionRequest
from rolebound.rolesanywhere.client import RolesAnywhere


@dataclass(frozen=True, slots=True)
class Question:
    """One set-up to look at."""

    material: Material | CertificateError | Unknown = field(repr=False)
    request: SessionRequest
    endpoint: Endpoint
    calls: bool = True
    """Whether a real CreateSession is made."""
    verifies_tls: bool = True


def gather(question: Question, aws_profile: str | None) -> Facts:
    """Return everything that can be found out; `aws_profile` names the login to read AWS with.

    Raises BotoCoreError or ValueError where the login's configuration, or the endpoint, cannot be used at all.
    """
    core = botocore.session.Session(profile=aws_profile)
    login = boto3.session.Session(botocore_session=core)
    verify = None if question.verifies_tls else False
    anywhere = RolesAnywhere(verify=verify)
    account = Account(login, question.request, question.endpoint, verify)
    trusted = core.get_config_variable("ca_bundle") if question.verifies_tls else False
    return Facts(
        now=clock.now(),
        request=question.request,
        endpoint=question.endpoint,
        known_regions={
            each: frozenset(login.get_available_regions("rolesanywhere", partition_name=each))
            for each in login.get_available_partitions()
        },
        material=question.material,
        anchor=account.anchor(),
        profile=account.profile(),
        role=account.role(),
        revocations=account.revocations(),
        quota=account.quota(),
        reached=reached(anywhere.url(question.endpoint), trusted),
        session=_session(question, anywhere),
    )


def _session(question: Question, anywhere: RolesAnywhere) -> Session | Error | Unknown:
    if not question.calls:
        return Unknown("no call was made, as was asked for")
    identity = question.material.identity if isinstance(question.material, Material) else question.material
    if not isinstance(identity, SigningIdentity):
        return Unknown("nothing can be signed with this certificate and key: see above")
    try:
        return anywhere.create_session(identity, question.request, question.endpoint)
    except Error as error:
        return error
