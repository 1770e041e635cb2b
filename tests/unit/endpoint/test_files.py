import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rolebound.clock import rfc3339
from rolebound.endpoint.files import PREVIOUS_TOKEN_FOR, CredentialsFile, TokenFile, parse_process_output
from rolebound.endpoint.protocol import Refused

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def output(key: str = "ASIA1", expires_at: datetime = NOW + HOUR, **changes: Any) -> str:
    document = {
        "Version": 1,
        "AccessKeyId": key,
        "SecretAccessKey": "very secret",
        "SessionToken": "also secret",
        "Expiration": rfc3339(expires_at),
    }
    return json.dumps(document | changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "default.json"


def test_file_is_read_at_each_request(path: Path) -> None:
    file = CredentialsFile(path)
    path.write_text(output("ASIA1"))
    first = file.read(NOW)
    path.write_text(output("ASIA2"))

    assert (first.access_key_id, file.read(NOW).access_key_id) == ("ASIA1", "ASIA2")


GARBAGE = [
    "",
    "{",
    "[]",
    "null",
    "\x00" * 50,
    "[" * 60_000,
    "x" * 70_000,
    output(Version=2),
    output(AccessKeyId=""),
    output(SecretAccessKey=None),
    output(SessionToken=7),
    output(Expiration="soon"),
    output(Expiration="2026-11-24T13:00:00"),
    output(Expiration="0001-01-01T00:00:00+23:00"),
]


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_changes_nothing_while_the_last_good_are_valid(path: Path, text: str) -> None:
    file = CredentialsFile(path)
    path.write_text(output())
    file.read(NOW)

    path.write_text(text)

    assert file.read(NOW + HOUR / 2).access_key_id == "ASIA1"
    assert "is not what a credential_process prints" in file.trouble
    assert "secret" not in file.trouble


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_alone_gives_nothing_and_says_so(path: Path, text: str) -> None:
    path.write_text(text)

    with pytest.raises(Refused, match="is not what a credential_process prints") as caught:
        CredentialsFile(path).read(NOW)

    assert (caught.value.status, caught.value.code) == (503, "CredentialsNotFound")


def test_missing_file_says_which_and_who_acts(path: Path) -> None:
    with pytest.raises(Refused, match=r"default\.json cannot be read: No such file.*AWSRoleBinding says why"):
        CredentialsFile(path).read(NOW)


def test_last_good_end_with_their_expiry(path: Path) -> None:
    file = CredentialsFile(path)
    path.write_text(output())
    file.read(NOW)
    path.unlink()

    file.read(NOW + HOUR - timedelta(seconds=1))

    with pytest.raises(Refused) as caught:
        file.read(NOW + HOUR)
    assert caught.value.code == "ExpiredCredentials"


def test_expired_file_does_not_take_the_place_of_what_is_valid(path: Path) -> None:
    file = CredentialsFile(path)
    path.write_text(output("ASIA1"))
    file.read(NOW)

    path.write_text(output("ASIA2", NOW - HOUR))

    assert file.read(NOW).access_key_id == "ASIA1"


def test_expired_file_is_refused_with_its_expiry(path: Path) -> None:
    path.write_text(output(expires_at=NOW - HOUR))

    with pytest.raises(Refused, match="expired at 2026-11-24T11:00:00Z") as caught:
        CredentialsFile(path).read(NOW)

    assert caught.value.code == "ExpiredCredentials"


def test_newest_file_wins_though_it_ends_sooner(path: Path) -> None:
    file = CredentialsFile(path)
    path.write_text(output("ASIA1", NOW + HOUR))
    file.read(NOW)

    path.write_text(output("ASIA2", NOW + HOUR / 2))

    assert file.read(NOW).access_key_id == "ASIA2"


def test_more_fields_than_we_know_are_fine() -> None:
    assert parse_process_output(output(AccountId="111122223333").encode()).session_token == "also secret"


def test_token_is_accepted_for_minutes_after_its_rotation(tmp_path: Path) -> None:
    path = tmp_path / "token"
    file = TokenFile(path)
    path.write_text("first\n")
    before = file.read(NOW)
    path.write_text("second")

    assert before == ["first"]
    assert file.read(NOW + HOUR) == ["second", "first"]
    assert file.read(NOW + HOUR + PREVIOUS_TOKEN_FOR - timedelta(seconds=1)) == ["second", "first"]
    assert file.read(NOW + HOUR + PREVIOUS_TOKEN_FOR) == ["second"]


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"x" * 70_000, None])
def test_token_that_cannot_be_read_leaves_the_last_one(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "token"
    path.write_text("first")
    file = TokenFile(path)
    file.read(NOW)

    path.unlink() if content is None else path.write_bytes(content)

    assert file.read(NOW) == ["first"]
    assert str(path) in file.trouble


def test_no_token_file_is_no_token_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read: No such file") as caught:
        TokenFile(tmp_path / "token").read(NOW)

    assert (caught.value.status, caught.value.code) == (401, "TokenNotFound")


def test_nothing_secret_is_in_a_repr(tmp_path: Path) -> None:
    credentials, token = CredentialsFile(tmp_path / "default.json"), TokenFile(tmp_path / "token")
    credentials.path.write_text(output())
    token.path.write_text("the token")
    credentials.read(NOW)
    token.read(NOW)

    assert not [secret for secret in ("very", "also", "the token") if secret in f"{credentials!r} {token!r}"]
