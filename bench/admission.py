"""What admission adds to a pod's CREATE through a real API server: our webhook, our policy, and Amazon's webhook.

Each CREATE is a dry run over one kept connection, so that storing pods is not measured. Pods that an injector sees take
turns with pods that none sees, so that a busy moment of the machine meets both. Amazon's webhook is run where
EKS_POD_IDENTITY_WEBHOOK names its binary.
"""

import base64
import json
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import yaml

from testbed.cluster import Cluster
from testbed.operator import CHART, NAMESPACE, install_rights
from testbed.processes import free_port, start
from testbed.webhook import webhook_in_force
from tests.support.kubernetes import Sandbox
from tests.support.pki import CA

_PAIRS: Final = 400
_WARM_UP: Final = 30
_GOAL: Final = 1.0
_POLICIES: Final = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"
_LABEL: Final = {"rolebound.dev/inject": "true"}

Pod = dict[str, Any]


@dataclass(frozen=True)
class Added:
    """What a CREATE took with an injector and without, in milliseconds, at the median and at the 99th percentile."""

    without: tuple[float, float]
    injected: tuple[float, float]

    @property
    def added(self) -> tuple[float, float]:
        """The difference."""
        return self.injected[0] - self.without[0], self.injected[1] - self.without[1]


def run() -> None:
    """Print the table."""
    print(
        f"\nA pod's CREATE through the API server, {_PAIRS} with an injector and {_PAIRS} without, in ms\n", flush=True
    )
    with Cluster.start(with_node=False) as cluster:
        install_rights(cluster)
        sandbox = Sandbox.make(cluster)
        cluster.kubectl("create", "serviceaccount", "shared", "-n", sandbox.namespace)
        sandbox.binding("none", "reader")
        sandbox.binding("none", "all", subjects=_subject("shared"), sessionScope="ServiceAccount")
        print(f"  {'':<18}{'p50':>9}{'p99':>9}{'none p50':>11}{'none p99':>11}{'added p50':>12}{'added p99':>12}")
        ours = _webhook(sandbox)
        _policy(sandbox)
        theirs = _amazon(sandbox)
    if theirs is None:
        print("\n  Amazon's webhook: not compared (EKS_POD_IDENTITY_WEBHOOK names no binary)")
        return
    for name, mine, other in zip(("p50", "p99"), ours.added, theirs.added, strict=True):
        ratio = mine / other
        print(
            f"\n  ours ÷ Amazon's, added {name}: {ratio:.2f}   goal {_GOAL}: {'met' if ratio <= _GOAL else 'NOT met'}"
        )


def _subject(name: str) -> list[dict[str, str]]:
    return [{"kind": "ServiceAccount", "name": name}]


def _webhook(sandbox: Sandbox) -> Added:
    cluster = sandbox.cluster
    with webhook_in_force(cluster, cluster.control_plane.ca_file, {"ROLEBOUND_LOG_LEVEL": "warning"}):
        return _measured("rolebound, webhook", sandbox, _pod("api", _LABEL))


def _policy(sandbox: Sandbox) -> None:
    cluster = sandbox.cluster
    rendered = cluster.helm(
        *("template", "rolebound", str(CHART), "-n", NAMESPACE),
        *("--set", "injection.mode=policy", "--api-versions", _POLICIES),
    ).stdout
    policies = [each for each in yaml.safe_load_all(rendered) if each and "AdmissionPolicy" in each["kind"]]
    if not policies:
        print(f"  {'rolebound, policy':<18}  the chart has none")
        return
    sandbox.apply(*policies)
    try:
        _measured("rolebound, policy", sandbox, _pod("shared", _LABEL))
    finally:
        listed = {"apiVersion": "v1", "kind": "List", "items": policies}
        cluster.kubectl("delete", "-f", "-", stdin=json.dumps(listed))


def _amazon(sandbox: Sandbox) -> Added | None:
    binary = os.environ.get("EKS_POD_IDENTITY_WEBHOOK")
    if not binary:
        return None
    annotation = "eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/bench"
    sandbox.cluster.kubectl("annotate", "serviceaccount", "default", "-n", sandbox.namespace, annotation)
    with _amazons_webhook(sandbox.cluster, Path(binary)) as configuration:
        sandbox.apply(configuration)
        try:
            return _measured("Amazon's webhook", sandbox, _pod("default", {"bench": "amazon"}))
        finally:
            sandbox.cluster.kubectl("delete", "mutatingwebhookconfiguration", configuration["metadata"]["name"])


@contextmanager
def _amazons_webhook(cluster: Cluster, binary: Path) -> Iterator[Pod]:
    """Amazon's webhook outside of a cluster, by its flags for that; yields the configuration that calls it."""
    folder = cluster.workdir / "amazon"
    folder.mkdir()
    authority = CA.root()
    issued = authority.issue(dns="localhost")
    certificate, key = folder / "tls.crt", folder / "tls.key"
    certificate.write_bytes(issued.certificate_pem)
    key.write_bytes(issued.key_pem)
    port = free_port()
    command: list[str | Path] = [
        *(binary, "--in-cluster=false", f"--kubeconfig={cluster.kubeconfig}", f"--port={port}"),
        *(f"--metrics-port={free_port()}", f"--tls-cert={certificate}", f"--tls-key={key}"),
    ]
    process = start("amazon", command, cluster.logs)
    try:
        process.check()
        bundle = base64.b64encode(authority.pem).decode()
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        called = {
            "name": "pod-identity-webhook.amazonaws.com",
            "clientConfig": {"url": f"https://localhost:{port}/mutate", "caBundle": bundle},
            "rules": [rule],
            "objectSelector": {"matchLabels": {"bench": "amazon"}},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1beta1"],  # what it answers with
        }
        kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
        yield kind | {"metadata": {"name": "bench-amazon"}, "webhooks": [called]}
    finally:
        process.kill()


def _pod(account: str, labels: Mapping[str, str]) -> Pod:
    container = {"image": "example.com/app:1", "env": [{"name": "MODE", "value": "bench"}]}
    spec = {"serviceAccountName": account, "containers": [container | {"name": name} for name in ("app", "proxy")]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "bench-", "labels": labels}, "spec": spec}


def _measured(name: str, sandbox: Sandbox, seen: Pod) -> Added:
    """Create the pods in turns and print a row."""
    unseen = seen | {"metadata": {"generateName": "bench-"}}
    with _creates(sandbox) as create:
        sandbox.eventually(f"{name} is in force", lambda: _is_injected(create(seen)[1]))
        for _ in range(_WARM_UP):
            create(seen)
            create(unseen)
        without, injected = [], []
        for _ in range(_PAIRS):
            without.append(create(unseen)[0])
            took, pod = create(seen)
            injected.append(took)
            assert _is_injected(pod), pod
    row = Added(_percentiles(without), _percentiles(injected))
    numbers = (*row.injected, *row.without, *row.added)
    widths = (9, 9, 11, 11, 12, 12)
    print(
        f"  {name:<18}" + "".join(f"{value:>{width}.2f}" for value, width in zip(numbers, widths, strict=True)),
        flush=True,
    )
    return row


def _is_injected(pod: Pod) -> bool:
    variables = [each["name"] for each in pod.get("spec", {}).get("containers", [{}])[0].get("env", [])]
    return any(name.startswith("AWS_") for name in variables)


def _percentiles(values: list[float]) -> tuple[float, float]:
    cuts = quantiles(values, n=100)
    return cuts[49], cuts[98]


@contextmanager
def _creates(sandbox: Sandbox) -> Iterator[Any]:
    """A function that creates a pod as a dry run, and returns milliseconds and the pod as it was admitted."""
    plane = sandbox.cluster.control_plane
    kubeconfig = json.loads(sandbox.cluster.kubeconfig.read_text())
    headers = {
        "Authorization": f"Bearer {kubeconfig['users'][0]['user']['token']}",
        "Content-Type": "application/json",
    }
    path = f"/api/v1/namespaces/{sandbox.namespace}/pods?dryRun=All"
    context = ssl.create_default_context(cafile=str(plane.ca_file))
    with ExitStack() as undo:
        connection = HTTPSConnection(plane.address, plane.port, context=context, timeout=30)
        undo.callback(connection.close)

        def create(pod: Pod) -> tuple[float, Pod]:
            body = json.dumps(pod)
            started = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse().read()
            return 1000 * (time.perf_counter() - started), json.loads(answer)

        yield create
