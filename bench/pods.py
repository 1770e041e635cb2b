"""From a pod's CREATE to its Secret, on a real API server: 500 bound pods, 20 each second, and no limiter.

The clock runs from the API server's answer to the CREATE until a watch shows the Secret. What AWS took is the
operator's own measurement of CreateSession; its mean is taken off, so a slow call counts against the operator.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from threading import Thread
from typing import Any, Final

from kubernetes import client, config, watch
from prometheus_client.parser import text_string_to_metric_families
from urllib3.exceptions import ProtocolError

from bench import aws
from rolebound.api import names
from testbed.cluster import Cluster
from testbed.emulator import EmulatorProcess
from testbed.operator import Operator, install_rights
from tests.support.kubernetes import Sandbox, asking_pod

_CREDENTIALS: Final = f"type={names.CREDENTIALS_SECRET_TYPE}"
_PODS: Final = 500
_PER_SECOND: Final = 20
_P99_GOAL: Final = 100  # ms
_RSS_GOAL: Final = 120  # MiB
_PATIENCE: Final = 60  # seconds, after the last pod


@dataclass
class Stopwatch:
    """When each pod was created and when its Secret was seen, by one clock."""

    created: dict[str, float] = field(default_factory=dict)
    present: dict[str, float] = field(default_factory=dict)

    def waits(self) -> list[float]:
        """Return what each pod waited, in milliseconds."""
        return [1000 * (self.present[name] - at) for name, at in self.created.items() if name in self.present]


@dataclass
class Usage:
    """What the operator's process has used so far."""

    cpu: float
    rss: float
    peak: float

    @classmethod
    def of(cls, pid: int) -> "Usage":
        """Return CPU seconds, and memory now and at its highest in MiB (Linux's /proc)."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])  # utime and stime, counted after the name
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        rss, peak = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
        return cls(ticks / os.sysconf("SC_CLK_TCK"), rss, peak)


def run() -> None:
    """Print the table."""
    print(f"\n{_PODS} pods, {_PER_SECOND} a second, each with a Secret of its own\n", flush=True)
    with _running() as (operator, sandbox):
        before = Usage.of(operator.process.popen.pid)
        stopwatch = _measured(sandbox)
        after = Usage.of(operator.process.popen.pid)
        calls, seconds = _create_session(operator)
    waits, aws_ms = stopwatch.waits(), 1000 * seconds / calls
    cuts = quantiles(waits, n=100)
    p50, p99 = cuts[49], cuts[98]
    rows = [
        ("Secrets present", f"{len(waits)} of {_PODS}", ""),
        ("CreateSession, mean", f"{aws_ms:.1f} ms", ""),
        ("pod to Secret, p50", f"{p50:.1f} ms", ""),
        ("pod to Secret, p99", f"{p99:.1f} ms", ""),
        ("p50 less CreateSession", f"{p50 - aws_ms:.1f} ms", ""),
        ("p99 less CreateSession", f"{p99 - aws_ms:.1f} ms", _verdict(p99 - aws_ms, _P99_GOAL, "ms")),
        ("operator's CPU per session", f"{1000 * (after.cpu - before.cpu) / calls:.1f} ms", ""),
        ("operator's memory before", f"{before.rss:.0f} MiB", ""),
        ("operator's memory after", f"{after.rss:.0f} MiB", _verdict(after.rss, _RSS_GOAL, "MiB")),
        ("operator's memory, highest", f"{after.peak:.0f} MiB", ""),
    ]
    for what, value, verdict in rows:
        print(f"  {what:<28}{value:>14}   {verdict}".rstrip())


def _verdict(value: float, goal: float, unit: str) -> str:
    return f"goal {goal} {unit}: {'met' if value <= goal else 'NOT met'}"


@contextmanager
def _running() -> Iterator[tuple[Operator, Sandbox]]:
    """A control plane, AWS and the operator, each in a process of its own, and a namespace with a binding."""
    with ExitStack() as undo:
        cluster = undo.enter_context(Cluster.start(with_node=False))
        install_rights(cluster)
        folder = cluster.workdir / "aws"
        emulator = EmulatorProcess.start(cluster.host_address, folder, cluster.logs, "--no-rate-limit")
        undo.callback(emulator.stop)
        sandbox = Sandbox.make(cluster)
        _bind(sandbox, emulator)
        settings = {"ROLEBOUND_SESSIONS_PER_SECOND": "0", "ROLEBOUND_LOG_LEVEL": "warning"}
        operator = Operator(cluster, emulator.ca_file, settings).start()
        undo.callback(operator.kill)
        sandbox.wait_reason("awsrolebinding", "reader", "Issued")
        yield operator, sandbox


def _bind(sandbox: Sandbox, emulator: EmulatorProcess) -> None:
    prepared = aws.prepare(emulator)
    sandbox.certificate("bench", prepared.issue())
    spec = prepared.spec(emulator) | {
        "certificate": {"secretRef": {"name": "bench"}},
        "allowedNamespaces": {"names": [sandbox.namespace]},
    }
    kind = {"apiVersion": "rolebound.dev/v1alpha1", "kind": "ClusterAWSRole"}
    sandbox.apply(kind | {"metadata": {"name": "bench"}, "spec": spec})
    sandbox.binding("bench")


def _measured(sandbox: Sandbox) -> Stopwatch:
    """Create the pods at an even pace and wait for their Secrets."""
    config.load_kube_config(str(sandbox.cluster.kubeconfig))
    api: Any = client.CoreV1Api()  # its annotations want model objects; it takes JSON as well
    stopwatch = Stopwatch()
    Thread(target=_watch, args=(sandbox.namespace, stopwatch), daemon=True).start()
    time.sleep(1)  # the watch stands
    started = time.monotonic()
    for number in range(_PODS):
        time.sleep(max(0.0, started + number / _PER_SECOND - time.monotonic()))
        name = f"pod-{number}"
        api.create_namespaced_pod(sandbox.namespace, asking_pod(sandbox.namespace, name, name))
        stopwatch.created[name] = time.monotonic()
    deadline = time.monotonic() + _PATIENCE
    while len(stopwatch.present) < _PODS and time.monotonic() < deadline:
        time.sleep(0.1)
    return stopwatch


def _watch(namespace: str, stopwatch: Stopwatch) -> None:
    api = client.CoreV1Api()
    events = watch.Watch().stream(api.list_namespaced_secret, namespace, field_selector=_CREDENTIALS)
    with suppress(ProtocolError):  # the API server ends before this thread does
        for event in events:
            stopwatch.present.setdefault(event["object"].metadata.name, time.monotonic())


def _create_session(operator: Operator) -> tuple[int, float]:
    """Return how often the operator called CreateSession, and for how many seconds in all."""
    samples: dict[str, Any] = {
        sample.name: sample.value
        for family in text_string_to_metric_families(operator.metrics())
        if family.name == "rolebound_create_session_seconds"
        for sample in family.samples
    }
    return int(samples["rolebound_create_session_seconds_count"]), samples["rolebound_create_session_seconds_sum"]
