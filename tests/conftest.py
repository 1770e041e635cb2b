"""Fixtures that more than one folder of tests needs."""

from collections import Counter
from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster, can_have_node
from testbed.operator import install_rights
from tests.support import aws as aws_support
from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, visibly, what needs a node where there can be none."""
    if can_have_node():
        return
    for item in items:
        if item.get_closest_marker("node"):
            item.add_marker(pytest.mark.skip(reason="needs a real kubelet, hence Linux and root"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End each run with what it did not do, and why."""
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    terminalreporter.section("not run")
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} tests skipped: {reason}")
    if not reasons:
        terminalreporter.write_line("nothing was skipped")


def _reason(report: pytest.TestReport) -> str:
    where = report.longrepr
    return where[2].removeprefix("Skipped: ") if isinstance(where, tuple) else str(where)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """One real cluster for the whole run; with a node where a test of the run wants one and the machine can have it."""
    wants_node = any(item.get_closest_marker("node") for item in request.session.items)
    with Cluster.start(with_node=None if wants_node else False) as running:
        install_rights(running)
        yield running


@pytest.fixture(scope="session")
def aws(cluster: Cluster) -> Iterator[Aws]:
    """One emulator for the whole run, where the cluster's pods can reach it."""
    emulator = aws_support.start(cluster.host_address)
    yield Aws(emulator)
    emulator.stop()


@pytest.fixture
def sandbox(cluster: Cluster) -> Iterator[Sandbox]:
    """A namespace of the test's own."""
    made = Sandbox.make(cluster)
    yield made
    cluster.kubectl("delete", "namespace", made.namespace, "--wait=false")
