"""What is the admission policies' own: what they cannot do is said, and is left to the webhook where there is one."""

from collections.abc import Iterator
from typing import Any

import pytest

from testbed.cluster import Cluster
from tests.injection.api import Api
from tests.injection.policies import policies_in_force
from tests.support.injection import cases
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.controlplane

POD = next(case.pod for case in cases() if case.name == "credential-process")


@pytest.fixture(scope="module")
def beside_the_webhook(cluster: Cluster) -> Iterator[None]:
    """The policies as `injection.mode: auto` has them, without the webhook."""
    with policies_in_force(cluster, "auto"):
        yield


@pytest.fixture
def alone(injector: str) -> None:
    """The policies as `injection.mode: policy` has them."""
    assert injector == "policy"


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """A namespace with the ServiceAccount of the pod."""
    sandbox.cluster.kubectl("create", "serviceaccount", "api", "-n", sandbox.namespace)
    return sandbox


def bind(api: Api, namespace: str, name: str, **spec: Any) -> None:
    defaults = {
        "subjects": [{"kind": "ServiceAccount", "name": "api"}],
        "roleRef": {"kind": "ClusterAWSRole", "name": "readers"},
        "sessionScope": "ServiceAccount",
    }
    path = f"/apis/rolebound.dev/v1alpha1/namespaces/{namespace}/awsrolebindings"
    api.create(path, {"metadata": {"name": name}, "spec": defaults | spec})
