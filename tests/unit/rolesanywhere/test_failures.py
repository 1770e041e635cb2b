"""What AWS refuses, and what is no answer of AWS's: each told by who must act."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from rolebound import clock
from rolebound.errors import (
    AWSUnavailable,
    Error,
    SessionDenied,
    SessionNameRefused,
    SpecInvalid,
    Throttled,
)
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint
from rolebound.rolesanywhere.client import RolesAnywhere
from tests.unit.rolesanywhere.answering import IMPATIENT, REQUEST, Answer, credential_set, refusal


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (403, "AccessDeniedException", "Untrusted signing certificate", SessionDenied),
        (403, "AccessDeniedException", "Unable to assume role for arn:x", SessionDenied),
        (403, "AccessDeniedException", "Not authorized to set roleSessionName", SessionNameRefused),
        (404, "ResourceNotFoundException", "no such trust anchor", SessionDenied),
        (400, "ValidationException", "bad duration", SessionDenied),
        (429, "ThrottlingException", "Rate exceeded", Throttled),
        (400, "ThrottlingException", "Rate exceeded", Throttled),
        (429, "", "", Throttled),
        (500, "InternalServerException", "oops", AWSUnavailable),
        (503, "", "", AWSUnavailable),
        (302, "", "", AWSUnavailable),
    ],
)
def test_each_refusal_says_who_must_act(
    anywhere: RolesAnywhere,
    identity: SigningIdentity,
    endpoint: Endpoint,
    answer: Answer,
    status: int,
    code: str,
    message: str,
    kind: type[Error],
) -> None:
    answer.status, answer.code, answer.body = status, code, json.dumps({"message": message}).encode()

    error = refusal(anywhere, identity, endpoint)

    assert type(error) is kind
    if kind is SessionDenied:
        assert message in str(error)
        assert "Checked here and good" in str(error)


@pytest.mark.parametrize("status", [401, 403, 407])
def test_page_of_a_proxy_is_not_taken_for_a_refusal_of_aws(
    anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint, answer: Answer, status: int
) -> None:
    answer.status, answer.code, answer.body = status, "", b"<html>proxy says no</html>"

    error = refusal(anywhere, identity, endpoint)

    assert type(error) is AWSUnavailable
    assert f"a proxy, answered HTTP {status} with a page: <html>proxy says no" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>proxy says no</html>",
        b"",
        b"{}",
        b"[]",
        b'{"credentialSet": []}',
        json.dumps(credential_set(sessionToken="")).encode(),
        json.dumps(credential_set(expiration="soon")).encode(),
        json.dumps(credential_set(expiration="2030-01-01T00:00:00")).encode(),
        json.dumps(credential_set(expiration="2020-01-01T00:00:00Z")).encode(),
    ],
)
@pytest.mark.parametrize("status", [200, 201])
def test_answer_that_is_no_session_is_tried_again(
    anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint, answer: Answer, body: bytes, status: int
) -> None:
    answer.status, answer.body = status, body

    assert type(refusal(anywhere, identity, endpoint)) is AWSUnavailable


def test_silence_and_nobody_there_are_tried_again(
    anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint, answer: Answer
) -> None:
    answer.hang = threading.Event()

    assert "ReadTimeoutError" in str(refusal(anywhere, identity, endpoint))
    nobody = replace(endpoint, url="http://127.0.0.1:1")
    assert type(refusal(anywhere, identity, nobody)) is AWSUnavailable


def test_wrong_aws_setting_is_told_by_the_call_that_meets_it(
    monkeypatch: pytest.MonkeyPatch, identity: SigningIdentity, endpoint: Endpoint
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")

    with pytest.raises(AWSUnavailable, match="ProfileNotFound"):
        RolesAnywhere().create_session(identity, REQUEST, endpoint)


def test_nonsense_endpoint_is_no_crash(anywhere: RolesAnywhere, identity: SigningIdentity) -> None:
    assert type(refusal(anywhere, identity, Endpoint("eu-central-1", url="not a url"))) is AWSUnavailable


def test_wrong_clock_is_said(
    anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint, answer: Answer
) -> None:
    answer.status, answer.code, answer.body = 403, "AccessDeniedException", b'{"message": "no"}'
    answer.date = format_datetime(clock.now() - timedelta(minutes=20), usegmt=True)

    assert "this clock is 20 minutes ahead of AWS's" in str(refusal(anywhere, identity, endpoint))


def test_session_name_that_cannot_be_sent_is_the_specs_fault(
    anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint
) -> None:
    with pytest.raises(SpecInvalid):
        anywhere.create_session(identity, replace(REQUEST, duration=timedelta(seconds=1)), endpoint)


def test_wrong_clock_is_corrected_once_by_the_date_of_the_refusal(
    identity: SigningIdentity, endpoint: Endpoint, answer: Answer
) -> None:
    anywhere = RolesAnywhere(IMPATIENT)
    ahead = clock.now() + timedelta(hours=2)
    answer.date, answer.skew_refused = format_datetime(ahead, usegmt=True), True
    answer.body = json.dumps(credential_set(expiration=clock.rfc3339(ahead + timedelta(hours=1)))).encode()

    sessions = [anywhere.create_session(identity, REQUEST, endpoint) for _ in range(2)]

    assert [date[:11] for date in answer.dates()] == [f"{at:%Y%m%dT%H}" for at in (clock.now(), ahead, ahead)]
    assert all(timedelta(minutes=59) < session.lifetime <= timedelta(minutes=61) for session in sessions)
    assert all(abs(session.here().issued_at - clock.now()) < timedelta(minutes=1) for session in sessions)


def test_clock_that_is_mended_is_believed_again(identity: SigningIdentity, endpoint: Endpoint, answer: Answer) -> None:
    anywhere = RolesAnywhere(IMPATIENT)
    ahead = clock.now() + timedelta(hours=2)
    answer.body = json.dumps(credential_set(expiration=clock.rfc3339(ahead + timedelta(hours=1)))).encode()
    answer.date, answer.skew_refused = format_datetime(ahead, usegmt=True), True
    anywhere.create_session(identity, REQUEST, endpoint)

    answer.date = format_datetime(clock.now(), usegmt=True)
    anywhere.create_session(identity, REQUEST, endpoint)

    assert [date[:11] for date in answer.dates()[-2:]] == [f"{at:%Y%m%dT%H}" for at in (ahead, clock.now())]
