"""Reading the account where the stand-in has not what AWS has: a trust anchor that is backed by AWS Private CA.

A server answers as AWS's API reference shows the answers; boto3 is the real one.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from rolebound.diagnosis.account import Account
from rolebound.diagnosis.facts import Anchor, Unknown
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.session import Endpoint, SessionRequest
from tests.emulator import pki
from tests.support.builders import ANCHOR, PROFILE, ROLE

PRIVATE_CA = "arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/11111111-2222-3333-4444-555555555555"
AUTHORITY = pki.root()
CALLER = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@dataclass
class Answers:
    """What the server says to each call: a status and a body."""

    source: dict[str, Any] = field(
        default_factory=lambda: {"sourceType": "AWS_ACM_PCA", "sourceData": {"acmPcaArn": PRIVATE_CA}}
    )
    whole: str = ""
    """A page that answers everything, once the login is known."""
    private_ca: tuple[int, dict[str, str]] = (200, {"Certificate": AUTHORITY.pem})
    asked: list[dict[str, str]] = field(default_factory=list)

    def to(self, target: str, body: bytes) -> tuple[int, str]:
        if target == "ACMPrivateCA.GetCertificateAuthorityCertificate":
            self.asked.append(json.loads(body))
            return self.private_ca[0], json.dumps(self.private_ca[1])
        if b"GetCallerIdentity" in body:
            return 200, CALLER
        if self.whole:
            return 200, self.whole
        return 200, json.dumps({"trustAnchor": {"enabled": True, "source": self.source}})


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def account(answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = answers.to(self.headers.get("X-Amz-Target") or "", body)
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        do_POST = do_GET  # noqa: N815 - the base class's name

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    request = SessionRequest(
        RoleArn.parse(ROLE), ProfileArn.parse(PROFILE), TrustAnchorArn.parse(ANCHOR), timedelta(hours=1)
    )
    yield Account(boto3.session.Session("AKIA", "nobodys"), request, Endpoint("eu-central-1"))
    server.shutdown()
    server.server_close()


def test_private_ca_is_asked_for_its_certificate(account: Account, answers: Answers) -> None:
    assert account.anchor() == Anchor(enabled=True, authorities=(AUTHORITY.certificate,))
    assert answers.asked == [{"CertificateAuthorityArn": PRIVATE_CA}]


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (
            400,
            {"__type": "AccessDeniedException"},
            "this AWS login may not read it (acm-pca:GetCertificateAuthorityCertificate)",
        ),
        (400, {"__type": "ResourceNotFoundException"}, f"AWS knows no {ANCHOR}"),
        (200, {}, "AWS's answer to acm-pca:GetCertificateAuthorityCertificate cannot be read (KeyError)"),
        (200, {"Certificate": "none"}, "the trust anchor's certificates cannot be read"),
    ],
)
def test_a_private_ca_that_cannot_be_read_is_said(
    account: Account, answers: Answers, status: int, answer: dict[str, str], why: str
) -> None:
    answers.private_ca = (status, answer)

    anchor = account.anchor()

    assert isinstance(anchor, Anchor)
    assert isinstance(anchor.authorities, Unknown)
    assert anchor.authorities.why == why


def test_a_source_that_is_not_known_is_named(account: Account, answers: Answers) -> None:
    answers.source = {"sourceType": "SELF_SIGNED_REPOSITORY", "sourceData": {"x509CertificateData": "-"}}

    anchor = account.anchor()

    assert isinstance(anchor, Anchor)
    assert anchor.authorities == Unknown("the trust anchor's CA is in SELF_SIGNED_REPOSITORY, which is not read")


def test_an_answer_against_the_model_is_told(account: Account, answers: Answers) -> None:
    answers.source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {}}

    assert account.anchor() == Unknown(
        "AWS's answer to rolesanywhere:GetTrustAnchor cannot be read (ResponseParserError)"
    )


@pytest.mark.parametrize(
    "page", ["<html>log in first</html>", "{", "[]", "null", '{"profile": 7, "crls": {}, "Quotas": 7}']
)
def test_a_page_of_a_proxy_is_never_taken_for_aws(account: Account, answers: Answers, page: str) -> None:
    answers.whole = page

    read = (account.anchor(), account.profile(), account.role(), account.quota())

    assert all(isinstance(fact, Unknown) for fact in read)
