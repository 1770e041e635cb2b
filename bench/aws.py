"""The AWS side of a benchmark: a role that the stand-in lets be assumed, and a certificate for it."""

import json
from dataclasses import dataclass
from typing import Any

import boto3

from testbed.emulator import REGION, EmulatorProcess
from tests.support.aws import trust_policy
from tests.support.pki import CA, Issued


@dataclass(frozen=True)
class Prepared:
    """What a ClusterAWSRole names."""

    trust_anchor: str
    profile: str
    role: str
    ca: CA

    def issue(self, key: Any = None) -> Issued:
        """Return a new client certificate."""
        return self.ca.issue("bench", key)

    def spec(self, emulator: EmulatorProcess) -> dict[str, Any]:
        """Return what the spec of a ClusterAWSRole says of AWS."""
        return {
            "roleARN": self.role,
            "profileARN": self.profile,
            "trustAnchorARN": self.trust_anchor,
            "endpointURL": emulator.endpoint_url,
        }


def prepare(emulator: EmulatorProcess) -> Prepared:
    """Make a trust anchor, a role and a profile."""
    anywhere, iam = client(emulator, "rolesanywhere"), client(emulator, "iam")
    ca = CA.root("bench CA")
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": ca.pem.decode()}}
    anchor = anywhere.create_trust_anchor(name="bench", source=source, enabled=True)["trustAnchor"]["trustAnchorArn"]
    role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(trust_policy(anchor)))["Role"]["Arn"]
    made = anywhere.create_profile(name="bench", roleArns=[role], enabled=True, acceptRoleSessionName=True)
    return Prepared(anchor, made["profile"]["profileArn"], role, ca)


def client(emulator: EmulatorProcess, service: str) -> Any:
    """Return a boto3 client of the administrator."""
    lines = (line.partition(" = ") for line in emulator.credentials_file.read_text().splitlines())
    values: dict[str, Any] = {name: value for name, _, value in lines if value}
    session: Any = boto3.session.Session(region_name=REGION, **values)  # the stubs want the service as a literal
    return session.client(service, endpoint_url=emulator.endpoint_url, verify=str(emulator.ca_file))
