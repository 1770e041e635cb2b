"""A Secret laid out as files, for machines without a kubelet: what a pod would find under its mount path.

As the kubelet does it, every key is a link into one folder that is exchanged whole, so a reader never sees half of a
renewal. The files' own text names the mount path of a pod; here it names the folder instead.
"""

import json
import tempfile
import time
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Final, Self

from rolebound.api import names
from testbed.cluster import Cluster
from testbed.processes import remove_tree

_EVERY: Final = 0.5  # seconds between two looks


@dataclass(slots=True)
class Volume:
    """A folder that follows a Secret until it is stopped."""

    cluster: Cluster
    namespace: str
    secret: str
    folder: Path
    _stopped: Event
    _shown: str = ""

    @classmethod
    def follow(cls, cluster: Cluster, namespace: str, secret: str, folder: Path) -> Self:
        """Start to lay the Secret out in `folder`; there is nothing in it until the Secret exists."""
        folder.mkdir(parents=True, exist_ok=True)
        volume = cls(cluster, namespace, secret, folder, Event())
        Thread(target=volume._run, name=f"volume {secret}", daemon=True).start()
        return volume

    def wait(self, seconds: float = 60) -> None:
        """Return when the files are there, as a pod's start would wait for them."""
        self.cluster.wait(f"files of Secret {self.namespace}/{self.secret}", self._is_laid_out, seconds)

    def stop(self) -> None:
        """Stop following; the files stay."""
        self._stopped.set()

    def _is_laid_out(self) -> bool:
        return (self.folder / "..data").exists()

    def _run(self) -> None:
        while not self._stopped.wait(_EVERY):
            get = ["get", "secret", self.secret, "-n", self.namespace, "-o", "jsonpath={.data}", "--ignore-not-found"]
            data = self.cluster.kubectl(*get, check=False).stdout
            if data and data != self._shown:
                self._lay_out(json.loads(data))
                self._shown = data

    def _lay_out(self, data: dict[str, str]) -> None:
        fresh = Path(tempfile.mkdtemp(prefix=f"..{time.monotonic_ns()}", dir=self.folder))
        for key, value in data.items():
            text = b64decode(value).decode().replace(names.MOUNT_PATH, str(self.folder))
            (fresh / key).write_text(text)
        current, link = self.folder / "..data", self.folder / "..data_tmp"
        old = current.resolve() if current.exists() else None
        link.symlink_to(fresh.name)
        link.replace(current)
        for key in data:
            if not (self.folder / key).is_symlink():
                (self.folder / key).symlink_to(f"..data/{key}")
        if old is not None:
            remove_tree(old)
