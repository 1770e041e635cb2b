"""Unmodified workloads with one label, injected by the webhook of the installed chart."""

import json
from typing import Any

import pytest

from tests.node.conftest import ordinary
from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.node


def deployment(sandbox: Sandbox, spec: dict[str, Any]) -> dict[str, Any]:
    labels = {"app": "web", "rolebound.dev/inject": "true"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": sandbox.namespace},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template},
    }


def test_deployment_with_one_label_becomes_the_role(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    # An init container that fails without credentials keeps the pod from starting.
    spec = ordinary(aws)
    identity = ["aws", "sts", "get-caller-identity"]
    spec["initContainers"] = [spec["containers"][0] | {"name": "migrate", "command": identity}]

    sandbox.apply(deployment(sandbox, spec))

    where = ["-n", sandbox.namespace]
    sandbox.cluster.kubectl("rollout", "status", "deployment/web", *where, "--timeout=90s", timeout=100)
    who = json.loads(sandbox.cluster.kubectl("exec", "deployment/web", *where, "--", *identity).stdout)
    assert f":assumed-role/{setup.name}/{sandbox.namespace}.api.web-" in who["Arn"]
