import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from rolebound.endpoint.protocol import (
    CREDENTIALS_PATH,
    Credentials,
    Refused,
    Request,
    Response,
    authorize,
    respond,
)

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
HELD = Credentials("ASIAEXAMPLE", "the secret key", "the session token", NOW + timedelta(minutes=30))


def ask(method: str = "GET", path: str = CREDENTIALS_PATH, held: Credentials = HELD, header: str = "token") -> Response:
    def credentials_for(authorization: str) -> Credentials:
        authorize(authorization, ["token"])
        return held

    return respond(Request(method, path, {"authorization": header}), credentials_for, NOW)


def test_answer_is_the_documented_json() -> None:
    response = ask()

    assert response.status == 200
    assert ("Content-Type", "application/json") in response.headers
    assert json.loads(response.body) == {
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "the secret key",
        "Token": "the session token",
        "Expiration": "2026-11-24T12:30:00Z",
    }


def test_expiration_ends_in_z_whatever_offset_it_came_with() -> None:
    local = HELD.expires_at.astimezone(timezone(timedelta(hours=2)))

    response = ask(held=Credentials("a", "b", "c", local))

    assert json.loads(response.body)["Expiration"] == "2026-11-24T12:30:00Z"


@pytest.mark.parametrize(
    ("method", "path", "header", "status", "code"),
    [
        ("GET", "/", "token", 404, "NotFound"),
        ("GET", "/v1/credentials/", "token", 404, "NotFound"),
        ("GET", "/latest/meta-data/placement/availability-zone", "token", 404, "NotFound"),
        ("POST", CREDENTIALS_PATH, "token", 405, "MethodNotAllowed"),
        ("HEAD", CREDENTIALS_PATH, "token", 405, "MethodNotAllowed"),
        ("GET", CREDENTIALS_PATH, "", 401, "AccessDenied"),
        ("GET", CREDENTIALS_PATH, "tokem", 401, "AccessDenied"),
        ("GET", CREDENTIALS_PATH, "Bearer token", 401, "AccessDenied"),
        ("GET", CREDENTIALS_PATH, "tökén", 401, "AccessDenied"),
    ],
)
def test_what_gets_no_credentials(method: str, path: str, header: str, status: int, code: str) -> None:
    response = ask(method, path, header=header)

    document = json.loads(response.body)
    assert response.status == status
    assert document["code"] == document["Code"] == code
    assert document["message"] == document["Message"]
    assert HELD.secret_access_key.encode() not in response.body


@pytest.mark.parametrize(("left", "status"), [(1, 200), (0, 503), (-1, 503)])
def test_expired_credentials_are_never_served(left: int, status: int) -> None:
    response = ask(held=Credentials("a", "the secret key", "c", NOW + timedelta(seconds=left)))

    assert response.status == status
    assert (b"the secret key" in response.body) is (status == 200)


def test_refusal_of_a_missing_header_differs_from_that_of_a_wrong_one() -> None:
    missing, wrong = ask(header=""), ask(header="another")

    assert b"has no Authorization header" in missing.body
    assert b"is not the authorization token" in wrong.body


@pytest.mark.parametrize("given", ["first", "second"])
def test_any_accepted_token_will_do(given: str) -> None:
    authorize(given, ["first", "second"])


@pytest.mark.parametrize("tokens", [[], [""]], ids=["no token", "an empty token file"])
def test_empty_header_is_never_accepted(tokens: list[str]) -> None:
    with pytest.raises(Refused):
        authorize("", tokens)


def test_nothing_secret_is_in_a_repr() -> None:
    request = Request("GET", CREDENTIALS_PATH, {"authorization": "the token"})

    shown = f"{HELD!r} {request!r} {ask()!r}"

    assert not [secret for secret in ("the secret key", "the session token", "the token") if secret in shown]
