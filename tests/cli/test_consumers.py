"""Whoever uses the credentials: the real AWS CLI and boto3, by each of the ways in which they can get them."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Here
from tests.cli.terminal import ROLEBOUND, Terminal, eventually, served
from tests.support import aws as aws_support
from tests.support.aws import Aws, Setup

ASK = """
import boto3, sys, time
client = boto3.client("sts")
until = time.monotonic() + float(sys.argv[1])
keys = set()
while True:
    arn = client.get_caller_identity()["Arn"]
    keys.add(client._request_signer._credentials.get_frozen_credentials().access_key)
    if time.monotonic() > until:
        break
    time.sleep(0.2)
print(arn, len(keys))
"""
LIFETIME = 5  # seconds of a session that ends early; half of them must do for a call on a busy machine
LIFETIMES = 3.2


@pytest.fixture(scope="module")
def brief_aws() -> Iterator[Aws]:
    """An AWS whose sessions end after seconds, whatever is asked for."""
    emulator = aws_support.start(account="222233335555", rate_limit=False, session_lifetime=timedelta(seconds=LIFETIME))
    yield Aws(emulator)
    emulator.stop()


def aws_cli(environment: dict[str, str]) -> str:
    command = ["aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def boto3(seconds: float, environment: dict[str, str]) -> subprocess.Popen[str]:
    """A process that asks who it is for as long as that and prints it, and how many access keys it saw."""
    command = [sys.executable, "-c", ASK, str(seconds)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> tuple[str, int]:
    """What boto3 printed; no call of it may have failed."""
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    arn, keys = output.split()
    return arn, int(keys)


def process_profile(terminal: Terminal, flags: list[str]) -> dict[str, str]:
    path = terminal.home / "config"
    path.write_text(f"[default]\ncredential_process = {ROLEBOUND} credential-process {' '.join(flags)}\n")
    return terminal.environment | {"AWS_CONFIG_FILE": str(path)}


def metadata(terminal: Terminal, url: str) -> dict[str, str]:
    return terminal.environment | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_EC2_METADATA_DISABLED": "false"}


def test_updated_profile_is_the_role_for_both(terminal: Terminal, here: Here, role: Setup) -> None:
    flags = terminal.flags(role)

    assert here("update", *flags, "--once", "--role-session-name", "nightly").returncode == 0

    wanted = f"assumed-role/{role.name}/nightly"
    assert aws_cli(terminal.environment).endswith(wanted)
    assert told(boto3(0, terminal.environment))[0].endswith(wanted)


def test_served_metadata_is_the_role_for_both(terminal: Terminal, role: Setup) -> None:
    with terminal.running("serve", *terminal.flags(role), "--port", "0") as server:
        environment = metadata(terminal, served(server, "AWS_EC2_METADATA_SERVICE_ENDPOINT"))

        assert f"assumed-role/{role.name}/" in aws_cli(environment)
        assert f"assumed-role/{role.name}/" in told(boto3(0, environment))[0]
        assert role.issued() == 1


@contextmanager
def container(terminal: Terminal, flags: list[str]) -> Iterator[dict[str, str]]:
    """The environment of who asks the container's endpoint of a running `serve`."""
    token = terminal.home / "the token"
    with terminal.running("serve", *flags, "--port", "0", "--authorization-token-file", str(token)) as server:
        url = served(server, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        assert served(server, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") == f"'{token}'"  # a shell reads it
        assert token.stat().st_mode & 0o077 == 0
        yield terminal.environment | {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
        }


def test_served_container_endpoint_is_the_role_for_both(terminal: Terminal, role: Setup) -> None:
    with container(terminal, terminal.flags(role)) as environment:
        assert f"assumed-role/{role.name}/" in aws_cli(environment)
        assert f"assumed-role/{role.name}/" in told(boto3(0, environment))[0]


@pytest.mark.parametrize("delivery", ["variables", "endpoint"])
def test_command_runs_as_the_role_and_ends_as_it_ends(terminal: Terminal, role: Setup, delivery: str) -> None:
    ask = "aws sts get-caller-identity --query Arn --output text; exit 7"

    done = terminal.run("exec", "--delivery", delivery, *terminal.flags(role), "--", "sh", "-c", ask)

    assert (done.returncode, done.stderr) == (7, "")
    assert f"assumed-role/{role.name}/" in done.stdout


@pytest.mark.parametrize("delivery", ["variables", "endpoint"])
def test_command_ends_quietly_when_its_reader_leaves(terminal: Terminal, role: Setup, delivery: str) -> None:
    done = terminal.run("exec", "--delivery", delivery, *terminal.flags(role), "--", "sh", "-c", "yes | head -n 1")

    assert (done.returncode, done.stdout, done.stderr) == (0, "y\n", "")


def test_shell_that_evaluates_env_is_the_role(terminal: Terminal, role: Setup) -> None:
    line = f'eval "$(rolebound env {" ".join(terminal.flags(role))})" && aws sts get-caller-identity'

    done = subprocess.run(["sh", "-c", line], env=terminal.environment, capture_output=True, text=True, check=False)

    assert f"assumed-role/{role.name}/" in done.stdout, done.stderr


@pytest.mark.parametrize("command", [["update"], ["serve", "--port", "0"]], ids=lambda it: it[0])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_stop_waits_for_no_first_session(
    terminal: Terminal, role: Setup, command: list[str], number: signal.Signals
) -> None:
    role.inject("hang")
    with terminal.start(*command, *terminal.flags(role), "--debug", AWS_MAX_ATTEMPTS="3") as process:
        assert process.stderr is not None
        assert any("asking" in line for line in iter(process.stderr.readline, ""))
        process.send_signal(number)
        _, errors = process.communicate(timeout=5)

    assert (process.returncode, errors) == (0, "")


def test_update_goes_on_through_an_outage_with_the_last_keys(brief_aws: Aws, tmp_path: Path) -> None:
    terminal, role = Terminal.open(tmp_path, brief_aws), brief_aws.setup()
    path = tmp_path / ".aws" / "credentials"
    with terminal.running("update", *terminal.flags(role), "--profile", "work"):
        first = eventually(lambda: path.exists() and path.read_text())
        role.inject("status", status=503)
        eventually(lambda: len(role.calls()) > 2)
        assert path.read_text() == first
        role.heal()
        second = eventually(lambda: path.read_text() != first and path.read_text())

    assert second.startswith("[work]\naws_access_key_id = ")


def test_process_that_outlives_three_sessions_never_fails_a_call(brief_aws: Aws, tmp_path: Path) -> None:
    """By both ways at once, as each takes as long as the sessions do.

    By the container's endpoint: what the metadata service gives botocore keeps for minutes, whatever its expiry says.
    `tests/matrix/test_served_metadata.py` has an SDK that does not.
    """
    terminal, role = Terminal.open(tmp_path, brief_aws), brief_aws.setup()
    flags, seconds = terminal.flags(role), LIFETIME * LIFETIMES
    with container(terminal, flags) as environment:
        asking = [boto3(seconds, process_profile(terminal, flags)), boto3(seconds, environment)]
        keys = [told(process)[1] for process in asking]

    assert min(keys) > 3
