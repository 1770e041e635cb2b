"""The way to the endpoint: name, TLS, proxy, clock."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rolebound import clock
from rolebound.emulator import Fault
from tests.doctor.consultation import Doctor
from tests.emulator import pki
from tests.emulator.world import Setup, World


@pytest.fixture(scope="module")
def setup(world: World) -> Setup:
    return world.setup()


@pytest.fixture
def endpoint_ahead() -> Iterator[Callable[[timedelta], str]]:
    """Start a server that refuses everything, and whose clock is that far ahead."""
    servers: list[ThreadingHTTPServer] = []

    def start(ahead: timedelta) -> str:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.send_response_only(403)
                self.send_header("Date", format_datetime(clock.now() + ahead, usegmt=True))
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815 - the base class's names

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("ahead", "message"),
    [
        (timedelta(hours=1), "this clock is 60 minutes behind AWS's"),
        (timedelta(hours=-2), "this clock is 120 minutes ahead of AWS's"),
    ],
)
def test_a_wrong_clock_is_told_with_its_side(
    doctor: Doctor, setup: Setup, endpoint_ahead: Callable[[timedelta], str], ahead: timedelta, message: str
) -> None:
    told = doctor.sees(setup, "--endpoint", endpoint_ahead(ahead))

    assert told["clock"] == {"check": "clock", "verdict": "wrong", "message": message, "remedy": "set it by NTP"}
    assert told["tls"]["message"] == "127.0.0.1 answers over plain HTTP, without TLS"
    assert told["session"]["verdict"] == "wrong"
    assert told.status == 1


def test_a_certificate_is_in_date_by_awss_clock(
    doctor: Doctor, setup: Setup, endpoint_ahead: Callable[[timedelta], str]
) -> None:
    told = doctor.sees(setup, "--endpoint", endpoint_ahead(pki.END - clock.now() + timedelta(days=1)))

    assert "expired at 2046-01-01" in told["dates"]["message"]


def test_a_name_that_does_not_resolve_is_told(doctor: Doctor, setup: Setup) -> None:
    told = doctor.sees(setup, "--endpoint", "https://rolesanywhere.nowhere.invalid")

    assert told["dns"]["verdict"] == "wrong"
    assert "rolesanywhere.nowhere.invalid does not resolve" in told["dns"]["message"]
    assert told["tls"]["verdict"] == told["clock"]["verdict"] == "not checked"
    assert told["session"]["verdict"] == "wrong"


def test_nobody_listening_is_told(doctor: Doctor, setup: Setup) -> None:
    told = doctor.sees(setup, "--endpoint", "https://127.0.0.1:1")

    assert told["tls"]["message"] == "127.0.0.1 does not answer (EndpointConnectionError)"
    assert "HTTPS_PROXY" in told["tls"]["remedy"]


def test_an_endpoint_that_is_not_trusted_is_told(
    doctor: Doctor, setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other-ca.pem").write_text(pki.root().pem)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "other-ca.pem"))

    told = doctor.sees(setup)

    assert "TLS with 127.0.0.1 fails" in told["tls"]["message"]
    assert "CERTIFICATE_VERIFY_FAILED" in told["tls"]["message"]
    assert "AWS_CA_BUNDLE" in told["tls"]["remedy"]


def test_an_endpoint_that_nobody_verifies_is_told_as_that(
    doctor: Doctor, setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other-ca.pem").write_text(pki.root().pem)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "other-ca.pem"))

    told = doctor.sees(setup, "--no-verify-ssl")

    assert told["tls"]["message"] == "127.0.0.1 answers over HTTPS, whose certificate nobody verified"
    assert told.status == 0


def test_a_proxy_is_named_without_its_password(doctor: Doctor, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:open-sesame@127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")

    told = doctor.sees(setup)

    assert told["dns"]["message"] == "a proxy resolves the name"
    assert "ProxyConnectionError" in told["tls"]["message"]
    assert "open-sesame" not in told.text


def test_a_call_for_another_region_is_told(doctor: Doctor, setup: Setup) -> None:
    told = doctor.sees(setup, "--region", "eu-west-1")

    assert told.that_are("wrong") == ["region", "session"]
    assert told["region"]["message"] == "the call goes to eu-west-1, and the trust anchor is in us-east-1"


def test_partitions_that_disagree_are_told(doctor: Doctor, setup: Setup) -> None:
    told = doctor.sees(setup, "--role-arn", setup.role.replace("arn:aws:", "arn:aws-us-gov:"))

    assert "region" in told.that_are("wrong")
    assert "the role in aws-us-gov" in told["region"]["message"]


def test_a_region_of_another_partition_is_told(doctor: Doctor, setup: Setup) -> None:
    moved = [arn.replace("us-east-1", "cn-north-1") for arn in (setup.anchor, setup.profile)]

    told = doctor.sees(setup, "--trust-anchor-arn", moved[0], "--profile-arn", moved[1])

    assert told["region"]["message"] == "cn-north-1 is a region of partition aws-cn, and the ARNs say aws"


def test_an_outage_is_not_a_refusal(doctor: Doctor, world: World) -> None:
    setup = world.setup()
    world.emulator.inject(Fault(kind="status", status=503, role_arn=setup.role))

    told = doctor.sees(setup)

    assert told.that_are("wrong") == ["session"]
    assert "HTTP 503" in told["session"]["message"]
    assert "try again" in told["session"]["remedy"]  # there is no other cause to mend first
