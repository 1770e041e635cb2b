"""One emulator for all diagnoses; its administrator is the ordinary AWS login unless a test takes another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rolebound.emulator import Emulator, Settings
from tests.doctor.consultation import Doctor
from tests.emulator.world import World


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with Emulator(Settings(rate_limit=False, account="333344445555")) as emulator:
        yield World(emulator)


@pytest.fixture
def doctor(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Doctor]:
    emulator = world.emulator
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(emulator.ca_file))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(emulator.credentials_file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("ROLEBOUND_PKCS8_PASSWORD", "guessed")  # so that nobody is asked at a terminal
    yield Doctor(tmp_path, capsys)
    emulator.clear_faults()
