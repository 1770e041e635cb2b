"""What the demo is played on: a cluster, the AWS stand-in beside it, and a folder for the person's files.

Where the machine can have a node, the operator and the application are pods. Elsewhere both are processes: the
operator still under its ServiceAccount, and the application with the Secret laid out as files.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Final

from demo.terminal import DemoFailed, Terminal
from testbed import debian, images
from testbed.cluster import Cluster, can_have_node
from testbed.emulator import EmulatorProcess
from testbed.operator import NAMESPACE, ROOT, Operator
from testbed.processes import free_port
from testbed.volume import Volume
from testbed.webhook import point_webhook

FOLDER: Final = ROOT / ".demo"
_TOOLS: Final = {"openssl": "openssl", "curl": "curl"}
_MANIFESTS: Final = ROOT / "demo" / "manifests"


@dataclass
class Stage:
    """The running parts, and how to reach them from the person's terminal."""

    cluster: Cluster
    terminal: Terminal
    operator: Operator
    _undo: ExitStack = field(repr=False)

    @property
    def has_node(self) -> bool:
        """Whether pods really run."""
        return self.cluster.has_node

    def render(self, name: str) -> str:
        """Write a manifest with the terminal's variables in it; return its path, relative to the terminal's folder."""
        text = Template((_MANIFESTS / name).read_text()).safe_substitute(self.terminal.variables)
        (FOLDER / name).write_text(text)
        return f".demo/{name}"

    def run_operator(self) -> None:
        """Wait for the operator's pod, or start the operator as a process."""
        rollout = f"kubectl rollout status deployment/rolebound -n {NAMESPACE} --timeout=60s"
        if self.has_node:
            self.terminal.run(rollout)
            return
        self.terminal.say("No node here: the operator runs as a process, as the chart's ServiceAccount.")
        self.terminal.run(f"kubectl scale deployment/rolebound -n {NAMESPACE} --replicas=0")
        self.operator.webhook_port = free_port("")
        self.operator.start()
        self._undo.callback(self.operator.kill)
        point_webhook(self.cluster, self.operator.webhook_port)

    def replace_operator(self) -> None:
        """End the operator and return when another has taken over."""
        if self.has_node:
            self.terminal.run(f"kubectl delete pod -n {NAMESPACE} -l app.kubernetes.io/name=rolebound")
            self.run_operator()
            return
        self.terminal.say("No node here: the operator's process is killed and started again.")
        self.operator.kill()
        self.operator.start()

    def deploy(self, namespace: str) -> None:
        """Apply the application, and return when its pod is there."""
        apply = f"kubectl apply -n {namespace} -f .demo/deployment.yaml"
        self.terminal.run(apply)
        pods = f"kubectl get pods -n {namespace} -l app=web -o name"
        self.terminal.until(pods, lambda text: text.startswith("pod/"))

    def start_application(self) -> None:
        """Wait until the application runs: the pod, or a folder with what the pod would see."""
        if self.has_node:
            described = "kubectl describe pod -n shop -l app=web | tail -n 3"
            self.terminal.until(described, lambda text: "FailedMount" in text)
            self.terminal.run("kubectl get pods -n shop")
            self.terminal.run("kubectl rollout status deployment/web -n shop --timeout=60s")
            return
        self.terminal.say("No node here: a process plays the pod, with its Secret laid out as files in .demo/mount.")
        volume = Volume.follow(self.cluster, "shop", self.secret(), FOLDER / "mount")
        self._undo.callback(volume.stop)
        volume.wait()
        self.terminal.run("ls -l .demo/mount")

    def secret(self) -> str:
        """Return the name of the Secret that the application's pod was given."""
        claim = r"{.items[0].metadata.annotations.rolebound\.dev/secret}"
        return self.terminal.ask(f"kubectl get pods -n shop -l app=web -o jsonpath='{claim}'").partition("=")[2]

    def in_application(self, command: str) -> str:
        """Return the shell command that runs `command` where the application runs."""
        if self.has_node:
            return f"kubectl exec deployment/web -n shop -- {command}"
        return f"AWS_SHARED_CREDENTIALS_FILE=.demo/mount/credentials {command}"

    @property
    def json_file(self) -> str:
        """Where the application finds its credentials."""
        return "/var/run/secrets/rolebound.dev/aws/default.json" if self.has_node else ".demo/mount/credentials.json"

    def expect(self, holds: bool, otherwise: str) -> None:
        """Raise DemoFailed with `otherwise` where something does not hold."""
        if not holds:
            raise DemoFailed(otherwise)

    def sessions_issued(self) -> int:
        """Show how often the stand-in's CreateSession gave a session, and return the number."""
        count = 'python3 -c \'import json, sys; print(json.load(sys.stdin)["counts"].get("Issued", 0))\''
        return int(self.terminal.run(f"curl -s --cacert $AWS_CA_BUNDLE $AWS_ENDPOINT_URL/_emulator/requests | {count}"))


@contextmanager
def raised() -> Iterator[Stage]:
    """Start everything; all of it ends with the block."""
    debian.ensure(_TOOLS)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    archives = (images.operator(), images.client()) if can_have_node() else ()
    terminal = Terminal(ROOT)
    terminal.heading("A real cluster, and a stand-in for AWS that checks every signature")
    with ExitStack() as undo:
        cluster = undo.enter_context(Cluster.start(archives=archives))
        emulator = EmulatorProcess.start(cluster.host_address, FOLDER / "aws", cluster.logs)
        undo.callback(emulator.stop)
        binaries = {"PATH": f"{Path(sys.executable).parent}:{cluster.environment()['PATH']}"}
        terminal.variables |= binaries | {"KUBECONFIG": str(cluster.kubeconfig)} | emulator.environment()
        terminal.run("kubectl version; kubectl get nodes")
        yield Stage(cluster, terminal, Operator(cluster, emulator.ca_file), undo)
