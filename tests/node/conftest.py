"""The chart installed by Helm on a real node, and real pods that use it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from testbed import images
from testbed.cluster import Cluster
from testbed.operator import NAMESPACE, ROOT, install_rights
from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox, asking_pod


@pytest.fixture(scope="module")
def installed(cluster: Cluster, aws: Aws) -> Iterator[Cluster]:
    """The operator in the cluster, from its own image, in a namespace that enforces the restricted standard."""
    for archive in (images.operator(), images.client()):
        cluster.load_image(archive)
    restricted = "pod-security.kubernetes.io/enforce=restricted"
    cluster.kubectl("label", "--overwrite", "namespace", NAMESPACE, restricted)
    repository, _, tag = images.OPERATOR.partition(":")
    assert aws.emulator.ca_file is not None
    values = {
        "image": {"repository": repository, "tag": tag, "pullPolicy": "Never"},
        "aws": {"caBundle": aws.emulator.ca_file.read_text()},
    }
    values_file = cluster.workdir / "values.json"
    values_file.write_text(json.dumps(values))
    chart = str(ROOT / "helm" / "rolebound")
    upgrade = ["upgrade", "rolebound", chart, "-n", NAMESPACE, "-f", str(values_file)]
    cluster.helm(*upgrade)
    rolled_out = ["rollout", "status", "deployment/rolebound", "-n", NAMESPACE, "--timeout=45s"]
    if cluster.kubectl(*rolled_out, check=False).returncode:
        described = cluster.kubectl("describe", "pods", "-n", NAMESPACE).stdout
        logs = cluster.kubectl("logs", "deployment/rolebound", "-n", NAMESPACE, check=False)
        pytest.fail(f"the operator does not become ready:\n{described}\n{logs.stdout}{logs.stderr}", pytrace=False)
    yield cluster
    install_rights(cluster)  # and nothing else of it any more


@pytest.fixture
def sandbox(installed: Cluster, aws: Aws) -> Iterator[Sandbox]:
    """A namespace that trusts the emulator's CA."""
    made = Sandbox.make(installed)
    assert aws.emulator.ca_file is not None
    data = {"ca.crt": aws.emulator.ca_file.read_text()}
    metadata = {"name": "aws-ca", "namespace": made.namespace}
    made.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    yield made
    installed.kubectl("delete", "namespace", made.namespace, "--wait=false")


def application(sandbox: Sandbox, aws: Aws, name: str, secret: str) -> dict[str, Any]:
    """A pod with the AWS CLI that mounts `secret` by hand, as an application's author would write it."""
    mount = "/var/run/secrets/rolebound.dev/aws"
    spec = ordinary(aws)
    [container] = spec["containers"]
    environment = {
        "AWS_SHARED_CREDENTIALS_FILE": f"{mount}/credentials",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",  # the variable that the AWS CLI v1 reads
    }
    container["env"] += [{"name": key, "value": value} for key, value in environment.items()]
    container["volumeMounts"].append({"name": "aws", "mountPath": mount, "readOnly": True})
    spec["volumes"].append({"name": "aws", "secret": {"secretName": secret}})
    return asking_pod(sandbox.namespace, name, secret, **spec)


def ordinary(aws: Aws) -> dict[str, Any]:
    """A pod's spec with the AWS CLI, which is told where the AWS is that it talks to and nothing of credentials."""
    environment = {
        "AWS_ENDPOINT_URL": aws.emulator.endpoint_url,
        "AWS_CA_BUNDLE": "/etc/aws-ca/ca.crt",
        "HOME": "/tmp",  # noqa: S108 - the pod's own
    }
    container = {
        "name": "app",
        "image": images.CLIENT,
        "imagePullPolicy": "Never",
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "volumeMounts": [{"name": "ca", "mountPath": "/etc/aws-ca", "readOnly": True}],
    }
    return {
        "serviceAccountName": "api",
        "terminationGracePeriodSeconds": 1,
        "nodeSelector": {},
        "containers": [container],
        "volumes": [{"name": "ca", "configMap": {"name": "aws-ca"}}],
    }
