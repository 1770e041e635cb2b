"""Fixtures that more than one folder of tests needs."""

from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster
from tests.support import aws as aws_support
from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox
from tests.support.operator import install_rights


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
