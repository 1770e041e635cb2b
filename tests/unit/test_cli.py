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


def version_to(output: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rolebound", "version"]
    return subprocess.run(
        command,
        env={"PYTHONPATH": "operator"},
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def test_output_that_cannot_be_written_is_told_in_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = version_to(full.fileno())

    assert done.returncode == 1
    assert done.stderr == "rolebound: standard output cannot be written: No space left on device\n"


def test_reader_who_has_gone_needs_no_word() -> None:
    reader, writer = os.pipe()
    os.close(reader)

    done = version_to(writer)
    os.close(writer)

    assert (done.returncode, done.stderr) == (1, "")


def test_command_without_a_standard_output_ends_as_ever() -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "rolebound", "version"]

    done = subprocess.run(
        command, env={"PYTHONPATH": "operator"}, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
