"""The AWS side of a test: the emulator, and in it a CA, a trust anchor, a profile and a role of the test's own."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.sts.models import sts_backends

from rolebound.emulator import Emulator, Fault, RequestRecord, Settings
from tests.support.pki import CA, Issued

REGION = "eu-central-1"
POLICIES = ("ReadOnlyAccess", "IAMAccessAnalyzerReadOnlyAccess")


def trust_policy(anchor: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "rolesanywhere.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                "Condition": {"ArnEquals": {"aws:SourceArn": anchor}},
            }
        ],
    }


@dataclass
class Aws:
    """A running emulator, and the ways to prepare and to watch it."""

    emulator: Emulator

    def client(self, service: str) -> Any:
        """A boto3 client of the administrator."""
        key = self.emulator.administrator
        make: Any = boto3.client  # the stubs want the service as a literal
        return make(
            service,
            region_name=REGION,
            endpoint_url=self.emulator.endpoint_url,
            verify=self._trusted(),
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
        )

    def client_as(self, service: str, keys: dict[str, str]) -> Any:
        """A boto3 client that signs with what a credential_process printed."""
        make: Any = boto3.client  # the stubs want the service as a literal
        return make(
            service,
            region_name=REGION,
            endpoint_url=self.emulator.endpoint_url,
            verify=self._trusted(),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def bucket(self, name: str) -> None:
        """Make a bucket of S3 in the account's region."""
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    def minted(self) -> list[str]:
        """The secret access key and the token of every session that this AWS ever gave."""
        account = self.emulator.settings.account
        sessions = [each for backend in sts_backends[account].values() for each in backend.assumed_roles]
        return [secret for each in sessions for secret in (each.secret_access_key, each.session_token)]

    def _trusted(self) -> str | None:
        """The CA to trust; over plain HTTP there is none."""
        return str(self.emulator.ca_file) if self.emulator.ca_file else None

    def setup(self, **changes: Any) -> "Setup":
        """A CA, trust anchor, role and profile of their own."""
        return Setup.make(self, **changes)


@dataclass
class Setup:
    """What an AWS administrator has prepared for one role."""

    aws: Aws
    ca: CA
    trust_anchor: str
    profile: str
    role: str
    name: str
    _faults: list[Fault] = field(default_factory=list)

    @classmethod
    def make(cls, aws: Aws, *, accept_names: bool = True, in_profile: bool = True, **profile: Any) -> "Setup":
        name = f"readers-{uuid.uuid4().hex[:8]}"
        ca = CA.root(f"CA of {name}")
        anywhere, iam = aws.client("rolesanywhere"), aws.client("iam")
        source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": ca.pem.decode()}}
        anchor = anywhere.create_trust_anchor(name=name, source=source, enabled=True)["trustAnchor"]["trustAnchorArn"]
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust_policy(anchor)))["Role"]["Arn"]
        for policy in POLICIES:
            iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        roles = [role] if in_profile else [role + "-other"]
        options = {"durationSeconds": 3600, "acceptRoleSessionName": accept_names} | profile
        made = anywhere.create_profile(name=name, roleArns=roles, enabled=True, **options)["profile"]
        return cls(aws, ca, anchor, made["profileArn"], role, name)

    @property
    def profile_id(self) -> str:
        return self.profile.rpartition("/")[2]

    def issue(self, **changes: Any) -> Issued:
        return self.ca.issue(f"client of {self.name}", **changes)

    def calls(self) -> list[RequestRecord]:
        """Every CreateSession for this role so far."""
        return [each for each in self.aws.emulator.requests() if each.role_arn == self.role]

    def issued(self) -> int:
        """How many sessions AWS gave for this role."""
        return sum(each.outcome == "Issued" for each in self.calls())

    def inject(self, kind: Any, **options: Any) -> None:
        """Have CreateSession for this role fail."""
        self.aws.emulator.inject(Fault(kind=kind, role_arn=self.role, **options))

    def heal(self) -> None:
        """End every fault."""
        self.aws.emulator.clear_faults()


def start(host: str = "127.0.0.1", region: str = REGION, **changes: Any) -> Emulator:
    """A started emulator that listens on `host`."""
    return Emulator(Settings(host=host, region=region, hostnames=(host,), **changes)).start()
