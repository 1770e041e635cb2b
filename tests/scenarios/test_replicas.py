"""Two replicas as two processes: one leads, the other takes its place, and no session is asked for twice."""

import json
import signal
from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster
from testbed.operator import NAMESPACE, Operator
from testbed.processes import wait_until
from tests.support.aws import Aws, Setup
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.controlplane

# A Lease of 15 s, a look every 2 s, and a list of Secrets.
TAKEN_WITHIN = 20


@pytest.fixture
def replicas(shared_operator: Operator) -> Iterator[tuple[Operator, Operator]]:
    """The leader and the standby."""
    if shared_operator.is_running():
        shared_operator.stop()
    cluster, ca_file = shared_operator.cluster, shared_operator.ca_file
    first = Operator(cluster, ca_file, name="replica-1").start()
    wait_until("the first leads", first.leads, TAKEN_WITHIN)
    second = Operator(cluster, ca_file, name="replica-2").start()
    yield first, second
    for each in (first, second):
        if each.is_running():
            each.process.popen.send_signal(signal.SIGCONT)
            each.stop()


def served(aws: Aws, sandbox: Sandbox) -> Setup:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")
    sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    return setup


def holder(cluster: Cluster) -> str:
    found = cluster.kubectl("get", "lease", "rolebound", "-n", NAMESPACE, "-o", "json").stdout
    name: str = json.loads(found)["spec"].get("holderIdentity", "")
    return name


def test_one_leads_and_says_so(sandbox: Sandbox, replicas: tuple[Operator, Operator]) -> None:
    first, second = replicas

    assert holder(sandbox.cluster) == "replica-1"
    assert (first.leads(), second.leads()) == (True, False)


def test_lost_leader_is_replaced_and_nothing_is_asked_for_twice(
    aws: Aws, sandbox: Sandbox, replicas: tuple[Operator, Operator]
) -> None:
    first, second = replicas
    setup = served(aws, sandbox)
    keys = sandbox.keys("api-1-aws")

    first.kill()
    sandbox.pod("api-2")
    sandbox.pod("stranger", serviceAccountName="default")

    wait_until("the second leads", second.leads, TAKEN_WITHIN)
    sandbox.eventually("the new pod is served", lambda: sandbox.keys("api-2-aws"))
    sandbox.wait_event("stranger", "NotBound")
    assert setup.issued() == 2, "one for each pod, and none for the new leader"
    assert sandbox.keys("api-1-aws") == keys
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    assert holder(sandbox.cluster) == "replica-2"


def test_leader_that_ends_hands_over_at_once(aws: Aws, sandbox: Sandbox, replicas: tuple[Operator, Operator]) -> None:
    first, second = replicas
    setup = served(aws, sandbox)

    first.process.popen.send_signal(signal.SIGTERM)

    wait_until("the second leads", second.leads, 4)
    sandbox.pod("api-2")
    sandbox.eventually("the new pod is served", lambda: sandbox.keys("api-2-aws"), seconds=5)
    assert setup.issued() == 2
    assert first.process.popen.wait(30) == 0


def test_leader_that_was_frozen_goes_on_as_a_standby(
    aws: Aws, sandbox: Sandbox, replicas: tuple[Operator, Operator]
) -> None:
    first, second = replicas
    setup = served(aws, sandbox)
    first.process.popen.send_signal(signal.SIGSTOP)
    sandbox.pod("api-2")
    wait_until("the second leads", second.leads, TAKEN_WITHIN)
    sandbox.eventually("the new pod is served", lambda: sandbox.keys("api-2-aws"))

    first.process.popen.send_signal(signal.SIGCONT)
    sandbox.pod("api-3")
    sandbox.eventually("the new pod is served", lambda: sandbox.keys("api-3-aws"))
    wait_until("the first follows", lambda: not first.leads(), 5)

    assert second.leads()
    assert setup.issued() == 3
    assert "not_leading" in first.log()


def test_secret_of_a_pod_that_went_while_nobody_led_is_taken_away(
    aws: Aws, sandbox: Sandbox, replicas: tuple[Operator, Operator]
) -> None:
    first, _ = replicas
    served(aws, sandbox)
    first.kill()

    sandbox.delete("awsrolebinding", "reader")

    sandbox.eventually("the Secret is gone", lambda: not sandbox.get("secret", "api-1-aws"), TAKEN_WITHIN + 5)
