"""Programs of this machine that see a running pod's volumes, and its network, as the pod's containers do.

The kubelet mounts a pod's volumes in the node's own namespace. A program gets a mount namespace made from that one, in
which the very same volumes stand under the paths that their text names: it reads what a container would, at the same
moment.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from testbed.node import Node

# No mount made here reaches the node, and all of them go with the program. The node's /proc does not know the program,
# which some loaders ask for their own path.
_BIND = """
mount -t proc proc /proc
while [ "$1" != -- ]; do mkdir -p "$2"; mount --bind "$1" "$2"; shift 2; done
shift
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class BesidePod:
    """The place beside one pod's containers."""

    node: Node
    pod_uid: str

    def command_prefix(self, mounts: Mapping[str, str], *, shares_network: bool) -> list[str]:
        """Return what to put before a command, so that it finds each projected volume (by name) at its path."""
        enter = ["nsenter", f"--mount={self.node.mount_namespace}"]
        if shares_network:  # the process' number is the node's: this comes after the node's /proc is there
            enter += ["nsenter", f"--net=/proc/{self.node.pod_process(self.pod_uid)}/ns/net"]
        pairs = [part for name, path in mounts.items() for part in (str(self._folder(name)), path)]
        return [*enter, "unshare", "--mount", "--propagation", "private", "sh", "-ec", _BIND, "sh", *pairs, "--"]

    def _folder(self, volume: str) -> Path:
        return self.node.pods / self.pod_uid / "volumes" / "kubernetes.io~projected" / volume


def unmounted(*paths: str) -> None:
    """Take away the empty folders that volumes were mounted on."""
    for path in paths:
        with suppress(OSError):  # somebody else's, and not empty
            for folder in (Path(path), *Path(path).parents):
                folder.rmdir()
