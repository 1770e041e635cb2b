"""The command line as a user has it: a process of its own, a home of its own, and an AWS that checks signatures."""

import os
import subprocess
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.support import aws as aws_support
from tests.support.aws import Aws, Setup


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """An emulator without a cluster, with an account of its own, as another may run in this process."""
    emulator = aws_support.start(account="222233336666", rate_limit=False)
    yield Aws(emulator)
    emulator.stop()


@pytest.fixture
def role(aws: Aws) -> Iterator[Setup]:
    made = aws.setup()
    yield made
    made.heal()


@pytest.fixture
def terminal(tmp_path: Path, aws: Aws) -> Terminal:
    """A user's terminal."""
    return Terminal.open(tmp_path, aws)


Here = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def here(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The same terminal in this process, where a test has no use for one of its own: many times as fast."""
    for name in os.environ:
        if name.startswith(("AWS_", "ROLEBOUND_", "XDG_")):
            monkeypatch.delenv(name)
    for name, value in terminal.environment.items():
        monkeypatch.setenv(name, value)

    def call(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        status: int = import_module(f"rolebound.cli.{command.replace('-', '_')}").main(list(arguments))
        output, errors = capsys.readouterr()
        return subprocess.CompletedProcess([command, *arguments], status, output, errors)

    return call
