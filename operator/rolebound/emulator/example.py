"""A set-up that is ready to use: a client certificate, and the trust anchor, profile and role that it is for.

Made as an administrator would make it, through the APIs of a running emulator, so that it can do nothing that a user's
own set-up cannot. The role may read everything, as in AWS's walk-through of Roles Anywhere.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from cryptography.x509.oid import ExtendedKeyUsageOID

from rolebound.emulator.authority import Authority
from rolebound.emulator.files import write_whole
from rolebound.emulator.lifecycle import Emulator

_POLICIES: Final = ("ReadOnlyAccess", "IAMAccessAnalyzerReadOnlyAccess")
_ACTIONS: Final = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


@dataclass(frozen=True, slots=True)
class Example:
    """The files of a client and the three ARNs that it asks with."""

    certificate: Path
    private_key: Path
    ca_certificate: Path
    trust_anchor_arn: str
    profile_arn: str
    role_arn: str


def make_example(emulator: Emulator, folder: Path, name: str = "example") -> Example:
    """Make a set-up called `name` in a running emulator, its files in `folder`; a name serves once in an account."""
    region = emulator.settings.region
    authority = Authority.new(f"{name} CA", emulator.clock.now())
    issued = authority.issue(name, ExtendedKeyUsageOID.CLIENT_AUTH)
    files = {
        "client-cert.pem": issued.certificate_pem,
        "client-key.pem": issued.key_pem,
        "root-cert.pem": authority.pem,
    }
    for file, content in files.items():
        write_whole(folder / file, content, mode=0o600)
    anywhere, iam = (_client(emulator, service, region) for service in ("rolesanywhere", "iam"))
    bundle = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": authority.pem.decode()}}
    anchor = anywhere.create_trust_anchor(name=name, source=bundle, enabled=True)["trustAnchor"]["trustAnchorArn"]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_trust_policy(anchor))["Role"]["Arn"]
    for policy in _POLICIES:
        iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:{role.split(':')[1]}:iam::aws:policy/{policy}")
    profile = anywhere.create_profile(name=name, roleArns=[role], enabled=True, acceptRoleSessionName=True)["profile"]
    return Example(
        certificate=folder / "client-cert.pem",
        private_key=folder / "client-key.pem",
        ca_certificate=folder / "root-cert.pem",
        trust_anchor_arn=anchor,
        profile_arn=profile["profileArn"],
        role_arn=role,
    )


def _trust_policy(anchor: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "rolesanywhere.amazonaws.com"},
        "Action": _ACTIONS,
        "Condition": {"ArnEquals": {"aws:SourceArn": anchor}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _client(emulator: Emulator, service: str, region: str) -> Any:
    make: Any = boto3.session.Session().client  # the stubs want the service as a literal
    key = emulator.administrator
    return make(
        service,
        region_name=region,
        endpoint_url=emulator.endpoint_url,
        verify=str(emulator.ca_file) if emulator.ca_file else None,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
    )
