"""The cluster's clock and AWS's stand apart: within AWS's tolerance nobody notices, and beyond it the operator signs by
AWS's clock.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from testbed.cluster import Cluster
from tests.support.aws import Aws, start
from tests.support.kubernetes import Sandbox

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]


@pytest.fixture
def aws_at(cluster: Cluster) -> Iterator[Callable[[timedelta], Aws]]:
    """Makes an AWS whose clock is so far ahead; over plain HTTP, as the operator trusts one CA."""
    with ExitStack() as undo:

        def make(ahead: timedelta) -> Aws:
            emulator = start(cluster.host_address, tls=False, account="777788889999", clock_offset=ahead)
            undo.callback(emulator.stop)
            return Aws(emulator)

        yield make


def bound(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    # Certificates are judged by AWS's clock too.
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")


@pytest.mark.parametrize("minutes", [4, -4])
def test_four_minutes_are_not_noticed(aws_at: Callable[[timedelta], Aws], sandbox: Sandbox, minutes: int) -> None:
    aws = aws_at(timedelta(minutes=minutes))
    bound(aws, sandbox)

    keys = sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    assert aws.client_as("sts", keys).get_caller_identity()


def test_ten_minutes_are_made_up_for(aws_at: Callable[[timedelta], Aws], sandbox: Sandbox) -> None:
    aws = aws_at(timedelta(minutes=10))
    bound(aws, sandbox)

    keys = sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    assert aws.client_as("sts", keys).get_caller_identity()
