"""What new pods see while the operator's own pod is replaced: nothing."""

import json

import pytest

from testbed.operator import NAMESPACE
from tests.node.conftest import ordinary
from tests.scenarios.webhook import Load, bound
from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox, asking_pod

pytestmark = pytest.mark.node

OPERATOR = ["deployment/rolebound", "-n", NAMESPACE]


def holder(sandbox: Sandbox) -> str:
    lease = sandbox.get("lease", "rolebound", NAMESPACE)
    name: str = lease["spec"]["holderIdentity"]
    return name


def test_replaced_operator_refuses_no_pod_and_loses_no_time(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    bound(sandbox, setup)
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    before = holder(sandbox)
    with Load.on(sandbox) as load:
        assert load.goes_on()

        sandbox.cluster.kubectl("rollout", "restart", *OPERATOR)
        sandbox.cluster.kubectl("rollout", "status", *OPERATOR, "--timeout=90s", timeout=100)
        sandbox.eventually("the new one leads", lambda: holder(sandbox) not in ("", before), seconds=40)

        assert load.goes_on()

    assert load.failures == []
    sandbox.apply(asking_pod(sandbox.namespace, "web", "", **ordinary(aws)))
    sandbox.cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "-n", sandbox.namespace, "--timeout=60s")
    who = sandbox.cluster.kubectl("exec", "web", "-n", sandbox.namespace, "--", "aws", "sts", "get-caller-identity")
    assert f":assumed-role/{setup.name}/" in json.loads(who.stdout)["Arn"]
