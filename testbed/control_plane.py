"""etcd, kube-apiserver, kube-controller-manager and kube-scheduler, as ordinary processes on free ports."""

import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

from testbed.credentials import Credentials
from testbed.processes import Process, answers, free_port, start, wait_until

SERVICE_RANGE: Final = "10.96.0.0/16"
_READY_WITHIN: Final = 60.0


@dataclass(slots=True)
class ControlPlane:
    """A Kubernetes without nodes."""

    binaries: dict[str, Path]
    folder: Path
    address: str
    """Where the API server is reached: loopback, or the bridge that pods see."""
    credentials: Credentials = field(init=False)
    port: int = field(init=False)
    _etcd_port: int = field(init=False)
    _running: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.credentials = Credentials(self.folder / "credentials")
        self.port, self._etcd_port = free_port(self.address), free_port()

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://{self.address}:{self.port}"

    @property
    def ca_file(self) -> Path:
        """What the API server's certificate is verified with: itself."""
        return self.folder / "apiserver" / "apiserver.crt"

    def kubeconfig(self, name: str = "admin") -> Path:
        """Return a kubeconfig for `admin` or one of the components."""
        return self.credentials.kubeconfig(name, self.server, self.ca_file)

    def start(self) -> None:
        """Start everything and return when the API server is ready."""
        self._start_etcd()
        self.start_api_server()
        self._start_controllers()

    def start_api_server(self) -> None:
        """Start the API server alone and return when it is ready."""
        on_loopback = self.address.startswith("127.")
        key = self.credentials.service_account_key
        self._running["kube-apiserver"] = start(
            "kube-apiserver",
            [
                self.binaries["kube-apiserver"],
                f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
                f"--secure-port={self.port}",
                f"--bind-address={'127.0.0.1' if on_loopback else '0.0.0.0'}",  # noqa: S104 - a test machine
                f"--cert-dir={self.ca_file.parent}",
                f"--token-auth-file={self.credentials.token_file}",
                "--authorization-mode=Node,RBAC",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={key}",
                f"--service-account-signing-key-file={key}",
                f"--service-cluster-ip-range={SERVICE_RANGE}",
                "--allow-privileged=true",
                "--enable-aggregator-routing=true",
                "--kubelet-preferred-address-types=InternalIP",
                f"--kubelet-client-certificate={self.credentials.kubelet_client}",
                f"--kubelet-client-key={self.credentials.kubelet_client_key}",
                # Loopback is refused as an endpoint of the kubernetes Service, and without pods nobody needs it.
                *(["--endpoint-reconciler-type=none"] if on_loopback else [f"--advertise-address={self.address}"]),
            ],
            self.folder / "logs",
        )
        process = self._running["kube-apiserver"]
        wait_until("kube-apiserver ready", lambda: self._is_ready(process), _READY_WITHIN)

    def stop_api_server(self) -> None:
        """Stop the API server and wait until it is gone: it drains for some seconds."""
        self._running.pop("kube-apiserver").stop(patience=90)

    def kill_api_server(self) -> None:
        """End the API server at once, as a crash would."""
        self._running.pop("kube-apiserver").kill()

    def stop(self) -> None:
        """Stop everything."""
        for name in reversed(list(self._running)):
            self._running.pop(name).kill()

    def check(self) -> None:
        """Raise where a component has ended."""
        for process in self._running.values():
            process.check()

    def _start_etcd(self) -> None:
        peers, metrics = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._running["etcd"] = start(
            "etcd",
            [
                self.binaries["etcd"],
                f"--data-dir={self.folder / 'etcd'}",
                f"--listen-client-urls=http://127.0.0.1:{self._etcd_port}",
                f"--advertise-client-urls=http://127.0.0.1:{self._etcd_port}",
                f"--listen-peer-urls={peers}",
                f"--initial-advertise-peer-urls={peers}",
                f"--initial-cluster=default={peers}",
                f"--listen-metrics-urls={metrics}",
                "--unsafe-no-fsync",
            ],
            self.folder / "logs",
        )
        process = self._running["etcd"]

        def ready() -> bool:
            process.check()
            return answers(f"{metrics}/health")

        wait_until("etcd ready", ready, _READY_WITHIN)

    def _start_controllers(self) -> None:
        controllers = self.kubeconfig("kube-controller-manager")
        self._running["kube-controller-manager"] = start(
            "kube-controller-manager",
            [
                self.binaries["kube-controller-manager"],
                f"--kubeconfig={controllers}",
                f"--authentication-kubeconfig={controllers}",
                f"--authorization-kubeconfig={controllers}",
                f"--service-account-private-key-file={self.credentials.service_account_key}",
                f"--root-ca-file={self.ca_file}",
                "--use-service-account-credentials=true",
                "--leader-elect=false",
                f"--secure-port={free_port()}",
                f"--cert-dir={self.folder / 'kube-controller-manager'}",
            ],
            self.folder / "logs",
        )
        scheduler = self.kubeconfig("kube-scheduler")
        self._running["kube-scheduler"] = start(
            "kube-scheduler",
            [
                self.binaries["kube-scheduler"],
                f"--kubeconfig={scheduler}",
                f"--authentication-kubeconfig={scheduler}",
                f"--authorization-kubeconfig={scheduler}",
                "--leader-elect=false",
                f"--secure-port={free_port()}",
                f"--cert-dir={self.folder / 'kube-scheduler'}",
            ],
            self.folder / "logs",
        )

    def _is_ready(self, process: Process) -> bool:
        process.check()
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file))
            with urllib.request.urlopen(f"{self.server}/readyz", timeout=2, context=context) as response:  # noqa: S310 - its own
                return bool(response.status == HTTPStatus.OK)
        except (urllib.error.URLError, OSError):
            return False
