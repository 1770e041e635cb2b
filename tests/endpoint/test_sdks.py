"""Real SDKs through the sidecar, for longer than five sessions, against the emulator: no call ever fails."""

import subprocess
import sys
import time
from collections.abc import Iterator
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

# With a renewal at each half there are always 3 s left, which a slow machine may need from asking the sidecar to the
# call. The fifth session ends after 18 s.
SESSION: Final = timedelta(seconds=6)
LASTING: Final = 3.5 * SESSION

# Programs that print the last four of the access key's id at each turn, and end with a traceback when a call fails.
BOTO3: Final = """
import sys, time, boto3
until = time.monotonic() + float(sys.argv[1])
session = boto3.Session()
sts, s3 = session.client("sts"), session.client("s3")
while time.monotonic() < until:
    sts.get_caller_identity()
    s3.list_buckets()
    print(session.get_credentials().access_key[-4:], flush=True)
    time.sleep(0.1)
"""
AWS_CLI: Final = """
import re, subprocess, sys, time
until = time.monotonic() + float(sys.argv[1])
def aws(*command):
    command = [sys.executable, "-m", "awscli", *command]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
while time.monotonic() < until:
    aws("s3", "ls")
    aws("sts", "get-caller-identity")
    print(*re.findall(r"access_key \\W+(\\w{4}) +container-role", aws("configure", "list")), flush=True)
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    emulator = aws_support.start(session_lifetime=SESSION)
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
    lasting = str(LASTING.total_seconds())
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    programs = {
        name: subprocess.Popen([sys.executable, "-c", code, lasting], env=environment(aws, renewer.mounted), **pipes)
        for name, code in {"boto3": BOTO3, "AWS CLI": AWS_CLI}.items()
    }

    for number in range(4):  # the kubelet rotates the token meanwhile
        time.sleep(LASTING.total_seconds() / 5)
        renewer.mounted.token(f"token-{number}")

    for name, program in programs.items():
        said, failed = program.communicate(timeout=120)
        used = list(dict.fromkeys(said.split()))
        assert program.returncode == 0, f"{name}: {failed}"
        assert len(used) > 5, f"{name} used {used}"
        assert set(used) <= {key[-4:] for key in renewer.keys}
