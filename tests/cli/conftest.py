"""The command line as a user has it: a process of its own, a home of its own, and an AWS that checks signatures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.support import aws as aws_support
from tests.support.aws import Aws, Setup


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """An emulator without a cluster; it keeps no rate, as 50 callers at once are the point of a test."""
    emulator = aws_support.start(rate_limit=False)
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
