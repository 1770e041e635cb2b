"""One emulator for all tests that leave its clock, its faults and its settings alone."""

from collections.abc import Iterator

import pytest

from rolebound.emulator import Emulator, Settings
from tests.emulator.world import Setup, World


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with Emulator(Settings(rate_limit=False, account="222233334444")) as emulator:
        yield World(emulator)


@pytest.fixture(scope="session")
def setup(world: World) -> Setup:
    return world.setup()
