"""The webhook as the API server reaches it: by the chart's configuration and Service, which lead to processes here."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from testbed.cluster import Cluster
from testbed.operator import CHART, NAMESPACE, WEBHOOK, Operator
from testbed.processes import free_port, own_address

_POLICIES: Final = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"
_READY_WITHIN: Final = 30.0


@contextmanager
def webhook_in_force(
    cluster: Cluster, ca_file: Path, environment: Mapping[str, str] | None = None, mode: str = "webhook"
) -> Iterator[Operator]:
    """An operator that the API server asks about new pods, for as long as the context lasts."""
    operator = Operator(cluster, ca_file, dict(environment or {}), webhook_port=free_port(""), name="webhook")
    install_webhook(cluster, mode)
    try:
        operator.start()
        point_webhook(cluster, operator.webhook_port)
        cluster.wait("webhook in force", lambda: _answers(cluster), _READY_WITHIN)
        yield operator
    finally:
        uninstall_webhook(cluster)
        if operator.is_running():
            operator.stop()  # so that another operator need not wait for the end of its Lease
        point_webhook(cluster)


def _answers(cluster: Cluster) -> bool:
    """Whether the API server reaches it: it learns of Service, endpoint and bundle in its own time."""
    labels = {"rolebound.dev/inject": "true"}
    spec = {"containers": [{"name": "app", "image": "example.com/app"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "in-force", "labels": labels}, "spec": spec}
    command = ["create", "--dry-run=server", "-n", "default", "-f", "-"]
    return cluster.kubectl(*command, stdin=json.dumps(pod), check=False).returncode == 0


def install_webhook(cluster: Cluster, mode: str = "webhook", *settings: str) -> None:
    """Have the API server call the webhook as the chart says in this `injection.mode`, with values as in `--set`."""
    only = ["--show-only", "templates/webhook-configuration.yaml"]
    chosen = [part for setting in (f"injection.mode={mode}", *settings) for part in ("--set", setting)]
    served = ["--api-versions", _POLICIES]  # which `helm install` would ask the API server for
    rendered = cluster.helm("template", "rolebound", str(CHART), "-n", NAMESPACE, *only, *served, *chosen).stdout
    cluster.kubectl("apply", "--server-side", "--field-manager=helm", "-f", "-", stdin=rendered)


def uninstall_webhook(cluster: Cluster) -> None:
    """Have the API server call no webhook any more."""
    cluster.kubectl("delete", "mutatingwebhookconfiguration", WEBHOOK, "--ignore-not-found")


def point_webhook(cluster: Cluster, *ports: int) -> None:
    """Have the webhook's Service lead to operators that run as processes, as it leads to pods elsewhere."""
    wanted = {f"{WEBHOOK}-{port}": _endpoints(port) for port in ports}
    if wanted:
        listed = {"apiVersion": "v1", "kind": "List", "items": list(wanted.values())}
        cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(listed))
    ours = ["-n", NAMESPACE, "-l", "endpointslice.kubernetes.io/managed-by=testbed"]
    present = cluster.kubectl("get", "endpointslices", *ours, "-o", "jsonpath={.items[*].metadata.name}").stdout
    for name in set(present.split()) - wanted.keys():
        cluster.kubectl("delete", "endpointslice", name, "-n", NAMESPACE)


def _endpoints(port: int) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": WEBHOOK, "endpointslice.kubernetes.io/managed-by": "testbed"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{WEBHOOK}-{port}", "namespace": NAMESPACE, "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [own_address()], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
    }
