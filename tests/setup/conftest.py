"""A stand-in for AWS that belongs to these tests, and a person's shell that is logged in to it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolebound.cli.pki import main as pki
from tests.setup.person import Person
from tests.support import aws as aws_support
from tests.support.aws import Aws


@pytest.fixture(scope="package")
def account() -> Iterator[Aws]:
    """An account of its own: another emulator may run in the same process."""
    emulator = aws_support.start(account="444455556666")
    yield Aws(emulator)
    emulator.stop()


@pytest.fixture
def shell(account: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a person who is the administrator of that account."""
    monkeypatch.chdir(tmp_path)
    emulator = account.emulator
    for name, value in {
        "AWS_ENDPOINT_URL": emulator.endpoint_url,
        "AWS_CA_BUNDLE": str(emulator.ca_file),
        "AWS_SHARED_CREDENTIALS_FILE": str(emulator.credentials_file),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_REGION": aws_support.REGION,
        "AWS_DEFAULT_REGION": aws_support.REGION,
        "ROLEBOUND_CA_PASSWORD": "correct horse",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return tmp_path


@pytest.fixture
def person(account: Aws, shell: Path, capsys: pytest.CaptureFixture[str]) -> Person:
    assert pki(["init"]) == 0
    assert pki(["issue", "--subject", "CN=web,OU=shop", "--dns", "web.example"]) == 0
    return Person(account, shell, capsys, f"set-up-{uuid.uuid4().hex[:8]}")
