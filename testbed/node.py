"""One real node: a bridge, containerd, kubelet and kube-proxy. Root on Linux only, one at a time on a machine.

Its processes and mounts live in an enclosure and cannot outlive the test bed. What can, the bridge, the state folder
and empty cgroups, has fixed names, so that the next run finds and clears it.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testbed.enclosure import Enclosure
from testbed.processes import Process, free_port, remove_tree, wait_until

NAME: Final = "testbed"
BRIDGE: Final = "rolebound0"
ADDRESS: Final = "10.213.0.1"
_POD_RANGE: Final = "10.213.0.0/24"
_STATE: Final = Path("/run/rolebound-testbed")
_KUBELET: Final = _STATE / "kubelet"
_CGROUP: Final = "rolebound-testbed"
_CGROUPS: Final = Path("/sys/fs/cgroup")
_READY_WITHIN: Final = 90.0
PAUSE_IMAGE: Final = "localhost/rolebound-pause:1"


def prepare_network() -> None:
    """Clear what an earlier run left and make the bridge, so that its address exists before the API server binds."""
    clear()
    _run("ip", "link", "add", BRIDGE, "type", "bridge")
    _run("ip", "address", "add", f"{ADDRESS}/24", "dev", BRIDGE)
    _run("ip", "link", "set", BRIDGE, "up")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def clear() -> None:
    """Take away whatever a run of this node has made, whether it ended well or not."""
    _run("ip", "link", "delete", BRIDGE, check=False)
    for family in ("ip", "ip6"):
        _run("nft", "delete", "table", family, "kube-proxy", check=False)
    remove_tree(_STATE)
    # A cgroup without processes is an empty folder; cgroup v1 has one tree for each controller.
    for tree in [*_CGROUPS.glob(f"*/{_CGROUP}"), _CGROUPS / _CGROUP]:
        for folder in sorted((path for path in tree.rglob("*") if path.is_dir()), reverse=True):
            folder.rmdir()


@dataclass(slots=True)
class Node:
    """A kubelet and what it needs."""

    binaries: dict[str, Path]
    folder: Path
    kubeconfig: Callable[[str], Path]
    client_ca: Path
    """Verifies the API server's certificate when it calls the kubelet."""
    _enclosure: Enclosure = field(init=False)
    _running: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._enclosure = Enclosure(self.folder / "logs")

    @property
    def socket(self) -> Path:
        """Where containerd listens."""
        return _STATE / "containerd.sock"

    @property
    def mount_namespace(self) -> Path:
        """The file that names the namespace in which the kubelet mounts, for nsenter."""
        return self._enclosure.mount_namespace

    @property
    def pods(self) -> Path:
        """Where the kubelet keeps a folder for each pod, by uid."""
        return _KUBELET / "pods"

    def kubelet_suspended(self) -> AbstractContextManager[None]:
        """Return a block in which the kubelet stands still: no volume changes, and pods run on."""
        return self._enclosure.suspended(self._running["kubelet"])

    def pod_process(self, pod_uid: str) -> int:
        """Return a process of a running pod, as the node's own /proc numbers it."""
        ctr = [str(self.binaries["ctr"]), "--address", str(self.socket), "-n", "k8s.io"]
        of_pod = f'labels."io.kubernetes.pod.uid"=={pod_uid}'
        containers = _output(*ctr, "containers", "list", "--quiet", of_pod).split()
        tasks = (line.split() for line in _output(*ctr, "tasks", "list").splitlines())
        return next(int(process) for container, process, *_ in tasks if container in containers)

    def start_runtime(self) -> None:
        """Start containerd, which needs no API server, and return when it takes images."""
        _STATE.mkdir(parents=True, exist_ok=True)
        self._enclosure.open()
        self._start_containerd()

    def join(self, is_ready: Callable[[], bool]) -> None:
        """Start the kubelet and kube-proxy and return when `is_ready` says that the API server sees the node ready."""
        self._start_kube_proxy()
        self._start_kubelet()

        def ready() -> bool:
            self.check()
            return is_ready()

        wait_until("node ready", ready, _READY_WITHIN, every=0.3)

    def load_image(self, archive: Path) -> None:
        """Import an image archive into containerd."""
        _run(str(self.binaries["ctr"]), "--address", str(self.socket), "-n", "k8s.io", "images", "import", str(archive))

    def check(self) -> None:
        """Raise where a component has ended."""
        for process in self._running.values():
            process.check()

    def stop(self) -> None:
        """Stop the node and everything that ran on it."""
        self._enclosure.close()
        for process in self._running.values():
            process.popen.wait()
        self._running.clear()
        clear()

    def _start_containerd(self) -> None:
        cni = self._write_cni()
        config = self.folder / "containerd.toml"
        config.write_text(_containerd_config(self.socket, cni, _runc()))
        self._running["containerd"] = self._enclosure.start(
            "containerd",
            [self.binaries["containerd"], "--config", config],
            {"PATH": f"{self.binaries['containerd-shim-runc-v2'].parent}:/usr/sbin:/usr/bin:/sbin:/bin"},
        )
        process, probe = self._running["containerd"], [str(self.binaries["ctr"]), "--address", str(self.socket)]

        def ready() -> bool:
            process.check()
            return subprocess.run([*probe, "version"], capture_output=True, check=False).returncode == 0

        wait_until("containerd ready", ready, _READY_WITHIN)

    def _write_cni(self) -> Path:
        folder = self.folder / "cni"
        folder.mkdir(exist_ok=True)
        bridge = {
            "type": "bridge",
            "bridge": BRIDGE,
            "isGateway": True,
            "ipMasq": True,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "dataDir": str(_STATE / "ipam"),
                "ranges": [[{"subnet": _POD_RANGE, "rangeStart": "10.213.0.10", "gateway": ADDRESS}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }
        conflist = {"cniVersion": "1.0.0", "name": "testbed", "plugins": [bridge]}
        (folder / "10-testbed.conflist").write_text(json.dumps(conflist))
        return folder

    def _start_kube_proxy(self) -> None:
        config = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "clientConnection": {"kubeconfig": str(self.kubeconfig("kube-proxy"))},
            "conntrack": {"maxPerCore": 0},
            "hostnameOverride": NAME,
            "healthzBindAddress": f"127.0.0.1:{free_port()}",
            "metricsBindAddress": f"127.0.0.1:{free_port()}",
        }
        path = self.folder / "kube-proxy.json"
        path.write_text(json.dumps(config))
        self._running["kube-proxy"] = self._enclosure.start(
            "kube-proxy", [self.binaries["kube-proxy"], f"--config={path}"]
        )

    def _start_kubelet(self) -> None:
        config = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "port": free_port(),
            "healthzPort": free_port(),
            "authentication": {
                "webhook": {"enabled": True},
                "anonymous": {"enabled": False},
                "x509": {"clientCAFile": str(self.client_ca)},
            },
            "authorization": {"mode": "Webhook"},
            "failCgroupV1": False,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{_CGROUP}",
            "cgroupsPerQOS": False,
            "enforceNodeAllocatable": [],
            "failSwapOn": False,
            "podCIDR": _POD_RANGE,
            "containerRuntimeEndpoint": f"unix://{self.socket}",
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            # By default a changed Secret takes up to 90 s to reach a file: too long to watch.
            "syncFrequency": "1s",
            "resolvConf": str(self._resolv_conf()),
        }
        path = self.folder / "kubelet.json"
        path.write_text(json.dumps(config))
        self._running["kubelet"] = self._enclosure.start(
            "kubelet",
            [
                self.binaries["kubelet"],
                f"--config={path}",
                f"--kubeconfig={self.kubeconfig('kubelet')}",
                f"--hostname-override={NAME}",
                f"--node-ip={ADDRESS}",
                f"--root-dir={_KUBELET}",
                f"--cert-dir={_STATE / 'kubelet-pki'}",
            ],
        )

    def _resolv_conf(self) -> Path:
        path = self.folder / "resolv.conf"
        path.write_text("nameserver 127.0.0.1\n")  # pods here reach everything by address
        return path


def _containerd_config(socket: Path, cni: Path, runc: str) -> str:
    return f"""version = 3
root = "{_STATE}/containerd-root"
state = "{_STATE}/containerd-state"
[grpc]
  address = "{socket}"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{PAUSE_IMAGE}"
[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE the kubelet's oom_score_adj cannot be set, and runc would die of trying.
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni", "/opt/cni/bin"]
    conf_dir = "{cni}"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = "{runc}"
      SystemdCgroup = false
"""


def _runc() -> str:
    found = shutil.which("runc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin:/bin")
    if found is None:
        raise RuntimeError("runc is not installed")
    return found


def _run(*command: str, check: bool = True) -> None:
    _output(*command, check=check)


def _output(*command: str, check: bool = True) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
