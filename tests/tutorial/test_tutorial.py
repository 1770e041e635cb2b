"""The tutorial, run as it stands: every command in order, and what it says compared with what the page shows."""

import os
import re
import sys
from pathlib import Path

import pytest

from testbed.operator import ROOT
from tests.tutorial.document import Command, commands, said

PAGE = ROOT / "docs" / "tutorial" / "first-credentials.md"
COMMANDS = commands(PAGE)
# All that differs from run to run. The page's output and the real one are compared after these.
VARYING = {
    r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}": "ID",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ": "DATE",
    r"(?<=Serial number:            )\d+": "SERIAL NUMBER",
    r"(?<=assumed-role/rolebound/)([0-9a-f]{2})+": "SERIAL NUMBER",
    r"AROA[A-Z0-9]+:([0-9a-f]{2})+": "ROLE ID:SERIAL NUMBER",
    r"(?<=SHA-256:                  )[0-9a-f]{64}": "FINGERPRINT",
    r'(?<="AccessKeyId":")ASIA[A-Z0-9]+': "ACCESS KEY ID",
    r'(?<="SecretAccessKey":")[A-Za-z0-9/+]+': "SECRET ACCESS KEY",
    r'(?<="SessionToken":")[A-Za-z0-9/+=]+': "SESSION TOKEN",
}
FAILS = "An error occurred"
"""A command that the page shows to say this is one that has to fail."""


def steady(text: str) -> str:
    for pattern, name in VARYING.items():
        text = re.sub(pattern, name, text)
    return text


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    folder = tmp_path_factory.mktemp("walk")
    home = tmp_path_factory.mktemp("home")
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    # Unbuffered, so that the two streams come in the order in which a terminal shows them.
    answers = said(COMMANDS, folder, {"PATH": programs, "HOME": str(home), "PYTHONUNBUFFERED": "1"})
    return [(steady(output), status) for output, status in answers]


def test_the_page_has_the_whole_walk() -> None:
    text = "\n".join(command.text for command in COMMANDS)

    assert all(part in text for part in ("pki init", "pki issue", "setup", "credential-process", "get-caller-identity"))


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=lambda number: COMMANDS[number].text[:60])
def test_command_does_what_the_page_shows(walked: list[tuple[str, int]], number: int) -> None:
    command: Command = COMMANDS[number]

    output, status = walked[number]

    assert output == steady(command.shown)
    assert (status != 0) == (FAILS in command.shown), output
