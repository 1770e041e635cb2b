"""`rolebound credential-process`, as an SDK runs it."""

import json
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rolebound.clock import now, parse_rfc3339
from tests.cli.conftest import Here
from tests.cli.terminal import ROLEBOUND, Terminal
from tests.support.aws import Aws, Setup


def cache_of(terminal: Terminal) -> list[Path]:
    return [path for path in (terminal.home / ".cache" / "rolebound").iterdir() if path.suffix != ".lock"]


def test_credentials_are_the_roles(terminal: Terminal, aws: Aws, role: Setup) -> None:
    printed = terminal.credentials(*terminal.flags(role), "--role-session-name", "laptop")

    assert printed["Version"] == 1
    assert parse_rfc3339(printed["Expiration"]) > now()
    assert aws.client_as("sts", printed).get_caller_identity()["Arn"].endswith(f"assumed-role/{role.name}/laptop")


def test_second_call_is_answered_from_the_cache(terminal: Terminal, role: Setup) -> None:
    flags = terminal.flags(role)

    assert terminal.credentials(*flags) == terminal.credentials(*flags)
    assert role.issued() == 1


def test_fifty_callers_at_once_make_one_session(terminal: Terminal, role: Setup) -> None:
    flags = terminal.flags(role)

    with ThreadPoolExecutor(50) as callers:
        printed = {str(each) for each in callers.map(lambda _: terminal.credentials(*flags), range(50))}

    assert len(printed) == 1
    assert role.issued() == 1


def test_cache_is_the_users_alone_whatever_the_umask(terminal: Terminal, here: Here, role: Setup) -> None:
    before = os.umask(0)
    try:
        here("credential-process", *terminal.flags(role))
    finally:
        os.umask(before)

    (entry,) = cache_of(terminal)
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert stat.S_IMODE(entry.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "change",
    [["--session-duration", "900"], ["--role-session-name", "other"], ["--region", "eu-central-1"], ["--no-cache"]],
    ids=lambda change: change[0],
)
def test_other_session_is_not_answered_from_the_cache(
    terminal: Terminal, here: Here, role: Setup, change: list[str]
) -> None:
    flags = terminal.flags(role)
    here("credential-process", *flags)

    here("credential-process", *flags, *change)

    assert role.issued() == 2


def test_new_certificate_is_used_at_once(terminal: Terminal, here: Here, role: Setup) -> None:
    before = here("credential-process", *terminal.flags(role)).stdout

    after = here("credential-process", *terminal.flags(role)).stdout

    assert before != after


def test_damaged_or_open_cache_is_not_believed(terminal: Terminal, here: Here, role: Setup) -> None:
    flags = terminal.flags(role)
    first = here("credential-process", *flags).stdout
    (entry,) = cache_of(terminal)

    entry.chmod(0o644)
    second = here("credential-process", *flags).stdout
    entry.write_text("rolebound cache 1\nnonsense")
    third = here("credential-process", *flags).stdout

    assert len({first, second, third}) == 3


def test_home_that_cannot_be_written_costs_only_the_cache(
    terminal: Terminal, here: Here, role: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    (terminal.home / "file").write_text("")

    monkeypatch.setenv("XDG_CACHE_HOME", str(terminal.home / "file"))

    assert here("credential-process", *terminal.flags(role)).returncode == 0


def test_cached_session_outlives_an_outage_until_it_expires(terminal: Terminal, here: Here, role: Setup) -> None:
    flags = terminal.flags(role)
    printed = here("credential-process", *flags).stdout
    (entry,) = cache_of(terminal)
    form, times, *rest = entry.read_text().split("\n")
    entry.write_text("\n".join([form, f"0 {times.split()[1]}", *rest]))  # due for renewal
    role.inject("status", status=503)

    assert here("credential-process", *flags).stdout == printed

    entry.write_text("\n".join([form, "0 1", *rest]))  # expired
    done = here("credential-process", *flags)
    assert (done.returncode, done.stdout) == (1, "")
    assert "AWSUnavailable" in done.stderr


def test_cached_path_loads_nothing_slow(terminal: Terminal, role: Setup) -> None:
    flags = terminal.flags(role)
    terminal.credentials(*flags)

    done = terminal.run("credential-process", *flags, PYTHONPROFILEIMPORTTIME="1")

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "rolebound.local.cache" in loaded
    libraries = {"boto3", "botocore", "cryptography"}
    of_python = {"argparse", "dataclasses", "datetime", "fcntl", "hashlib", "json", "pathlib", "re", "typing"}
    assert sorted(loaded & (libraries | of_python)) == []


@pytest.mark.parametrize("is_cached", [False, True])
def test_output_that_cannot_be_written_is_a_failure_in_one_line(
    terminal: Terminal, role: Setup, *, is_cached: bool
) -> None:
    flags = terminal.flags(role)
    if is_cached:
        terminal.credentials(*flags)

    command = [str(ROLEBOUND), "credential-process", *flags]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, env=terminal.environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )

    assert done.returncode == 1
    assert done.stderr == "rolebound: standard output cannot be written: No space left on device\n"


def test_refusal_is_one_line_and_no_credentials(terminal: Terminal, here: Here, aws: Aws) -> None:
    role = aws.setup(in_profile=False)

    done = here("credential-process", *terminal.flags(role))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("rolebound: SessionDenied: AWS refused")
    assert len(done.stderr.splitlines()) == 1


def test_debugging_tells_who_asks_whom_and_no_secret(terminal: Terminal, here: Here, role: Setup) -> None:
    url = role.aws.emulator.endpoint_url

    done = here("credential-process", *terminal.flags(role), "--debug")  # AWS_ENDPOINT_URL says whom

    printed = json.loads(done.stdout)
    for fact in (f"client of {role.name}", f"asking {url} in", printed["Expiration"]):
        assert fact in done.stderr
    assert printed["SecretAccessKey"] not in done.stderr
    assert printed["SessionToken"] not in done.stderr


def test_asking_for_help_leaves_nothing_behind(terminal: Terminal) -> None:
    assert "--role-arn" in terminal.run_well("credential-process", "--help")

    assert not (terminal.home / ".cache").exists()
