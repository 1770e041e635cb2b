"""Whatever makes the pods: one label in its template is all that it takes."""

import json
from typing import Any

import pytest

from tests.scenarios.webhook import LABEL, bound, claim, is_injected, plain_pod
from tests.support.aws import Aws
from tests.support.kubernetes import NOWHERE, Sandbox

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("webhook")]

Object = dict[str, Any]

SELECTOR = {"matchLabels": {"app": "web"}}


def template(**spec: Any) -> Object:
    pod = plain_pod(labels=LABEL | {"app": "web"}, **spec)
    return {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]}


def job(**spec: Any) -> Object:
    return {"template": template(restartPolicy="Never"), **spec}


WORKLOADS = {
    "apps/v1 Deployment": {"selector": SELECTOR, "template": template()},
    "apps/v1 ReplicaSet": {"selector": SELECTOR, "template": template()},
    "apps/v1 StatefulSet": {"selector": SELECTOR, "template": template(), "serviceName": "web"},
    "apps/v1 DaemonSet": {"selector": SELECTOR, "template": template()},
    "batch/v1 Job": job(),
    "batch/v1 CronJob": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": job()}},
}


@pytest.fixture(scope="module", autouse=True)
def node(webhook: Any) -> Any:
    """A node on paper, for which the DaemonSet's controller makes a pod."""
    cluster = webhook.cluster
    cluster.kubectl("create", "-f", "-", stdin='{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "paper"}}')
    cluster.kubectl("label", "node", "paper", *(f"{key}={value}" for key, value in NOWHERE.items()))
    yield
    cluster.kubectl("delete", "node", "paper")


@pytest.mark.parametrize("workload", WORKLOADS)
def test_pod_of_a_workload_is_injected_and_gets_its_secret(aws: Aws, sandbox: Sandbox, workload: str) -> None:
    bound(sandbox, aws.setup())
    version, kind = workload.split()
    metadata = {"name": "web", "namespace": sandbox.namespace}
    sandbox.apply({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": WORKLOADS[workload]})
    if kind == "CronJob":
        sandbox.cluster.kubectl("create", "job", "web", "--from=cronjob/web", "-n", sandbox.namespace)

    pod = sandbox.eventually(f"the {kind}'s pod", lambda: pod_of(sandbox))

    assert is_injected(pod)
    sandbox.eventually("credentials", lambda: sandbox.keys(claim(pod)))


def pod_of(sandbox: Sandbox) -> Object | None:
    listed = sandbox.cluster.kubectl("get", "pods", "-n", sandbox.namespace, "-l", "app=web", "-o", "json").stdout
    items: list[Object] = json.loads(listed)["items"]
    return items[0] if items else None
