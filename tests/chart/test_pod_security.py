"""The operator's pod in a namespace that enforces the restricted Pod Security Standard."""

import json

import pytest

from testbed.cluster import Cluster
from tests.chart.rendering import Object, render
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.controlplane

RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


def try_pod(sandbox: Sandbox, template: Object) -> str:
    """What the API server says of a pod in a namespace that enforces the restricted standard; "" is good."""
    metadata = template["metadata"] | {"name": "operator", "namespace": sandbox.namespace}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    sandbox.cluster.kubectl("label", "--overwrite", "namespace", sandbox.namespace, RESTRICTED)
    sandbox.cluster.kubectl("create", "serviceaccount", "rolebound", "-n", sandbox.namespace)
    done = sandbox.cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod), check=False)
    return done.stderr


@pytest.mark.parametrize("values", [{}, {"aws": {"caBundle": "pem"}}], ids=["default", "CA bundle"])
def test_pod_meets_the_restricted_standard(sandbox: Sandbox, values: Object) -> None:
    assert try_pod(sandbox, render(sandbox.cluster, **values).pod) == ""


def test_restricted_namespace_refuses_a_pod_that_does_not(sandbox: Sandbox) -> None:
    ordinary = {"metadata": {}, "spec": {"containers": [{"name": "a", "image": "a"}]}}

    said = try_pod(sandbox, ordinary)

    assert 'violates PodSecurity "restricted:latest"' in said


def test_container_writes_nowhere_and_has_no_capability(cluster: Cluster) -> None:
    context = render(cluster).container["securityContext"]

    assert context["readOnlyRootFilesystem"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
