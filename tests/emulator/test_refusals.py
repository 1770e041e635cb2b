"""Every refusal of CreateSession, met with boto3's client; the last test finds those that none of these meets."""

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509

import rolebound.emulator
from rolebound.emulator import Emulator, Settings
from tests.emulator import boto, pki
from tests.emulator.bent import trusting, with_leaf
from tests.emulator.test_throttle import StoppedClock
from tests.emulator.world import Setup, World

DENIED = (403, "AccessDeniedException")
INVALID = (400, "ValidationException")
NOT_FOUND = (404, "ResourceNotFoundException")


@dataclass(frozen=True)
class Case:
    """A set-up, a signer or a request that is bent in one place, and what the answer then is."""

    says: str
    kind: tuple[int, str] = DENIED
    setup: Callable[[Setup], Setup] = lambda setup: setup
    bend: boto.Bend = lambda draft: draft
    asked: Mapping[str, Any] = field(default_factory=dict)


def with_headers(**changes: str) -> boto.Bend:
    return lambda draft: replace(draft, headers={name.replace("_", "-"): value for name, value in changes.items()})


def revoked(setup: Setup) -> Setup:
    made = setup.world.setup()
    crl = pki.revocation_list(made.authority, made.identity.certificate.serial_number).encode()
    setup.world.client("rolesanywhere").import_crl(name="a", crlData=crl, trustAnchorArn=made.anchor, enabled=True)
    return made


def unmapped(setup: Setup) -> Setup:
    made = setup.world.setup(trusting(StringEquals={"aws:PrincipalTag/x509Subject/O": "R&D"}))
    return with_leaf(made, subject=pki.name(CN="pod.shop", O="R&D"))


def late(draft: Any, minutes: int) -> Any:
    return replace(draft, at=draft.at + timedelta(minutes=minutes))


PAST, FUTURE = datetime(2026, 6, 1, tzinfo=UTC), datetime(2045, 6, 1, tzinfo=UTC)
LONG_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Sid": "x" * 2048},
    }
)

CASES = {
    "nobody": Case(
        "Missing Authentication Token",
        (403, "MissingAuthenticationTokenException"),
        bend=lambda d: replace(d, says_who=False),
    ),
    "no form": Case("The Authorization header is not of the form", bend=lambda d: replace(d, serial="0abc")),
    "unsigned": Case(
        "There were headers present in the request which were not signed, or absent",
        bend=lambda d: replace(d, unsigned=frozenset({"host"})),
    ),
    "signed twice": Case("SignedHeaders must be sorted and", bend=lambda d: replace(d, twice=("host",))),
    "date's form": Case("X-Amz-Date must have the form", bend=with_headers(X_Amz_Date="2026-11-23T00:00:00Z")),
    "no date": Case("X-Amz-Date is no date", bend=with_headers(X_Amz_Date="20261399T000000Z")),
    "scope's day": Case(
        "Date in Credential scope does not match",
        bend=lambda d: replace(d, at=d.at - timedelta(days=1), headers={"X-Amz-Date": f"{d.at:%Y%m%dT%H%M%SZ}"}),
    ),
    "late": Case("Signature expired", bend=lambda d: late(d, -6)),
    "early": Case("Signature not yet current", bend=lambda d: late(d, 6)),
    "no certificate": Case("X-Amz-X509 and X-Amz-X509-Chain must be", bend=with_headers(X_Amz_X509="TUlJ")),
    "long chain": Case(
        "X-Amz-X509-Chain may hold at most",
        INVALID,
        bend=lambda d: replace(d, chain=(d.identity.certificate,) * 6),
    ),
    "serial": Case("The serial number of the credential is not", bend=lambda d: replace(d, serial="1")),
    "signature": Case(
        "The request signature we calculated does not match", bend=lambda d: replace(d, signing_key=pki.key("p384"))
    ),
    "algorithm": Case("is not the algorithm of the key", bend=lambda d: replace(d, algorithm="AWS4-X509-RSA-SHA256")),
    "no object": Case("The request body is not a JSON object", INVALID, bend=lambda d: replace(d, raw_body=b"[]")),
    "missing": Case("failed to satisfy constraint: Member must not be null", INVALID, asked={"roleArn": ""}),
    "no ARN": Case("' is not an ARN", INVALID, asked={"profileArn": "profile/p"}),
    "ARN of another kind": Case(
        "' is not the ARN of a ", INVALID, asked={"roleArn": "arn:aws:iam::222233334444:user/u"}
    ),
    "duration": Case("' at 'durationSeconds' failed to satisfy", INVALID, asked={"durationSeconds": 899}),
    "session name": Case("' at 'roleSessionName' failed to satisfy", INVALID, asked={"roleSessionName": "a/b"}),
    "properties": Case("instanceProperties must be a map", INVALID, asked={"instanceProperties": {"a": ""}}),
    "accounts": Case(
        "must not have different account IDs", INVALID, asked={"roleArn": "arn:aws:iam::999988887777:role/r"}
    ),
    "scope's region": Case("Credential should be scoped to the region", bend=lambda d: replace(d, region="eu-west-1")),
    "no anchor": Case("Trust anchor not found", NOT_FOUND, lambda s: replace(s, anchor=s.anchor[:-1] + "x")),
    "anchor disabled": Case(
        "Trust anchor is disabled", setup=lambda s: replace(s, anchor=s.world.anchor(s.authority, enabled=False))
    ),
    "insufficient": Case(
        "Untrusted certificate. Insufficient certificate", setup=lambda s: with_leaf(s, digital_signature=False)
    ),
    "no subject": Case("The subject of the certificate is empty", setup=lambda s: with_leaf(s, subject=x509.Name([]))),
    "not yet valid": Case("The certificate is not yet valid", setup=lambda s: with_leaf(s, not_before=FUTURE)),
    "expired": Case("The certificate has expired", setup=lambda s: with_leaf(s, not_after=PAST)),
    "untrusted": Case(
        "Untrusted signing certificate",
        setup=lambda s: replace(s, identity=pki.root(replace(pki.AUTHORITY, key=pki.key("p521"))).issue(pki.Form())),
    ),
    "anchor expired": Case(
        "Untrusted signing certificate",
        setup=lambda s: replace(
            s, anchor=s.world.anchor(pki.root(replace(pki.AUTHORITY, key=s.authority.key, not_after=PAST)))
        ),
    ),
    "revoked": Case("Certificate revoked", setup=revoked),
    "no profile": Case("Profile not found", NOT_FOUND, lambda s: replace(s, profile=s.profile[:-1] + "x")),
    "profile disabled": Case(
        "Profile is disabled", setup=lambda s: replace(s, profile=s.world.profile(s.role, enabled=False))
    ),
    "no session name": Case(
        "Not authorized to set roleSessionName",
        setup=lambda s: s.world.setup(acceptRoleSessionName=False),
        asked={"roleSessionName": "me"},
    ),
    "role not in profile": Case("Unable to assume role for ", setup=lambda s: replace(s, role=s.world.role())),
    "maximum": Case(
        "The requested DurationSeconds exceeds the MaxSessionDuration",
        setup=lambda s: s.world.setup(durationSeconds=7200),
    ),
    "no tag": Case("Some attributes failed to be mapped into session tags", setup=unmapped),
    "too large": Case(
        "The session policy and session tags are larger",
        setup=lambda s: s.world.setup(sessionPolicy=LONG_POLICY),
    ),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    boto.write_model(folder)
    return folder


@pytest.fixture(scope="module")
def client(world: World, models: Path) -> boto.Client:
    return boto.Client(world, models)


def refused(client: boto.Client, setup: Setup, case: Case) -> tuple[tuple[int, str], str]:
    with pytest.raises(ClientError) as caught:
        client.create_session(setup, case.bend, **case.asked)
    response = caught.value.response
    return (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]), response["Error"]["Message"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_boto3_is_told(client: boto.Client, setup: Setup, case: Case) -> None:
    kind, message = refused(client, case.setup(setup), case)

    assert kind == case.kind
    assert case.says in message


def test_boto3_gets_a_session_where_nothing_is_bent(client: boto.Client, setup: Setup) -> None:
    assert client.create_session(setup)["ResponseMetadata"]["HTTPStatusCode"] == 201


RATE = Case("Rate exceeded", (429, "ThrottlingException"))


def test_boto3_is_throttled(models: Path) -> None:
    emulator = Emulator(Settings(account="666677778888"))
    emulator.clock = StoppedClock()
    with emulator:
        setup = World(emulator).setup()
        answers = [setup.create_session().status for _ in range(10)]

        assert answers == [201] * 10
        assert refused(boto.Client(setup.world, models), setup, RATE) == (RATE.kind, RATE.says)


REFUSING = {"access_denied", "invalid", "not_found", "Refusal", "_unable"}


def texts() -> Iterator[list[str]]:
    """The literal pieces of each refusal's message in the modules that CreateSession goes through."""
    folder = Path(rolebound.emulator.__file__).parent
    for name in ("signature", "session_request", "certificates", "create_session", "session_service"):
        tree = ast.parse((folder / f"{name}.py").read_text())
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for function in functions:
            # Its refusals are CreateTrustAnchor's.
            if function.name != "trust_anchor_bundle":
                yield from literals(function)


def literals(function: ast.FunctionDef) -> Iterator[list[str]]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in REFUSING and call.args:
            pieces = [
                piece.value
                for piece in ast.walk(call.args[-1])
                # Shorter ones, codes and punctuation, tell no message from another.
                if isinstance(piece, ast.Constant) and isinstance(piece.value, str) and len(piece.value) > 12
            ]
            if pieces:
                yield pieces


def test_no_refusal_is_without_a_test() -> None:
    met = [case.says for case in (*CASES.values(), RATE)]
    found = list(texts())

    assert len(found) > 30
    assert [
        pieces for pieces in found if not any(says in text or text in says for says in met for text in pieces)
    ] == []
