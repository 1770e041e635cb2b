"""What a permitted pod and ServiceAccount get."""

import pytest

from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox
from tests.support.operator import Operator

pytestmark = pytest.mark.controlplane


def test_pod_gets_a_secret_that_is_the_role(operator: Operator, aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")

    keys = sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    who = aws.client_as("sts", keys).get_caller_identity()
    assert who["Arn"].endswith(f":assumed-role/{setup.name}/{sandbox.namespace}.api.api-1")
    assert keys["Expiration"].endswith("Z")
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    sandbox.wait_event("api-1", "Issued")
