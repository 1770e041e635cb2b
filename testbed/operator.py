"""The operator as a process of its own, under its real identity: the chart's ServiceAccount, never an administrator."""

import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from testbed import images
from testbed.cluster import Cluster
from testbed.processes import Process, answers, free_port, start, wait_until

ROOT: Final = Path(__file__).parent.parent
CHART: Final = ROOT / "helm" / "rolebound"
NAMESPACE: Final = "rolebound-system"
WEBHOOK: Final = "rolebound-webhook"
# Tests of injection put an injector in force themselves; the rights that the webhook needs are there.
_RIGHTS: Final = ("--set", "injection.mode=webhook")


def install_rights(cluster: Cluster) -> None:
    """What the chart installs, but for the Deployment and the webhook's configuration: CRDs, ServiceAccount, RBAC."""
    cluster.kubectl("create", "namespace", NAMESPACE, check=False)
    cluster.helm("upgrade", "--install", "rolebound", str(CHART), "-n", NAMESPACE, *_RIGHTS)
    # In this order: without the operator nobody answers the webhook's calls.
    cluster.kubectl("delete", "mutatingwebhookconfiguration", WEBHOOK)
    cluster.kubectl("delete", "deployment", "rolebound", "-n", NAMESPACE, "--cascade=foreground")
    crds = ("clusterawsroles", "awsroles", "awsrolebindings")
    names = [f"crd/{name}.rolebound.dev" for name in crds]
    cluster.kubectl("wait", "--for=condition=Established", *names, "--timeout=30s")


@dataclass
class Operator:
    """`rolebound run`, started, stopped and killed at will."""

    cluster: Cluster
    ca_file: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    webhook_port: int = 0
    """Where it serves the webhook; 0 where it serves none."""
    name: str = "operator"
    """Its log's, and its own as a replica: of two with the same name both lead."""
    _process: Process | None = None

    def start(self) -> Self:
        """Start it and return when it is ready."""
        self.port = free_port()
        environment = {
            "KUBECONFIG": str(self.cluster.service_account_kubeconfig(NAMESPACE, "rolebound")),
            "POD_NAMESPACE": NAMESPACE,
            "POD_NAME": self.name,
            "ROLEBOUND_HTTP_HOST": "127.0.0.1",
            "ROLEBOUND_HTTP_PORT": str(self.port),
            "AWS_CA_BUNDLE": str(self.ca_file),
            "PYTHONPATH": str(ROOT / "operator"),
            "PYTHONFAULTHANDLER": "1",
        }
        if self.webhook_port:
            environment |= {
                "ROLEBOUND_WEBHOOK": WEBHOOK,
                "ROLEBOUND_WEBHOOK_PORT": str(self.webhook_port),
                "ROLEBOUND_SIDECAR_IMAGE": images.OPERATOR,
                "ROLEBOUND_SIDECAR_PULL_POLICY": "Never",
            }
        command = [sys.executable, "-m", "rolebound", "run"]
        self._process = start(self.name, command, self.cluster.logs, environment | self.environment)
        wait_until("operator ready", self._is_ready, 30)
        return self

    @property
    def process(self) -> Process:
        """The running process; RuntimeError before start()."""
        if self._process is None:
            raise RuntimeError("the operator was not started")
        return self._process

    def stop(self) -> int:
        """Ask it to end, as the kubelet does, and return its exit status."""
        self.process.stop(patience=35)
        return self.process.popen.returncode

    def kill(self) -> None:
        """End it at once, as a lost node does."""
        self.process.kill()

    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.popen.poll() is None

    def log(self) -> str:
        """Return everything that it has logged."""
        return self.process.log.read_text()

    def metrics(self) -> str:
        """Return its metrics, as Prometheus would read them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as response:
            text: str = response.read().decode()
            return text

    def leads(self) -> bool:
        """Whether it issues and writes, and is no standby."""
        return "\nrolebound_leader 1.0\n" in self.metrics()

    def _is_ready(self) -> bool:
        self.process.check()
        return answers(f"http://127.0.0.1:{self.port}/readyz")
