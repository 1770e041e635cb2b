"""Whatever AWS allows in a certificate, a role and a session's name comes through signer and emulator unchanged."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolebound import clock
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.identity import SECRET, SigningIdentity
from rolebound.model.session import Endpoint, Session, SessionRequest
from rolebound.rolesanywhere.client import PATIENT, RolesAnywhere
from tests.support.aws import REGION, Aws, Setup, trust_policy

KEY = ec.generate_private_key(ec.SECP256R1())
ATTRIBUTES = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.LOCALITY_NAME)
# What a name of X.509 and a tag of STS both can hold, and what a canonical request could stumble over.
TEXT = st.text('abZ019 _.:/=+-@,;#<>"\\éß漢🔑', min_size=1, max_size=20).filter(lambda text: text.strip() == text)
SERIALS = st.one_of(st.integers(1, 2**159 - 1), st.sampled_from([1, 0x7F, 0x80, 0xFF, 0x100, 2**64, 2**159 - 1]))
NAME = "abZ09+=,.@_-"


@dataclass(frozen=True)
class Asked:
    """One session: the certificate's content, the role's path and name, and the session's name."""

    subject: x509.Name
    serial: int
    names: list[x509.GeneralName]
    path: str
    role: str
    session_name: str


def dns(labels: list[str]) -> x509.GeneralName:
    return x509.DNSName(".".join(labels))


LABEL = st.text("abz019", min_size=1, max_size=8)
NAMES = st.one_of(
    st.lists(LABEL, min_size=1, max_size=3).map(dns),
    LABEL.map(lambda label: x509.UniformResourceIdentifier(f"spiffe://example.org/{label}?a=b%20c")),
    TEXT.map(lambda text: x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]))),
)
ASKED = st.builds(
    Asked,
    st.lists(st.builds(x509.NameAttribute, st.sampled_from(ATTRIBUTES), TEXT), min_size=1, max_size=5).map(x509.Name),
    SERIALS,
    st.lists(NAMES, max_size=3),
    st.lists(st.text("abZ09.-_", min_size=1, max_size=8), max_size=3).map(lambda parts: "/".join(["", *parts, ""])),
    st.text(NAME, min_size=1, max_size=60),
    st.one_of(st.just(""), st.text(NAME, min_size=2, max_size=64)),
)


def leaf(setup: Setup, asked: Asked) -> x509.Certificate:
    now = datetime.now(UTC)  # noqa: TID251 - certificates are made for the real clock
    builder = (
        x509.CertificateBuilder(setup.ca.certificate.subject, asked.subject, KEY.public_key(), asked.serial)
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(*(bit == 0 for bit in range(9))), critical=True)
    )
    if asked.names:
        builder = builder.add_extension(x509.SubjectAlternativeName(asked.names), critical=False)
    return builder.sign(setup.ca.key, hashes.SHA256())


@pytest.fixture(scope="module")
def anywhere() -> RolesAnywhere:
    return RolesAnywhere(PATIENT, verify=False)


def session(setup: Setup, anywhere: RolesAnywhere, asked: Asked) -> Session:
    number = len(setup.aws.emulator.requests())
    iam: Any = setup.aws.client("iam")
    policy = json.dumps(trust_policy(setup.trust_anchor))
    made = iam.create_role(Path=asked.path, RoleName=f"{asked.role[:50]}{number}", AssumeRolePolicyDocument=policy)
    role = made["Role"]["Arn"]
    profile = setup.aws.client("rolesanywhere").create_profile(
        name="any", roleArns=[role], enabled=True, acceptRoleSessionName=True
    )
    request = SessionRequest(
        RoleArn.parse(role),
        ProfileArn.parse(profile["profile"]["profileArn"]),
        TrustAnchorArn.parse(setup.trust_anchor),
        timedelta(hours=1),
        asked.session_name,
    )
    identity = SigningIdentity.proven([leaf(setup, asked)], KEY, SECRET)
    endpoint = Endpoint(REGION, setup.aws.emulator.endpoint_url)
    return anywhere.create_session(identity, request, endpoint)


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=ASKED)
def test_what_aws_allows_comes_through(role: Setup, aws: Aws, anywhere: RolesAnywhere, asked: Asked) -> None:
    made = session(role, anywhere, asked)

    assert made.expires_at > clock.now()
    keys = made.credentials
    printed = {
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key,
        "SessionToken": keys.session_token,
    }
    arn = aws.client_as("sts", printed).get_caller_identity()["Arn"]
    name = asked.session_name or f"{asked.serial:x}"
    assert arn == made.assumed_role_arn
    assert arn.rpartition("/")[2].lstrip("0") == name.lstrip("0")
    assert f"assumed-role/{asked.role[:50]}" in arn
