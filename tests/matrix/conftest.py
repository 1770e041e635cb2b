"""The short form of the SDK matrix: Python's programs and one in Go, whose readers live through all that tests do."""

from collections.abc import Iterator

import pytest

from matrix import builds
from matrix.programs import PROGRAMS, Language
from matrix.readers import Reader
from matrix.stage import Stage, raised
from rolebound.model.objects import DeliveryType
from testbed import images
from testbed.cluster import Cluster, can_have_node

# Renewed at 5.4 to 6 s, and in the volume 1.5 s later at most: the test bed's kubelet looks every 1 to 1.5 s.
LIFETIME = 12
# C++ keeps what it has fetched until seconds before the end, and such a session is hardly longer: `make sdk-matrix` has
# it, with sessions of a minute.
PROGRAMS_HERE = [
    each
    for each in PROGRAMS
    if each.name == "Go v2" or (each.language is Language.PYTHON and each.package != "pyarrow")
]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the volumes were not a kubelet's."""
    if not can_have_node():
        terminalreporter.write_line("tests/matrix: no kubelet here; the Secrets were laid out as files by the test bed")


@pytest.fixture(scope="module")
def stage(cluster: Cluster) -> Iterator[Stage]:
    """AWS with short sessions, an operator, and a pod for each delivery."""
    builds.ensure(program.language for program in PROGRAMS_HERE)
    if cluster.has_node:
        cluster.load_image(images.operator())
    with raised(cluster, LIFETIME) as made:
        yield made


@pytest.fixture(scope="module")
def readers(stage: Stage) -> Iterator[dict[tuple[str, DeliveryType], Reader]]:
    """Programs that call all the time, by name and delivery, each after its first call."""
    started = {
        (program.name, delivery): Reader.start(stage, program, delivery, pause=0.5)
        for program in PROGRAMS_HERE
        for delivery in DeliveryType
    }
    for (name, delivery), reader in started.items():
        stage.sandbox.eventually(f"a call of {name} by {delivery}", reader.has_called, 30)
    yield started
    for reader in started.values():
        reader.stop()
