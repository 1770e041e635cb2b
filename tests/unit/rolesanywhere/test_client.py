"""The client through the real botocore, against a server that answers whatever a test wants."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import NoCredentialsError
from cryptography.hazmat.primitives.asymmetric import ec

from rolebound import __version__, clock
from rolebound.errors import (
    AWSUnavailable,
    Error,
    SessionDenied,
    SessionNameRefused,
    SpecInvalid,
    Throttled,
)
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, SessionRequest
from rolebound.rolesanywhere.client import RolesAnywhere
from rolebound.rolesanywhere.session import new_session, register
from tests.support.builders import ANCHOR, PROFILE, ROLE
from tests.support.pki import CA

REQUEST = SessionRequest(
    RoleArn.parse(ROLE), ProfileArn.parse(PROFILE), TrustAnchorArn.parse(ANCHOR), timedelta(hours=1), "shop.api.api-1"
)
IMPATIENT = Config(connect_timeout=1, read_timeout=0.3, retries={"total_max_attempts": 1})


def credential_set(**changes: Any) -> dict[str, Any]:
    keys = {
        "accessKeyId": "ASIAEXAMPLE",
        "secretAccessKey": "not-a-secret",
        "sessionToken": "not-a-token",
        "expiration": clock.rfc3339(clock.now() + timedelta(hours=1)),
    }
    user = {"arn": "arn:aws:sts::111122223333:assumed-role/readers/shop.api.api-1"}
    return {"credentialSet": [{"credentials": keys | changes, "assumedRoleUser": user}]}


@dataclass
class Answer:
    """What the server says next, and what it was sent."""

    status: int = 201
    body: bytes = b""
    code: str = ""
    date: str = ""
    hang: threading.Event | None = None
    skew_refused: bool = False
    """Whether a request that was not signed in the hour of `date` is refused."""
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def dates(self) -> list[str]:
        return [headers["X-Amz-Date"] for _, headers, _ in self.seen]

    def refuses_the_last(self) -> bool:
        hour = f"{parsedate_to_datetime(self.date):%Y%m%dT%H}" if self.date else ""
        return self.skew_refused and not self.dates()[-1].startswith(hour)


@pytest.fixture
def answer() -> Answer:
    return Answer(body=json.dumps(credential_set()).encode())


@pytest.fixture
def endpoint(answer: Answer) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer.seen.append((self.path, dict(self.headers), body))
            if answer.hang is not None:
                answer.hang.wait(5)
            self.send_response_only(403 if answer.refuses_the_last() else answer.status)
            if answer.code:
                self.send_header("X-Amzn-ErrorType", answer.code)
            if answer.date:
                self.send_header("Date", answer.date)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Endpoint("eu-central-1", url=f"http://127.0.0.1:{server.server_port}")
    if answer.hang is not None:
        answer.hang.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def identity() -> SigningIdentity:
    issued = CA.root().issue_ca("middle").issue(key=ec.generate_private_key(ec.SECP521R1()))
    return SigningIdentity.from_pem(issued.certificate_pem, issued.key_pem)


@pytest.fixture(scope="module")
def anywhere() -> RolesAnywhere:
    return RolesAnywhere(IMPATIENT)


def refusal(anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint) -> Error:
    with pytest.raises(Error) as caught:
        anywhere.create_session(identity, REQUEST, endpoint)
    return caught.value


def test_session_is_read_from_the_answer(
    anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint, answer: Answer
) -> None:
    session = anywhere.create_session(identity, REQUEST, endpoint)

    assert session.credentials.access_key_id == "ASIAEXAMPLE"
    assert timedelta(minutes=59) < session.lifetime <= timedelta(hours=1)
    path, headers, body = answer.seen[0]
    asked = parse_qs(urlsplit(path).query)
    assert asked == {"trustAnchorArn": [ANCHOR], "profileArn": [PROFILE], "roleArn": [ROLE]}
    assert json.loads(body) == {"durationSeconds": 3600, "roleSessionName": "shop.api.api-1"}
    assert headers["Authorization"].startswith(f"AWS4-X509-ECDSA-SHA256 Credential={identity.serial_number}/")
    assert headers["X-Amz-X509-Chain"] == identity.chain_base64


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


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (Endpoint("eu-central-1"), "https://rolesanywhere.eu-central-1.amazonaws.com"),
        (Endpoint("cn-north-1"), "https://rolesanywhere.cn-north-1.amazonaws.com.cn"),
        (Endpoint("eusc-de-east-1"), "https://rolesanywhere.eusc-de-east-1.amazonaws.eu"),
        (Endpoint("us-iso-east-1"), "https://rolesanywhere.us-iso-east-1.c2s.ic.gov"),
        (Endpoint("us-gov-west-1"), "https://rolesanywhere.us-gov-west-1.amazonaws.com"),
        (Endpoint("us-east-1", use_fips=True), "https://rolesanywhere-fips.us-east-1.amazonaws.com"),
        (Endpoint("eu-central-1", use_dual_stack=True), "https://rolesanywhere.eu-central-1.api.aws"),
    ],
)
def test_endpoints_are_botocores(anywhere: RolesAnywhere, endpoint: Endpoint, url: str) -> None:
    assert anywhere._client(endpoint).meta.endpoint_url == url


def test_clients_are_made_once(anywhere: RolesAnywhere) -> None:
    assert anywhere._client(Endpoint("eu-west-1")) is anywhere._client(Endpoint("eu-west-1"))


def test_call_without_an_identity_says_that_credentials_are_missing(endpoint: Endpoint) -> None:
    client = register(botocore.session.Session()).create_client(
        "rolesanywhere", region_name="eu-central-1", endpoint_url=endpoint.url
    )
    create_session: Any = getattr(client, "create_session")  # noqa: B009 - the stubs do not know the operation

    with pytest.raises(NoCredentialsError):
        create_session(trustAnchorArn=ANCHOR, profileArn=PROFILE, roleArn=ROLE)


def test_refusals_are_botocores_own_exceptions(identity: SigningIdentity, endpoint: Endpoint, answer: Answer) -> None:
    answer.status, answer.code, answer.body = 403, "AccessDeniedException", b'{"message": "no"}'
    client: Any = register(botocore.session.Session()).create_client(
        "rolesanywhere", region_name="eu-central-1", endpoint_url=endpoint.url
    )

    with pytest.raises(client.exceptions.AccessDeniedException, match="no"):
        client.create_session(identity=identity, trustAnchorArn=ANCHOR, profileArn=PROFILE, roleArn=ROLE)


def test_nothing_of_botocore_changes_for_others() -> None:
    ordinary: Any = botocore.session.Session().create_client("rolesanywhere", region_name="eu-central-1")

    assert not hasattr(ordinary, "create_session")


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


def test_nobodys_credentials_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identity: SigningIdentity, endpoint: Endpoint
) -> None:
    """A profile whose credential_process is the asking command itself would start itself for ever."""
    ran = tmp_path / "ran"
    (tmp_path / "config").write_text(f"[profile loop]\ncredential_process = touch {ran}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "loop")

    RolesAnywhere(IMPATIENT).create_session(identity, REQUEST, endpoint)

    assert not ran.exists()


def test_botocores_variables_choose_the_endpoint_where_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")

    assert "rolesanywhere-fips." in RolesAnywhere()._client(Endpoint("us-east-1")).meta.endpoint_url


def test_cloudtrail_is_told_who_calls(
    anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint, answer: Answer
) -> None:
    anywhere.create_session(identity, REQUEST, endpoint)

    assert answer.seen[0][1]["User-Agent"].startswith(f"rolebound/{__version__} ")


def test_models_are_found_where_the_user_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))

    session = new_session()

    assert session.get_available_services() == ["rolesanywhere"]
    assert str(tmp_path) in session.get_component("data_loader").search_paths
