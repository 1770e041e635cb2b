"""The operator as a process of its own, under its real identity: the chart's ServiceAccount, never an administrator."""

import os
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from testbed.cluster import Cluster
from testbed.processes import Process, answers, free_port, start, wait_until
from tests.support.kubernetes import OPERATOR_NAMESPACE

ROOT = Path(__file__).parents[2]


def install_rights(cluster: Cluster) -> None:
    """What the chart installs, but for the Deployment: CRDs, ServiceAccount, RBAC."""
    cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE, check=False)
    chart = str(ROOT / "helm" / "rolebound")
    cluster.helm("install", "rolebound", chart, "-n", OPERATOR_NAMESPACE)
    cluster.kubectl("delete", "deployment", "rolebound", "-n", OPERATOR_NAMESPACE)
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
    process: Process | None = None

    def start(self) -> "Operator":
        """Start it and return when it is ready."""
        self.port = free_port()
        environment = {
            "KUBECONFIG": str(self.cluster.service_account_kubeconfig(OPERATOR_NAMESPACE, "rolebound")),
            "POD_NAMESPACE": OPERATOR_NAMESPACE,
            "ROLEBOUND_HTTP_HOST": "127.0.0.1",
            "ROLEBOUND_HTTP_PORT": str(self.port),
            "AWS_CA_BUNDLE": str(self.ca_file),
            "PYTHONPATH": str(ROOT / "operator"),
            "PYTHONFAULTHANDLER": "1",
        }
        for name in ("HTTPS_PROXY", "https_proxy", "AWS_PROFILE"):
            environment.setdefault(name, os.environ.get(name, "")) if os.environ.get(name) else None
        command = [sys.executable, "-m", "rolebound", "run"]
        self.process = start("operator", command, self.cluster.logs, environment | self.environment)
        wait_until("operator ready", self._is_ready, 30)
        return self

    def stop(self) -> int:
        """Ask it to end, as the kubelet does, and return its exit status."""
        assert self.process is not None
        self.process.stop(patience=35)
        return self.process.popen.returncode

    def kill(self) -> None:
        """End it at once, as a lost node does."""
        assert self.process is not None
        self.process.kill()

    def is_running(self) -> bool:
        return self.process is not None and self.process.popen.poll() is None

    def log(self) -> str:
        assert self.process is not None
        return self.process.log.read_text()

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as response:
            text: str = response.read().decode()
            return text

    def _is_ready(self) -> bool:
        assert self.process is not None
        self.process.check()
        return answers(f"http://127.0.0.1:{self.port}/readyz")
