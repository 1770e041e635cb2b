"""What the tests of the webhook need beside a sandbox: pods as controllers make them."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from kubernetes import client, config

from tests.support.aws import Setup
from tests.support.kubernetes import NOWHERE, Sandbox

IMAGE = "localhost/rolebound-pause:1"
LABEL = {"rolebound.dev/inject": "true"}
FILE = {"name": "AWS_SHARED_CREDENTIALS_FILE", "value": "/var/run/secrets/rolebound.dev/aws/credentials"}


def plain_pod(name: str = "web", labels: dict[str, str] | None = LABEL, **changes: Any) -> dict[str, Any]:
    """A pod that knows nothing of rolebound but, by default, the label."""
    metadata = {"name": name, "labels": labels or {}, "annotations": changes.pop("annotations", {})}
    spec: dict[str, Any] = {
        "serviceAccountName": "api",
        "nodeSelector": NOWHERE,
        "containers": [{"name": "app", "image": IMAGE}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec | changes}


def bound(sandbox: Sandbox, setup: Setup, **spec: Any) -> None:
    """Let the ServiceAccount api have a role."""
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup), **spec)


def create(sandbox: Sandbox, pod: dict[str, Any], *options: str) -> tuple[dict[str, Any], str]:
    """The pod as it was admitted, or {}; and what kubectl was told beside it: warnings or the refusal."""
    command = ["create", "-n", sandbox.namespace, "-f", "-", "-o", "json", *options]
    done = sandbox.cluster.kubectl(*command, stdin=json.dumps(pod), check=False)
    return (json.loads(done.stdout) if done.stdout else {}), done.stderr


def is_injected(pod: dict[str, Any]) -> bool:
    """Whether every container finds the file, and the volume is there."""
    containers = pod["spec"]["containers"] + pod["spec"].get("initContainers", [])
    volumes = [each["name"] for each in pod["spec"]["volumes"]]
    return "rolebound-aws" in volumes and all(FILE in each.get("env", []) for each in containers)


def claim(pod: dict[str, Any]) -> str:
    """The Secret that a pod claims for its one binding."""
    text: str = pod["metadata"]["annotations"]["rolebound.dev/secret"]
    return text.partition("=")[2]


@dataclass
class Load:
    """Pods that are created without a pause, as dry runs: how many were admitted, and what was said of the others."""

    admitted: int = 0
    failures: list[str] = field(default_factory=list)
    _ended: Event = field(default_factory=Event)

    def _run(self, sandbox: Sandbox) -> None:
        api: Any = client.CoreV1Api(config.new_client_from_config(str(sandbox.cluster.kubeconfig)))
        while not self._ended.wait(0.02):
            try:
                pod = api.create_namespaced_pod(sandbox.namespace, plain_pod(), dry_run="All")
            except client.ApiException as error:
                self.failures.append(str(error.body))
            else:
                if "rolebound-aws" not in {volume.name for volume in pod.spec.volumes}:
                    self.failures.append("a pod was admitted without its volume")
                self.admitted += 1

    @classmethod
    @contextmanager
    def on(cls, sandbox: Sandbox, threads: int = 3) -> "Iterator[Load]":
        """The load, for as long as the block lasts."""
        load = cls()
        with ThreadPoolExecutor(threads) as pool:
            running = [pool.submit(load._run, sandbox) for _ in range(threads)]
            try:
                yield load
            finally:
                load._ended.set()
        for each in running:
            each.result()

    def goes_on(self) -> bool:
        """Whether another twenty pods are through."""
        before = self.admitted
        for _ in range(200):
            if self.admitted >= before + 20:
                return True
            self._ended.wait(0.05)
        return False
