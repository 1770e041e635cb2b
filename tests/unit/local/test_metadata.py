"""EC2's metadata service, as SDKs and as attackers ask it."""

import json
from datetime import timedelta

import pytest

from rolebound.endpoint.protocol import Request, Response
from rolebound.local.metadata import Metadata
from rolebound.local.serving import Held, Service
from tests.support.builders import NOON, a_session

TOKEN = "/latest/api/token"
ROLE = "/latest/meta-data/iam/security-credentials/"
TTL, HEADER = "x-aws-ec2-metadata-token-ttl-seconds", "x-aws-ec2-metadata-token"


@pytest.fixture
def metadata() -> Metadata:
    session = a_session()
    return Metadata("readers", lambda: session)


def token(metadata: Metadata, ttl: str = "60") -> str:
    return metadata.respond(Request("PUT", TOKEN, {TTL: ttl}), NOON).body.decode()


def get(metadata: Metadata, path: str, given: str, after: timedelta = timedelta()) -> Response:
    return metadata.respond(Request("GET", path, {HEADER: given}), NOON + after)


def test_token_role_and_credentials(metadata: Metadata) -> None:
    given = token(metadata)

    assert get(metadata, ROLE, given).body == b"readers"
    assert get(metadata, ROLE.rstrip("/"), given).body == b"readers"
    answer = get(metadata, f"{ROLE}readers", given)
    document = json.loads(answer.body)
    assert (answer.status, document["Code"], document["Type"]) == (200, "Success", "AWS-HMAC")
    assert document["Expiration"] == "2026-11-23T12:59:00Z"  # a minute before AWS's
    assert document["Token"] == "not-a-token"


@pytest.mark.parametrize("ttl", ["0", "21601", "-1", "x", "", "²", "9" * 5000, f"000000001{'9' * 50}"])
def test_time_to_live_has_bounds(metadata: Metadata, ttl: str) -> None:
    assert metadata.respond(Request("PUT", TOKEN, {TTL: ttl}), NOON).status == 400


def test_token_ends(metadata: Metadata) -> None:
    given = token(metadata, "60")

    assert get(metadata, ROLE, given, timedelta(seconds=59)).status == 200
    assert get(metadata, ROLE, given, timedelta(seconds=60)).status == 401


def test_without_a_token_there_is_nothing(metadata: Metadata) -> None:
    for headers in ({}, {HEADER: ""}, {HEADER: "guess"}):
        answer = metadata.respond(Request("GET", f"{ROLE}readers", headers), NOON)
        assert answer.status == 401
        assert b"not-a-token" not in answer.body


def test_forwarded_request_gets_no_token(metadata: Metadata) -> None:
    answer = metadata.respond(Request("PUT", TOKEN, {TTL: "60", "x-forwarded-for": "10.0.0.1"}), NOON)

    assert answer.status == 403


def test_tokens_are_bounded_and_the_oldest_goes(metadata: Metadata) -> None:
    first = token(metadata, "60")
    last = [token(metadata, "600") for _ in range(256)][-1]

    assert get(metadata, ROLE, first).status == 401
    assert get(metadata, ROLE, last).status == 200


def test_other_paths_and_methods_are_told(metadata: Metadata) -> None:
    given = token(metadata)

    assert get(metadata, f"{ROLE}other", given).status == 404
    assert get(metadata, "/latest/meta-data/instance-id", given).status == 404
    assert metadata.respond(Request("GET", TOKEN, {}), NOON).status == 405
    assert metadata.respond(Request("POST", ROLE, {HEADER: given}), NOON).status == 405


def test_expired_or_missing_credentials_are_a_failure_and_never_empty() -> None:
    held = Held()
    metadata = Metadata("readers", held.get)
    given = token(metadata, "21600")

    assert get(metadata, f"{ROLE}readers", given).status == 500
    held.hold(a_session())
    assert get(metadata, f"{ROLE}readers", given, timedelta(hours=1)).status == 500


def test_container_endpoint_gives_nothing_without_its_token() -> None:
    held = Held()
    path = "/v1/credentials"
    for service, authorization, status in (
        (Service(held, "readers"), "", 401),
        (Service(held, "readers", "t"), "", 401),
        (Service(held, "readers", "t"), "u", 401),
        (Service(held, "readers", "t"), "t", 503),
    ):
        assert service.answer(Request("GET", path, {"authorization": authorization})).status == status
