"""Real SDKs through the sidecar, for longer than five sessions, against the emulator: no call ever fails."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import pytest

from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, SessionRequest
from rolebound.planning.rendering import process_output
from rolebound.rolesanywhere.client import RolesAnywhere
from tests.support import aws as aws_support
from tests.support.aws import REGION, Aws, Setup
from tests.support.mounted import Mounted

# With a renewal at each half there are always 4 s left, which a busy machine may need between asking and calling.
SESSION: Final = timedelta(seconds=8)
KEYS: Final = 7  # who meets the seventh has outlived the fifth

# Programs that work until they have met so many keys, of which they print the last four characters, and that end with
# a traceback when a call fails.
BOTO3: Final = """
import sys, time, boto3
session, met = boto3.Session(), {}
sts, s3 = session.client("sts"), session.client("s3")
while len(met) < int(sys.argv[1]):
    sts.get_caller_identity()
    s3.list_buckets()
    met[session.get_credentials().access_key[-4:]] = True
    time.sleep(0.1)
print(*met)
"""
AWS_CLI: Final = """
import re, subprocess, sys
met = {}
def aws(*command):
    command = [sys.executable, "-m", "awscli", *command]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
while len(met) < int(sys.argv[1]):
    aws("s3", "ls")
    aws("sts", "get-caller-identity")
    met |= dict.fromkeys(re.findall(r"access_key \\W+(\\w{4}) +container-role", aws("configure", "list")))
print(*met)
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    emulator = aws_support.start(account="888899990000", session_lifetime=SESSION)
    yield Aws(emulator)
    emulator.stop()


class Renewer:
    """The operator's and the kubelet's part: a new session at half of each lifetime, in the sidecar's volume."""

    def __init__(self, setup: Setup, mounted: Mounted) -> None:
        issued = setup.issue()
        self._identity = SigningIdentity.from_pem(issued.certificate_pem, issued.key_pem)
        arns = RoleArn.parse(setup.role), ProfileArn.parse(setup.profile), TrustAnchorArn.parse(setup.trust_anchor)
        self._request = SessionRequest(*arns, timedelta(hours=1), "sidecar")
        self._endpoint = Endpoint(REGION, setup.aws.emulator.endpoint_url)
        self._client = RolesAnywhere()
        self.mounted = mounted
        self.keys: list[str] = []

    def renew(self) -> None:
        session = self._client.create_session(self._identity, self._request, self._endpoint)
        self.mounted.aws.holds("default.json", process_output(session))
        self.keys.append(session.credentials.access_key_id)

    def keep_renewing(self, stopped: Event) -> None:
        while not stopped.wait(SESSION.total_seconds() / 2):
            self.renew()


@pytest.fixture
def renewer(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Renewer]:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(aws.emulator.ca_file))
    mounted = Mounted(tmp_path)
    mounted.token()
    renewer = Renewer(aws.setup(), mounted)
    renewer.renew()
    stopped = Event()
    thread = Thread(target=renewer.keep_renewing, args=(stopped,))
    thread.start()
    with mounted.running():
        yield renewer
        stopped.set()
        thread.join()


def environment(aws: Aws, mounted: Mounted) -> dict[str, str]:
    """What a pod's container gets, and the emulator in AWS's place."""
    return {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{mounted.port}/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(mounted.folder / "endpoint" / "token"),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": aws.emulator.endpoint_url,
        "AWS_CA_BUNDLE": str(aws.emulator.ca_file),
        "HOME": str(mounted.folder),
        "PATH": "/usr/bin:/bin",
    }


def test_no_call_fails_through_five_sessions(aws: Aws, renewer: Renewer) -> None:
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with ExitStack() as held:
        programs = {}
        for name, code in {"boto3": BOTO3, "AWS CLI": AWS_CLI}.items():
            command = [sys.executable, "-c", code, str(KEYS)]
            program = held.enter_context(subprocess.Popen(command, env=environment(aws, renewer.mounted), **pipes))
            held.callback(program.kill)
            programs[name] = program

        for number in range(4):  # the kubelet rotates the token meanwhile
            time.sleep(SESSION.total_seconds() / 2)
            renewer.mounted.token(f"token-{number}")

        ended = {name: (program, *program.communicate(timeout=240)) for name, program in programs.items()}

    for name, (program, said, failed) in ended.items():
        assert program.returncode == 0, f"{name}: {failed}"
        assert len(said.split()) >= KEYS
        assert set(said.split()) <= {key[-4:] for key in renewer.keys}


def test_sdk_shows_its_user_what_the_sidecar_says(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    mounted.token()
    mounted.credentials()
    code = "import boto3; boto3.client('sts').get_caller_identity()"
    with mounted.running():
        variables = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{mounted.port}/v1/credentials",
            "AWS_REGION": REGION,
            "HOME": str(tmp_path),
        }
        done = subprocess.run(
            [sys.executable, "-c", code], env=variables, capture_output=True, text=True, timeout=60, check=False
        )

    assert "the request has no Authorization header; set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" in done.stderr
