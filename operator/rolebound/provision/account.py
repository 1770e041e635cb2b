"""One AWS account and region, through boto3 and the person's ordinary login: reads what is there, does the steps.

The only module of set-up that calls AWS, and it decides nothing. Roles Anywhere's management API takes about one call a
second, so botocore's retries are patient.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from rolebound.errors import AWSUnavailable, CertificateUnsuitable
from rolebound.pki.certificates import certificates_pem, read_certificates
from rolebound.provision.desired import Names
from rolebound.provision.failures import translated
from rolebound.provision.found import Found, Profile, Role, TrustAnchor
from rolebound.provision.plan import PROFILE, TRUST_ANCHOR, Arns, Step

_PATIENT: Final = Config(retries={"total_max_attempts": 8, "mode": "standard"})
# What IAM gives a role that names no maximum: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
_ROLE_SECONDS: Final = 3600

T = TypeVar("T")


@dataclass(slots=True)
class Account:
    """The account of a login; every method raises CommandRefused, AWSUnavailable or Throttled in words of ours."""

    login: str
    partition: str
    account: str
    region: str
    _clients: Mapping[str, Any] = field(repr=False)

    @classmethod
    def open(cls, profile: str | None, region: str | None) -> "Account":
        """Return the account of the login that boto3 finds, or of that AWS profile."""

        def clients() -> tuple[str, dict[str, Any]]:
            session: Any = boto3.session.Session(profile_name=profile, region_name=region)
            if not session.region_name:
                raise NoRegionError
            made = {name: session.client(name, config=_PATIENT) for name in ("rolesanywhere", "iam", "sts")}
            return str(session.region_name), made

        chosen, made = _translating("", "the AWS configuration", clients)

        def caller() -> tuple[str, list[str]]:
            arn = str(made["sts"].get_caller_identity()["Arn"])
            return arn, arn.split(":")

        login, (_, partition, _, _, account, *_) = _translating("", "sts:GetCallerIdentity", caller)
        return cls(login, partition, account, chosen, made)

    def find(self, names: Names) -> Found:
        """Return everything that has one of the set-up's names."""
        return Found(
            account=self.account,
            partition=self.partition,
            region=self.region,
            trust_anchors=tuple(self._trust_anchors(names.setup)),
            role=self._role(names.role),
            profiles=tuple(self._profiles(names.setup)),
        )

    def perform(self, steps: Sequence[Step], known: Arns, tell: Callable[[str], None]) -> Arns:
        """Do the steps in order, telling each when it is done, and return `known` with what they brought.

        What is done stays done where a later step fails.
        """
        learned: dict[str, str] = {}
        for step in steps:
            answer = self._call(step.service, step.operation, **_filled(step.parameters, learned))
            if step.operation == "create_trust_anchor":
                learned[TRUST_ANCHOR] = answer["trustAnchor"]["trustAnchorArn"]
            elif step.operation == "create_profile":
                learned[PROFILE] = answer["profile"]["profileArn"]
            elif step.operation == "create_role":
                self._wait_for_role(step.parameters["RoleName"])
            tell(_filled(step.says, learned))
        return Arns(*(_filled(each, learned) for each in (known.trust_anchor, known.profile, known.role)))

    def _wait_for_role(self, name: str) -> None:
        # IAM shows what was made with a delay, and nothing can be attached to what it does not show.
        waiter = self._clients["iam"].get_waiter("role_exists")
        _translating(self.login, "iam:GetRole", lambda: waiter.wait(RoleName=name))

    def _trust_anchors(self, name: str) -> Iterator[TrustAnchor]:
        for each in self._listed("list_trust_anchors", "trustAnchors", name):
            data = each["source"].get("sourceData", {}).get("x509CertificateData", "")
            arn = each["trustAnchorArn"]
            yield TrustAnchor(arn=arn, tags=self._tags(arn), enabled=each["enabled"], bundle=_normal(data))

    def _profiles(self, name: str) -> Iterator[Profile]:
        for each in self._listed("list_profiles", "profiles", name):
            yield Profile(
                arn=each["profileArn"],
                tags=self._tags(each["profileArn"]),
                enabled=each["enabled"],
                role_arns=tuple(each.get("roleArns", ())),
                session_policies=tuple(each.get("managedPolicyArns", ())),
                session_policy=each.get("sessionPolicy", ""),
                seconds=each.get("durationSeconds", _ROLE_SECONDS),
                accepts_session_names=each.get("acceptRoleSessionName", False),
            )

    def _role(self, name: str) -> Role | None:
        try:
            role = self._clients["iam"].get_role(RoleName=name)["Role"]
        except self._clients["iam"].exceptions.NoSuchEntityException:
            return None
        except (BotoCoreError, ClientError) as error:
            raise translated(error, self.login, "iam:GetRole") from None
        trust = role["AssumeRolePolicyDocument"]
        attached = self._all("list_attached_role_policies", "AttachedPolicies", RoleName=name)
        tags = self._all("list_role_tags", "Tags", RoleName=name)
        return Role(
            arn=role["Arn"],
            tags={each["Key"]: each["Value"] for each in tags},
            trust_policy=json.loads(trust) if isinstance(trust, str) else trust,
            policies=tuple(each["PolicyArn"] for each in attached),
            inline_policies=tuple(self._all("list_role_policies", "PolicyNames", RoleName=name)),
            seconds=role.get("MaxSessionDuration", _ROLE_SECONDS),
        )

    def _listed(self, operation: str, several: str, name: str) -> list[Any]:
        pages = self._paged("rolesanywhere", operation)
        return [each for page in pages for each in page[several] if each["name"] == name]

    def _all(self, operation: str, member: str, **parameters: str) -> list[Any]:
        return [each for page in self._paged("iam", operation, **parameters) for each in page[member]]

    def _paged(self, service: str, operation: str, **parameters: str) -> list[Any]:
        paginator = self._clients[service].get_paginator(operation)
        return _translating(self.login, _action(service, operation), lambda: list(paginator.paginate(**parameters)))

    def _tags(self, arn: str) -> dict[str, str]:
        answer = self._call("rolesanywhere", "list_tags_for_resource", resourceArn=arn)
        return {each["key"]: each["value"] for each in answer.get("tags", ())}

    def _call(self, service: str, operation: str, **parameters: Any) -> Any:
        method = getattr(self._clients[service], operation)
        return _translating(self.login, _action(service, operation), lambda: method(**parameters))


def _translating(login: str, action: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except (BotoCoreError, ClientError) as error:
        raise translated(error, login, action) from None
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        # botocore's own failures at an endpoint that is no URL, or at an answer that is not of the shape.
        raise AWSUnavailable(f"{action}: the endpoint or its answer cannot be used ({type(error).__name__})") from None


def _action(service: str, operation: str) -> str:
    """Return IAM's name of the permission, which is that of the operation."""
    return f"{service}:{operation.title().replace('_', '')}"


def _filled(value: Any, learned: Mapping[str, str]) -> Any:
    """Return `value` with what has been learned in the place of what stood for it."""
    match value:
        case str():
            for placeholder, text in learned.items():
                value = value.replace(placeholder, text)
            return value
        case Mapping():
            return {key: _filled(each, learned) for key, each in value.items()}
        case list():
            return [_filled(each, learned) for each in value]
    return value


def _normal(pem: str) -> str:
    """Return the certificates without what may stand between them; nothing where there are none to be read."""
    try:
        return certificates_pem(read_certificates(pem.encode(), "the trust anchor")).decode()
    except CertificateUnsuitable:
        return ""
