"""The cluster's clock and AWS's stand apart: within AWS's tolerance nobody notices, and beyond it the operator signs by
AWS's clock, and renews by its own.

The readers here have the cluster's clock. The stand-in takes their signatures at any time; AWS refuses those that are
more than five minutes off, unless the SDK corrects itself.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from testbed.cluster import Cluster
from testbed.processes import free_port
from testbed.volume import Volume
from tests.support.aws import REGION, Aws, Setup, start
from tests.support.kubernetes import Sandbox

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]


@pytest.fixture
def aws_at(cluster: Cluster) -> Iterator[Callable[..., Aws]]:
    """Makes an AWS whose clock is so far ahead; over plain HTTP, as the operator trusts one CA."""
    with ExitStack() as undo:

        def make(ahead: timedelta, **settings: Any) -> Aws:
            emulator = start(cluster.host_address, tls=False, account="777788889999", clock_offset=ahead, **settings)
            undo.callback(emulator.stop)
            return Aws(emulator)

        yield make


def bound(aws: Aws, sandbox: Sandbox, **role: Any) -> Setup:
    setup = aws.setup()
    # Certificates are judged by AWS's clock too.
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup, **role))
    sandbox.pod("api-1")
    return setup


@pytest.mark.parametrize("minutes", [4, -4])
def test_four_minutes_are_not_noticed(aws_at: Callable[..., Aws], sandbox: Sandbox, minutes: int) -> None:
    aws = aws_at(timedelta(minutes=minutes))
    bound(aws, sandbox)

    keys = sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    assert aws.client_as("sts", keys).get_caller_identity()


@pytest.mark.parametrize("minutes", [10, -10])
def test_ten_minutes_are_made_up_for(aws_at: Callable[..., Aws], sandbox: Sandbox, minutes: int) -> None:
    aws = aws_at(timedelta(minutes=minutes))
    setup = bound(aws, sandbox, sessionDurationSeconds=900)

    keys = sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    assert aws.client_as("sts", keys).get_caller_identity()
    time.sleep(3)  # many times what the next attempt would take
    assert setup.issued() == 1


def test_sessions_of_an_aws_that_is_ahead_are_renewed_in_time(aws_at: Callable[..., Aws], sandbox: Sandbox) -> None:
    """AWS grants 10 s here: by its clock the renewal is due ten minutes after it is by ours."""
    aws = aws_at(timedelta(minutes=10), session_lifetime=timedelta(seconds=10))
    setup = bound(aws, sandbox)
    sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    while setup.issued() < 4:
        assert aws.client_as("sts", sandbox.keys("api-1-aws")).get_caller_identity()  # never an expired one
        time.sleep(0.5)


# Works until it has met two keys, of which it prints each as it meets it; a failed call ends it.
BOTO3: Final = """
import time, boto3
session, met = boto3.Session(), []
sts = session.client("sts")
while len(met) < 2:
    sts.get_caller_identity()
    key = session.get_credentials().access_key
    if key not in met:
        met.append(key)
        print(key, flush=True)
    time.sleep(0.2)
"""
AWS_CLI: Final = ["-m", "awscli", "sts", "get-caller-identity"]


@contextmanager
def places(folder: Path, tmp_path: Path) -> Iterator[list[dict[str, str]]]:
    """What a pod's variables say by CredentialProcess, and by Endpoint with its sidecar beside it."""
    token, port = tmp_path / "token", free_port()
    token.write_text(secrets.token_hex(16))
    files = ["--file", str(folder / "credentials.json"), "--token-file", str(token), "--port", str(port)]
    sidecar = [sys.executable, "-m", "rolebound", "endpoint", *files]
    url = f"http://127.0.0.1:{port}/v1/credentials"
    with subprocess.Popen(sidecar, env={"PYTHONPATH": "operator"}, stderr=subprocess.PIPE) as serving:
        assert serving.stderr is not None
        serving.stderr.readline()  # it listens
        yield [
            {"AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")},
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)},
        ]
        serving.kill()


# The shortest sessions that AWS gives; and such as look short enough to a reader ten minutes behind that it reads on.
@pytest.mark.parametrize(("minutes", "lasting"), [(-10, 900), (10, 200)])
def test_readers_with_the_wrong_clock_follow_a_renewal(
    aws_at: Callable[..., Aws], sandbox: Sandbox, tmp_path: Path, minutes: int, lasting: int
) -> None:
    aws = aws_at(timedelta(minutes=minutes), session_lifetime=timedelta(seconds=lasting))
    bound(aws, sandbox)
    volume = Volume.follow(sandbox.cluster, sandbox.namespace, "api-1-aws", tmp_path / "mount")
    volume.wait()
    common = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_DEFAULT_REGION": REGION}
    common |= {"AWS_ENDPOINT_URL": aws.emulator.endpoint_url, "AWS_EC2_METADATA_DISABLED": "true"}
    with ExitStack() as undo:
        environments = [common | each for each in undo.enter_context(places(volume.folder, tmp_path))]
        programs = [
            undo.enter_context(
                subprocess.Popen([sys.executable, "-c", BOTO3], env=each, stdout=subprocess.PIPE, text=True)
            )
            for each in environments
        ]
        first = [program.stdout.readline() for program in programs if program.stdout]

        annotate = ["annotate", "awsrolebinding", "reader", "-n", sandbox.namespace]
        sandbox.cluster.kubectl(*annotate, f"rolebound.dev/renew={time.monotonic_ns()}")

        second = [program.communicate(timeout=60)[0] for program in programs]
        for each in environments:
            command = [sys.executable, *AWS_CLI]
            done = subprocess.run(command, env=each, capture_output=True, text=True, check=True)
            assert sandbox.namespace in json.loads(done.stdout)["Arn"]
    volume.stop()
    assert [program.returncode for program in programs] == [0, 0]
    assert first[0] == first[1] != second[0] == second[1]
