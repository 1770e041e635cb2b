"""Fixtures for pytest, for tests of anything that talks to IAM Roles Anywhere.

A test suite asks for them with `pytest_plugins = ["rolebound.emulator.pytest"]` in its topmost conftest.py. They are no
entry point, because that would load the emulator into every test run on the machine. One emulator serves a whole run;
override `roles_anywhere_settings` to start it otherwise.
"""

from collections.abc import Iterator, Mapping

import pytest

from rolebound.emulator.example import Example, make_example
from rolebound.emulator.lifecycle import Emulator, Settings


@pytest.fixture(scope="session")
def roles_anywhere_settings() -> Settings:
    """How the run's emulator is started: on loopback, over TLS, without the quota of ten calls a second."""
    return Settings(rate_limit=False)


@pytest.fixture(scope="session")
def roles_anywhere(roles_anywhere_settings: Settings) -> Iterator[Emulator]:
    """The emulator of this run."""
    with Emulator(roles_anywhere_settings) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def roles_anywhere_example(roles_anywhere: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """A client certificate with a trust anchor, a profile and a role that trust it."""
    return make_example(roles_anywhere, tmp_path_factory.mktemp("roles-anywhere"))


@pytest.fixture
def roles_anywhere_administrator(roles_anywhere: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The variables that make every AWS client the emulator's administrator, set while this test runs."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    variables = roles_anywhere.environment()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables
