"""A busy program that asks for credentials only once those that it has are over: none of its calls comes too late.

The SDKs of Go do so with a `credential_process`. What they sign in the last milliseconds reaches AWS after the end, so
the operator tells readers an end a little before AWS's. Here are so many calls that one falls into every such moment.
"""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from matrix import builds
from matrix.programs import Language, named
from matrix.verdicts import outcome
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, Session, SessionRequest
from rolebound.planning.rendering import process_output
from rolebound.rolesanywhere.client import RolesAnywhere
from testbed.processes import Process, start
from tests.support import aws as aws_support
from tests.support.aws import REGION, Aws, Setup

LIFETIME = 10  # seconds
SESSIONS = 3
PROGRAMS_AT_ONCE = 6


def new_session(setup: Setup, url: str) -> Session:
    issued = setup.issue()
    identity = SigningIdentity.from_pem(issued.certificate_pem, issued.key_pem)
    arns = RoleArn.parse(setup.role), ProfileArn.parse(setup.profile), TrustAnchorArn.parse(setup.trust_anchor)
    request = SessionRequest(*arns, timedelta(seconds=900), "busy")
    return RolesAnywhere().create_session(identity, request, Endpoint(REGION, url))


def test_busy_program_signs_nothing_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds.ensure([Language.GO])
    program = named("Go v2")
    emulator = aws_support.start(account="999900001111", rate_limit=False, session_lifetime=timedelta(seconds=LIFETIME))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(emulator.ca_file))
    aws = Aws(emulator)
    setup, url = aws.setup(), emulator.endpoint_url
    aws.bucket("busy")
    mounted = tmp_path / "default.json"
    (tmp_path / "credentials").write_text(f"[default]\ncredential_process = cat {mounted}\n")
    environment = {
        "AWS_CA_BUNDLE": str(emulator.ca_file),
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "HOME": str(tmp_path),
        "MATRIX_BUCKET": "busy",
        "MATRIX_PAUSE": "0",
    }

    running: list[Process] = []
    for _ in range(2 * SESSIONS):  # at half of each session, as the operator renews
        (tmp_path / "next").write_text(process_output(new_session(setup, url)))
        (tmp_path / "next").replace(mounted)
        if not running:
            names = [f"go-{number}" for number in range(PROGRAMS_AT_ONCE)]
            running = [start(name, builds.command(program), tmp_path / "logs", environment) for name in names]
        time.sleep(LIFETIME / 2)
    for each in running:
        each.kill()
    emulator.stop()

    told = [outcome(each.log.read_text(), ()) for each in running]
    assert [(each.failed, each.first_error) for each in told] == [(0, "")] * PROGRAMS_AT_ONCE
    assert min(each.calls for each in told) > 100 * SESSIONS
