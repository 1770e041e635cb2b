"""A PID and a mount namespace of the node's own: whatever runs in it ends with it, whatever it mounts goes with it.

A shim outlives its containerd and a container its shim: that is what they are for. So the node is not a set of
processes to hunt down but one namespace, whose first process the kernel kills when the test bed dies, however it dies,
and with it everything inside. Folders that the programs insist on are covered by the namespace's own file systems.
"""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testbed.processes import Process, start, wait_until

# Written by containerd, its shims, the CNI plugins and the kubelet, whatever their options say.
_COVERED: Final = ("/run/containerd", "/run/netns", "/var/lib/cni", "/var/log/pods", "/var/log/containers")
_READY: Final = "enclosed"


@dataclass(slots=True)
class Enclosure:
    """The namespaces, held by one process that sleeps."""

    logs: Path
    _holder: Process | None = field(default=None)

    def open(self) -> None:
        """Make the namespaces."""
        for folder in _COVERED:
            Path(folder).mkdir(parents=True, exist_ok=True)
        mounts = ["mount --make-rshared /", *(f"mount -t tmpfs -o mode=755 none {folder}" for folder in _COVERED)]
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
        script = " && ".join([*mounts, f"echo {_READY}", "exec sleep infinity"])
        holder = self._holder = start("enclosure", [*unshare, "sh", "-c", script], self.logs)

        def ready() -> bool:
            holder.check()
            return _READY in holder.log.read_text()

        wait_until("the node's namespaces", ready, 10)

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Process:
        """Start `command` inside; it ends with the enclosure at the latest."""
        enter = ["nsenter", f"--mount={self.mount_namespace}", f"--pid={self._namespaces / 'pid_for_children'}", "--"]
        return start(name, [*enter, *command], self.logs, environment)

    @contextmanager
    def suspended(self, process: Process) -> Iterator[None]:
        """Let what start() has started stand still for the block.

        Its child is the program itself. nsenter stops itself when that is stopped, and must be continued after it, or
        it never ends.
        """
        nsenter = process.popen.pid
        (program,) = Path(f"/proc/{nsenter}/task/{nsenter}/children").read_text().split()
        os.kill(int(program), signal.SIGSTOP)
        try:
            yield
        finally:
            for each in (int(program), nsenter):
                os.kill(each, signal.SIGCONT)

    @property
    def mount_namespace(self) -> Path:
        """The file that names the mount namespace, for nsenter."""
        return self._namespaces / "mnt"

    @property
    def _namespaces(self) -> Path:
        if self._holder is None:
            raise RuntimeError("the enclosure is not open")
        return Path(f"/proc/{self._holder.popen.pid}/ns")

    def close(self) -> None:
        """End everything inside, at once."""
        if self._holder is not None:
            self._holder.kill()
            self._holder = None
