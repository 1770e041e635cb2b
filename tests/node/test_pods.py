"""Real pods on a real node, with the real AWS CLI."""

import json
from typing import Any

import pytest

from testbed.operator import NAMESPACE
from tests.node.conftest import application
from tests.support.aws import Aws, Setup
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.node


def run(sandbox: Sandbox, pod: str, *command: str, check: bool = True) -> str:
    """What `command` prints inside the pod, or its error."""
    done = sandbox.cluster.kubectl("exec", pod, "-n", sandbox.namespace, "--", *command, check=check)
    return done.stdout if done.returncode == 0 else done.stderr


def wait_running(sandbox: Sandbox, pod: str) -> None:
    def running() -> bool:
        statuses = (sandbox.get("pod", pod).get("status") or {}).get("containerStatuses") or [{}]
        return bool(statuses[0].get("ready"))

    sandbox.eventually(f"pod {pod} running", running, seconds=60)


def started(sandbox: Sandbox, aws: Aws, **binding: Any) -> Setup:
    """A pod with credentials."""
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup), **binding)
    sandbox.apply(application(sandbox, aws, "app", "app-aws"))
    wait_running(sandbox, "app")
    return setup


def test_pod_is_the_role_and_reads_but_does_not_write(aws: Aws, sandbox: Sandbox) -> None:
    setup = started(sandbox, aws)
    bucket = f"bucket-of-{setup.name}"
    aws.bucket(bucket)
    aws.client("s3").put_object(Bucket=bucket, Key="hello.txt", Body=b"hello from S3")

    who = json.loads(run(sandbox, "app", "aws", "sts", "get-caller-identity"))
    read = run(sandbox, "app", "aws", "s3", "cp", f"s3://{bucket}/hello.txt", "-")
    written = run(sandbox, "app", "aws", "s3", "cp", "/etc/hostname", f"s3://{bucket}/x", check=False)

    assert who["Arn"] == f"arn:aws:sts::111122223333:assumed-role/{setup.name}/{sandbox.namespace}.api.app"
    assert read == "hello from S3"
    assert "AccessDenied" in written


def test_pod_waits_for_its_credentials_and_says_why(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup, allowedNamespaces={"names": ["elsewhere"]}))
    sandbox.apply(application(sandbox, aws, "app", "app-aws"))
    sandbox.wait_event("app", "FailedMount")

    described = sandbox.cluster.kubectl("describe", "pod", "app", "-n", sandbox.namespace).stdout
    assert "NamespaceNotAllowed" in described
    assert sandbox.get("pod", "app")["status"]["phase"] == "Pending"

    sandbox.cluster_role(setup)
    wait_running(sandbox, "app")


def test_running_pod_sees_the_renewed_key_without_a_restart(aws: Aws, sandbox: Sandbox) -> None:
    setup = started(sandbox, aws)
    read = ["cat", "/var/run/secrets/rolebound.dev/aws/credentials.json"]
    before = json.loads(run(sandbox, "app", *read))["AccessKeyId"]
    sandbox.certificate(setup.name, setup.issue())
    renew = ["awsrolebinding", "reader", "-n", sandbox.namespace, "rolebound.dev/renew=1"]
    sandbox.cluster.kubectl("annotate", *renew)

    after = sandbox.eventually(
        "a new key in the file",
        lambda: (key := json.loads(run(sandbox, "app", *read))["AccessKeyId"]) != before and key,
        seconds=60,
    )

    assert after == sandbox.keys("app-aws")["AccessKeyId"]
    assert json.loads(run(sandbox, "app", "aws", "sts", "get-caller-identity"))
    assert sandbox.get("pod", "app")["status"]["containerStatuses"][0]["restartCount"] == 0


def test_operator_pod_that_is_replaced_asks_for_nothing(aws: Aws, sandbox: Sandbox) -> None:
    setup = started(sandbox, aws)
    before = setup.issued()
    cluster = sandbox.cluster

    cluster.kubectl("delete", "pod", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=rolebound", timeout=90)
    cluster.kubectl("rollout", "status", "deployment/rolebound", "-n", NAMESPACE, "--timeout=60s", timeout=90)
    sandbox.apply(application(sandbox, aws, "second", "second-aws"))
    wait_running(sandbox, "second")

    assert setup.issued() == before + 1  # the second pod's own


def test_secret_goes_with_its_pod(aws: Aws, sandbox: Sandbox) -> None:
    started(sandbox, aws)

    sandbox.delete("pod", "app")

    sandbox.eventually("the Secret is gone", lambda: not sandbox.get("secret", "app-aws"))


def test_garbage_collector_takes_the_secret_while_the_operator_is_down(aws: Aws, sandbox: Sandbox) -> None:
    started(sandbox, aws)
    scale = ["scale", "deployment/rolebound", "-n", NAMESPACE]
    sandbox.cluster.kubectl(*scale, "--replicas=0")
    try:
        sandbox.delete("pod", "app")
        sandbox.eventually("the Secret is gone", lambda: not sandbox.get("secret", "app-aws"))
    finally:
        sandbox.cluster.kubectl(*scale, "--replicas=1")
        status = ["rollout", "status", "deployment/rolebound", "-n", NAMESPACE, "--timeout=60s"]
        sandbox.cluster.kubectl(*status, timeout=90)


def test_shared_secret_is_mounted_by_name_without_asking(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup), sessionScope="ServiceAccount")
    pod = application(sandbox, aws, "chart-pod", "rolebound-reader-api")
    pod["metadata"]["labels"], pod["metadata"]["annotations"] = {}, {}
    sandbox.apply(pod)
    wait_running(sandbox, "chart-pod")

    who = json.loads(run(sandbox, "chart-pod", "aws", "sts", "get-caller-identity"))

    assert who["Arn"].endswith(f"/{sandbox.namespace}.api")
