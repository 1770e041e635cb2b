"""How long a pod takes from its CREATE to its container running, without rolebound and with each delivery.

On the real node. Operator, webhook and AWS are processes beside the cluster, so the way is the real one: admission,
CreateSession, Secret, kubelet. Pods take turns, so that a busy moment of the machine meets all kinds alike. What counts
is when a watch sees the container run. Without root there is no node, and the table says so.
"""

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median
from typing import Any, Final

from bench import aws
from testbed import images
from testbed.cluster import Cluster, can_have_node
from testbed.emulator import EmulatorProcess
from testbed.operator import install_rights
from testbed.webhook import webhook_in_force
from tests.support.kubernetes import Sandbox

_ROUNDS: Final = 12
_GOAL: Final = 1.0  # seconds more
_INJECT: Final = {"rolebound.dev/inject": "true"}
_KINDS: Final[Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]] = {
    "not injected": ({}, {}),
    "CredentialProcess": (_INJECT, {"rolebound.dev/delivery": "CredentialProcess"}),
    "StaticFile": (_INJECT, {"rolebound.dev/delivery": "StaticFile"}),
    "Endpoint": (_INJECT, {"rolebound.dev/delivery": "Endpoint"}),
}


def run() -> None:
    """Print the table."""
    print(f"\nFrom a pod's CREATE to its container running, {_ROUNDS} pods of each kind, in seconds\n", flush=True)
    if not can_have_node():
        print("  not measured: a node takes Linux and root")
        return
    with ExitStack() as undo:
        cluster = undo.enter_context(Cluster.start(with_node=True, archives=(images.operator(), images.client())))
        install_rights(cluster)
        emulator = EmulatorProcess.start(cluster.host_address, cluster.workdir / "aws", cluster.logs)
        undo.callback(emulator.stop)
        sandbox = _bound(cluster, emulator)
        undo.enter_context(webhook_in_force(cluster, emulator.ca_file, {"ROLEBOUND_LOG_LEVEL": "warning"}))
        took: dict[str, list[float]] = {kind: [] for kind in _KINDS}
        for number in range(_ROUNDS):
            for kind in _KINDS:
                took[kind].append(_started(sandbox, kind, number))
    _print(took)


def _print(took: Mapping[str, list[float]]) -> None:
    base = median(took["not injected"])
    print(f"  {'':<20}{'median':>9}{'longest':>9}{'more':>9}")
    for kind, seconds in took.items():
        more = median(seconds) - base
        verdict = "" if kind == "not injected" else f"   goal {_GOAL} s more: {'met' if more <= _GOAL else 'NOT met'}"
        print(f"  {kind:<20}{median(seconds):>9.2f}{max(seconds):>9.2f}{more:>9.2f}{verdict}")


def _bound(cluster: Cluster, emulator: EmulatorProcess) -> Sandbox:
    sandbox, prepared = Sandbox.make(cluster), aws.prepare(emulator)
    sandbox.certificate("bench", prepared.issue())
    spec = prepared.spec(emulator) | {
        "certificate": {"secretRef": {"name": "bench"}},
        "allowedNamespaces": {"names": [sandbox.namespace]},
    }
    kind = {"apiVersion": "rolebound.dev/v1alpha1", "kind": "ClusterAWSRole"}
    sandbox.apply(kind | {"metadata": {"name": "bench"}, "spec": spec})
    sandbox.binding("bench")
    return sandbox


def _started(sandbox: Sandbox, kind: str, number: int) -> float:
    """Create one pod, return the seconds until its container runs, and take it away."""
    name = f"{kind.lower().replace(' ', '-')}-{number}"
    labels, annotations = _KINDS[kind]
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": sandbox.namespace,
            "labels": dict(labels),
            "annotations": dict(annotations),
        },
        "spec": {
            "serviceAccountName": "api",
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "app", "image": images.CLIENT, "imagePullPolicy": "Never"}],
        },
    }
    where = ["-n", sandbox.namespace]
    running = ["wait", "--for=jsonpath={.status.containerStatuses[0].state.running.startedAt}", f"pod/{name}"]
    began = time.monotonic()
    sandbox.cluster.kubectl("create", *where, "-f", "-", stdin=json.dumps(pod))
    sandbox.cluster.kubectl(*running, *where, "--timeout=50s")
    took = time.monotonic() - began
    sandbox.cluster.kubectl("delete", "pod", name, *where, "--wait=false")
    return took
