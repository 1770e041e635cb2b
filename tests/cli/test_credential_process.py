"""`rolebound credential-process`, as an SDK runs it."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rolebound.clock import now, parse_rfc3339
from tests.cli.terminal import Terminal
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


def test_cache_is_the_users_alone(terminal: Terminal, role: Setup) -> None:
    terminal.credentials(*terminal.flags(role))

    (entry,) = cache_of(terminal)
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert stat.S_IMODE(entry.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "change",
    [["--session-duration", "900"], ["--role-session-name", "other"], ["--region", "eu-central-1"], ["--no-cache"]],
    ids=lambda change: change[0],
)
def test_other_session_is_not_answered_from_the_cache(terminal: Terminal, role: Setup, change: list[str]) -> None:
    flags = terminal.flags(role)
    terminal.credentials(*flags)

    terminal.credentials(*flags, *change)

    assert role.issued() == 2


def test_new_certificate_is_used_at_once(terminal: Terminal, role: Setup) -> None:
    before = terminal.credentials(*terminal.flags(role))

    after = terminal.credentials(*terminal.flags(role))

    assert before != after


def test_damaged_or_open_cache_is_not_believed(terminal: Terminal, role: Setup) -> None:
    flags = terminal.flags(role)
    first = terminal.credentials(*flags)
    (entry,) = cache_of(terminal)

    entry.chmod(0o644)
    second = terminal.credentials(*flags)
    entry.write_text("rolebound cache 1\nnonsense")
    third = terminal.credentials(*flags)

    assert len({str(each) for each in (first, second, third)}) == 3


def test_home_that_cannot_be_written_costs_only_the_cache(terminal: Terminal, role: Setup) -> None:
    (terminal.home / "file").write_text("")

    assert terminal.credentials(*terminal.flags(role), XDG_CACHE_HOME=str(terminal.home / "file"))


def test_cached_session_outlives_an_outage_until_it_expires(terminal: Terminal, role: Setup) -> None:
    flags = terminal.flags(role)
    printed = terminal.credentials(*flags)
    (entry,) = cache_of(terminal)
    form, times, *rest = entry.read_text().split("\n")
    entry.write_text("\n".join([form, f"0 {times.split()[1]}", *rest]))  # due for renewal
    role.inject("status", status=503)

    assert terminal.credentials(*flags) == printed

    entry.write_text("\n".join([form, "0 1", *rest]))  # expired
    done = terminal.run("credential-process", *flags)
    assert (done.returncode, done.stdout) == (1, "")
    assert "AWSUnavailable" in done.stderr


def test_cached_path_loads_nothing_slow(terminal: Terminal, role: Setup) -> None:
    flags = terminal.flags(role)
    terminal.credentials(*flags)

    done = terminal.run("credential-process", *flags, PYTHONPROFILEIMPORTTIME="1")

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "rolebound.local.cache" in loaded
    slow = {"argparse", "boto3", "botocore", "cryptography", "dataclasses", "json", "pathlib", "typing"}
    assert sorted(loaded & slow) == []


def test_refusal_is_one_line_and_no_credentials(terminal: Terminal, aws: Aws) -> None:
    role = aws.setup(in_profile=False)

    done = terminal.run("credential-process", *terminal.flags(role))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("rolebound: SessionDenied: AWS refused")
    assert len(done.stderr.splitlines()) == 1


def test_nothing_secret_is_printed_at_debug(terminal: Terminal, role: Setup) -> None:
    printed = terminal.credentials(*terminal.flags(role), "--debug", "--no-verify-ssl", "--with-proxy")

    assert printed["SecretAccessKey"]


def test_umask_of_the_user_does_not_open_the_cache(terminal: Terminal, role: Setup) -> None:
    before = os.umask(0)
    try:
        terminal.credentials(*terminal.flags(role))
    finally:
        os.umask(before)

    (entry,) = cache_of(terminal)
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
