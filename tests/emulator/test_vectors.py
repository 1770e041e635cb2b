"""The official helper's requests: accepted as they are at their own date, refused after any change to a signed byte."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from rolebound.emulator import Emulator, Settings
from rolebound.emulator.arns import Arn
from rolebound.emulator.messages import HttpRequest, Refusal
from rolebound.emulator.resources import Profile, TrustAnchor
from rolebound.emulator.signature import authenticate
from tests.emulator.world import TRUST_POLICY, World

FILES = sorted((Path(__file__).parents[1] / "vectors" / "createsession").glob("*.json"))
# XOR masks: the smallest change of a byte, and the change of a letter's case.
MASKS = (0x01, 0x20)

# A changed certificate may have a serial number below one, which cryptography remarks on before it is refused.
pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")


def request_of(vector: dict[str, Any]) -> HttpRequest:
    sent = vector["request"]
    path, _, query = sent["path"].partition("?")
    headers = tuple((header, value) for header, value in sent["headers"])
    return HttpRequest(sent["method"], path, query, headers, sent["body"].encode())


def date_of(request: HttpRequest) -> datetime:
    return datetime.strptime(request.header("X-Amz-Date") or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def flipped(text: str) -> Iterator[tuple[str, str]]:
    """Every text that differs in one byte from `text`, with the place of the change."""
    for mask in MASKS:
        for position, character in enumerate(text):
            changed = chr(ord(character) ^ mask)
            yield f"{position}^{mask:#x}", text[:position] + changed + text[position + 1 :]


def changed_requests(request: HttpRequest) -> Iterator[tuple[str, HttpRequest]]:
    """Every request that differs from `request` in one byte of a signed part or of the signature's own header."""
    for place, method in flipped(request.method):
        yield f"method {place}", replace(request, method=method)
    for place, path in flipped(request.path):
        yield f"path {place}", replace(request, path=path)
    for place, query in flipped(request.query):
        yield f"query {place}", replace(request, query=query)
    for place, body in flipped(request.body.decode("latin-1")):
        yield f"body {place}", replace(request, body=body.encode("latin-1"))
    signed = (request.header("Authorization") or "").partition("SignedHeaders=")[2].partition(",")[0].split(";")
    for index, (header, value) in enumerate(request.headers):
        if header.lower() in {*signed, "authorization"}:
            for place, changed in flipped(value):
                headers = (*request.headers[:index], (header, changed), *request.headers[index + 1 :])
                yield f"{header} {place}", replace(request, headers=headers)


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(request.param.read_text())
    return document


def test_the_signature_holds_at_its_own_date(vector: dict[str, Any]) -> None:
    request = request_of(vector)

    signer = authenticate(request, date_of(request))

    assert signer.leaf == x509.load_pem_x509_certificate(vector["leaf"].encode())
    assert signer.region == vector["arguments"]["region"]


def test_no_change_of_a_signed_byte_is_accepted(vector: dict[str, Any]) -> None:
    request = request_of(vector)
    at = date_of(request)
    accepted, refused = [], 0

    for place, changed in changed_requests(request):
        try:
            authenticate(changed, at)
        except Refusal:
            refused += 1
        else:
            accepted.append(place)

    assert accepted == []
    # Method, path, query, body, certificate and signature alone are more than a thousand bytes.
    assert refused > 1000 * len(MASKS)


def prepared(emulator: Emulator, vector: dict[str, Any], at: datetime) -> None:
    """Put the vector's trust anchor, profile and role where its request looks for them."""
    arguments = vector["arguments"]
    anchor, profile = Arn.parse(arguments["trustAnchorArn"]), Arn.parse(arguments["profileArn"])
    World(emulator).client("iam").create_role(
        RoleName="readers",
        Path="/team/",
        AssumeRolePolicyDocument=json.dumps(TRUST_POLICY),
        MaxSessionDuration=43_200,
    )
    bundle = tuple(x509.load_pem_x509_certificates(vector["root"].encode()))
    emulator.resources.put(
        TrustAnchor(
            arn=anchor, name="a", enabled=True, bundle=bundle, bundle_pem=vector["root"], created_at=at, updated_at=at
        )
    )
    emulator.resources.put(
        Profile(
            arn=profile,
            name="p",
            enabled=True,
            role_arns=(arguments["roleArn"],),
            duration_seconds=43_200,
            accept_role_session_name=True,
            created_by="the test",
            created_at=at,
            updated_at=at,
        )
    )


def test_over_the_network_it_is_accepted_unchanged_and_refused_changed(vector: dict[str, Any]) -> None:
    request = request_of(vector)
    at = date_of(request)
    settings = Settings(
        account="111122223333",
        region=vector["arguments"]["region"],
        clock_offset=at - datetime.now(UTC),  # noqa: TID251 - sets the emulator's clock to the vector's date
        rate_limit=False,
    )
    with Emulator(settings) as emulator:
        prepared(emulator, vector, at)
        world = World(emulator)

        answer = world.send(request)

        assert answer.status == 201, answer.body
        assert answer.document["credentialSet"][0]["roleArn"] == vector["arguments"]["roleArn"]
        asked = json.loads(vector["request"]["body"])
        [record] = emulator.requests()
        assert record.expires_at is not None
        # Whole seconds, as the answer tells them: the fraction of the call's own second is not given.
        assert 0 <= asked["durationSeconds"] - (record.expires_at - record.at).total_seconds() < 1
        # Control characters would be stopped by the client; every hundredth change is a fair share of the rest.
        sample = [changed for _, changed in changed_requests(request) if _printable(changed)][::100]
        assert len(sample) > 20
        assert [changed for changed in sample if world.send(changed).status < 400] == []


def _printable(request: HttpRequest) -> bool:
    texts = (request.method, request.path, request.query, *(value for _, value in request.headers))
    return (
        all(" " <= character <= "~" for text in texts for character in text) and " " not in request.query + request.path
    )
