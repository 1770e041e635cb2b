"""The real operator, as its own ServiceAccount, against the real API server and the emulator."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from testbed.cluster import Cluster
from testbed.operator import Operator
from testbed.webhook import webhook_in_force
from tests.support.aws import Aws, start


@pytest.fixture(scope="session")
def shared_operator(cluster: Cluster, aws: Aws) -> Iterator[Operator]:
    ca_file = aws.emulator.ca_file
    assert ca_file is not None
    running = Operator(cluster, ca_file).start()
    yield running
    if running.is_running():
        running.stop()


@pytest.fixture
def short_lived_aws(cluster: Cluster) -> Iterator[Aws]:
    """Another account, whose sessions live for 10 seconds; over plain HTTP, as the operator trusts one CA."""
    lifetime = timedelta(seconds=10)
    emulator = start(cluster.host_address, tls=False, account="444455556666", session_lifetime=lifetime)
    yield Aws(emulator)
    emulator.stop()


@pytest.fixture
def operator(shared_operator: Operator, aws: Aws) -> Iterator[Operator]:
    """The operator, running whatever the test before did to it, and AWS without faults."""
    if not shared_operator.is_running():
        shared_operator.start()
    aws.emulator.clear_faults()
    yield shared_operator
    aws.emulator.clear_faults()


@pytest.fixture(scope="module")
def webhook(cluster: Cluster, aws: Aws) -> Iterator[Operator]:
    """An operator that the API server asks about new pods, and no longer when the module is done."""
    ca_file = aws.emulator.ca_file
    assert ca_file is not None
    with webhook_in_force(cluster, ca_file) as running:
        yield running
