import os
import subprocess
import sys
from pathlib import Path

import pytest

from rolebound import __version__


def rolebound(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rolebound", *arguments]
    variables = {"PYTHONPATH": "operator"} | (environment or {})
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)


def test_version_is_the_packages() -> None:
    assert rolebound("version").stdout.strip() == __version__


@pytest.mark.parametrize("arguments", [[], ["fly"]])
def test_unknown_command_shows_the_usage(arguments: list[str]) -> None:
    done = rolebound(*arguments)

    assert done.returncode == 2
    assert "usage: rolebound" in done.stderr


def test_unknown_command_is_named() -> None:
    assert rolebound("fly").stderr.startswith("rolebound: there is no command 'fly'\n")


def test_operator_refuses_to_start_with_one_line_that_says_why() -> None:
    done = rolebound("run")

    assert done.returncode == 2
    assert "POD_NAMESPACE" in done.stderr
    assert "Traceback" not in done.stderr


def test_operator_outside_a_cluster_says_what_to_set() -> None:
    done = rolebound("run", environment={"POD_NAMESPACE": "system"})

    assert done.returncode == 2
    assert "KUBECONFIG" in done.stderr
    assert "Traceback" not in done.stderr


# What images set, and what makes each print a write of its own.
UNBUFFERED = {"PYTHONPATH": "operator", "PYTHONUNBUFFERED": "1"}
BUFFERED = {"PYTHONPATH": "operator"}
PRINTING = pytest.mark.parametrize("arguments", [["version"], ["--help"], ["serve", "--help"]], ids=" ".join)
VARIABLES = pytest.mark.parametrize("variables", [BUFFERED, UNBUFFERED], ids=["buffered", "unbuffered"])


def printed_to(output: int, arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rolebound", *arguments]
    return subprocess.run(
        command, env=variables, stdout=output, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )


@PRINTING
@VARIABLES
def test_output_that_cannot_be_written_is_told_in_one_line(arguments: list[str], variables: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = printed_to(full.fileno(), arguments, variables)

    assert done.returncode == 1
    assert done.stderr == "rolebound: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("arguments", [["version"], ["--help"]], ids=" ".join)
@VARIABLES
def test_reader_who_has_gone_needs_no_word(arguments: list[str], variables: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    done = printed_to(writer, arguments, variables)
    os.close(writer)

    assert (done.returncode, done.stderr) == (1, "")


def test_characters_that_a_terminal_does_not_have_are_no_traceback() -> None:
    done = rolebound("env", "--help", environment={"PYTHONIOENCODING": "ascii"})

    assert (done.returncode, done.stderr) == (0, "")
    assert "rolebound env \\u2026" in done.stdout


def test_without_a_standard_error_nothing_is_said_where_programs_read() -> None:
    command = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-m", "rolebound", "fly"]

    done = subprocess.run(command, env=BUFFERED, stdout=subprocess.PIPE, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (2, "")


def test_command_without_a_standard_output_ends_as_ever() -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "rolebound", "version"]

    done = subprocess.run(
        command, env={"PYTHONPATH": "operator"}, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
