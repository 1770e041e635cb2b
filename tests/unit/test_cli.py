import subprocess
import sys

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
