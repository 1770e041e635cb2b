"""The cluster's clock and AWS's stand apart: within AWS's tolerance nobody notices, beyond it the reason is told.

AWS refuses what was signed more than five minutes from its own time, so ten minutes off no new session can be had: that
fails by design. What a pod holds already goes on until it expires.
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


@pytest.mark.parametrize(("minutes", "told"), [(10, "10 minutes behind"), (-10, "10 minutes ahead of")])
def test_ten_minutes_are_refused_and_told(
    aws_at: Callable[[timedelta], Aws], sandbox: Sandbox, minutes: int, told: str
) -> None:
    bound(aws_at(timedelta(minutes=minutes)), sandbox)

    message = sandbox.wait_reason("awsrolebinding", "reader", "SessionDenied")["message"]

    assert f"this clock is {told} AWS's" in message
    assert sandbox.secret("api-1-aws") == {}


def test_what_a_pod_holds_goes_on_when_the_clock_goes_wrong(
    aws_at: Callable[[timedelta], Aws], sandbox: Sandbox
) -> None:
    aws = aws_at(timedelta())
    bound(aws, sandbox)
    keys = sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    aws.emulator.clock.advance(timedelta(minutes=10))
    sandbox.cluster.kubectl("annotate", "awsrolebinding", "reader", "-n", sandbox.namespace, "rolebound.dev/renew=1")
    told = sandbox.wait_reason("awsrolebinding", "reader", "SessionDenied", "Renewed")["message"]

    assert "this clock is 10 minutes behind AWS's" in told
    assert sandbox.keys("api-1-aws") == keys
    assert aws.client_as("sts", keys).get_caller_identity()
