"""The pytest plugin as its users have it: a suite of their own, run by pytest in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUITE = """
import os

import boto3
import pytest

from rolebound.emulator import Settings


@pytest.fixture(scope="session")
def roles_anywhere_settings():
    return Settings(region="eu-central-1", account="123456789012", rate_limit=False)


def test_every_client_is_the_administrator(roles_anywhere_administrator):
    identity = boto3.session.Session().client("sts").get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::123456789012:user/administrator"


def test_the_example_is_there(roles_anywhere_example, roles_anywhere_administrator):
    anchors = boto3.session.Session().client("rolesanywhere").list_trust_anchors()["trustAnchors"]
    assert roles_anywhere_example.trust_anchor_arn in [one["trustAnchorArn"] for one in anchors]
    assert ":eu-central-1:" in roles_anywhere_example.profile_arn
    assert roles_anywhere_example.private_key.stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_in_the_environment():
    assert "AWS_ENDPOINT_URL" not in os.environ
"""


def test_a_suite_of_its_users_has_an_emulator(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["rolebound.emulator.pytest"]\n')
    (tmp_path / "test_mine.py").write_text(SUITE)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT / "operator")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_its_guide_names_its_fixtures() -> None:
    guide = (ROOT / "docs" / "howto" / "run-the-aws-stand-in.md").read_text()
    source = (ROOT / "operator" / "rolebound" / "emulator" / "pytest.py").read_text()

    documented = re.findall(r"^\| `(roles_anywhere\w*)` \|", guide, re.MULTILINE)

    assert sorted(documented) == sorted(re.findall(r"^def (\w+)\(", source, re.MULTILINE))
