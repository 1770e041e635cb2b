"""The launcher: one object that is a running cluster.

Use it as `with Cluster.start() as cluster: cluster.kubectl("get", "nodes")`. Everything that it started ends with it.
"""

import os
import platform
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from testbed import binaries, cache, debian, images, node
from testbed.control_plane import ControlPlane
from testbed.credentials import write_kubeconfig
from testbed.node import Node
from testbed.processes import wait_until
from testbed.workdir import owned_folder


def can_have_node() -> bool:
    """Whether this machine lets us run a kubelet: Linux, and root."""
    return platform.system() == "Linux" and os.geteuid() == 0


@dataclass(slots=True)
class Cluster:
    """A running cluster; stop() or the end of the `with` block takes all of it away."""

    workdir: Path
    binaries: dict[str, Path]
    control_plane: ControlPlane
    kubeconfig: Path
    node: Node | None = None
    _on_stop: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def start(cls, *, with_node: bool | None = None, archives: Sequence[Path] = ()) -> Self:
        """Start a cluster, with a node where `with_node` says so or, by default, where the machine can have one.

        The node has the images in `archives` from the start. Call this from a thread that lives on: what it starts
        ends with it.
        """
        wants_node = can_have_node() if with_node is None else with_node
        wanted = binaries.CONTROL_PLANE + (binaries.NODE if wants_node else ())
        found = binaries.ensure(wanted)
        with ExitStack() as undo:
            workdir = undo.enter_context(owned_folder())
            if wants_node:
                _reserve_node(undo)
            kubernetes = ControlPlane(found, workdir, node.ADDRESS if wants_node else "127.0.0.1")
            cluster = cls(workdir, found, kubernetes, kubernetes.kubeconfig())
            images_loaded = cluster._start_runtime(undo, archives) if wants_node else None
            undo.callback(kubernetes.stop)
            kubernetes.start()
            if cluster.node and images_loaded:
                images_loaded[0].result()  # the pause image
                cluster.node.join(cluster._node_is_ready)
            wait_until("default ServiceAccount", cluster._takes_pods, 30)
            for loaded in images_loaded or ():
                loaded.result()
            cluster._on_stop = undo.pop_all()
        return cluster

    def _start_runtime(self, undo: ExitStack, archives: Sequence[Path]) -> list[Future[None]]:
        """Start the node's container runtime, which needs no API server, and load images while that one starts."""
        plane = self.control_plane
        self.node = Node(self.binaries, self.workdir, plane.kubeconfig, plane.credentials.kubelet_client)
        undo.callback(self.node.stop)
        self.node.start_runtime()
        loader = undo.enter_context(ThreadPoolExecutor(1))
        return [loader.submit(self.node.load_image, archive) for archive in (images.pause(), *archives)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def has_node(self) -> bool:
        """Whether pods really run."""
        return self.node is not None

    @property
    def host_address(self) -> str:
        """The address under which pods, and everybody else, reach servers on this machine."""
        return self.control_plane.address

    @property
    def logs(self) -> Path:
        """The components' logs."""
        return self.workdir / "logs"

    def stop(self) -> None:
        """Stop the cluster and take away everything that it made."""
        self._on_stop.close()

    def stop_api_server(self) -> None:
        """Stop the API server, gracefully."""
        self.control_plane.stop_api_server()

    def kill_api_server(self) -> None:
        """End the API server as a crash would."""
        self.control_plane.kill_api_server()

    def start_api_server(self) -> None:
        """Start the API server again and return when it is ready."""
        self.control_plane.start_api_server()

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator; RuntimeError with what it said where `check` is on and it fails."""
        return self._run("kubectl", arguments, stdin, check, timeout)

    def helm(self, *arguments: str, check: bool = True, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run helm as the administrator; RuntimeError with what it said where `check` is on and it fails."""
        return self._run("helm", arguments, None, check, timeout)

    def load_image(self, archive: Path) -> None:
        """Give the node an image; nothing happens without a node."""
        if self.node is not None:
            self.node.load_image(archive)

    def wait(self, what: str, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Return when `condition` holds; TimeoutError names `what` was waited for."""
        wait_until(what, condition, seconds)

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Return a kubeconfig of a ServiceAccount, with a token that the API server made for it."""
        token = self.kubectl("create", "token", name, "-n", namespace, "--duration=24h").stdout.strip()
        path = self.workdir / f"{namespace}.{name}.kubeconfig"
        return write_kubeconfig(path, self.control_plane.server, self.control_plane.ca_file, token)

    def environment(self) -> dict[str, str]:
        """Return this process' environment with the cluster's binaries first on PATH and its KUBECONFIG."""
        folders = dict.fromkeys(str(path.parent) for path in self.binaries.values())
        # Helm keeps its caches beside the cluster instead of in the user's home.
        helm = {f"HELM_{name}_HOME": str(self.workdir / "helm" / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
        return (
            os.environ | helm | {"KUBECONFIG": str(self.kubeconfig), "PATH": ":".join([*folders, os.environ["PATH"]])}
        )

    def _run(
        self, program: str, arguments: tuple[str, ...], stdin: str | None, check: bool, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        command = [str(self.binaries[program]), *arguments]
        done = subprocess.run(
            command,
            input=stdin,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done

    def _takes_pods(self) -> bool:
        return self.kubectl("get", "serviceaccount", "default", check=False).returncode == 0

    def _node_is_ready(self) -> bool:
        path = "jsonpath={.items[0].status.conditions[?(@.type=='Ready')].status}"
        return self.kubectl("get", "nodes", "-o", path, check=False).stdout == "True"


def _reserve_node(undo: ExitStack) -> None:
    """Wait for this machine's one node to be free, clear what a crashed run left of it, and make its network."""
    debian.ensure(debian.NODE)
    undo.enter_context(cache.locked("node"))
    undo.callback(node.clear)
    node.prepare_network()
