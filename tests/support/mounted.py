"""The two volumes of a sidecar, exchanged as the kubelet does it, and the sidecar's process beside them."""

import http.client
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rolebound.clock import rfc3339
from testbed.processes import free_port, wait_until

TOKEN = "token-1"


@dataclass
class Volume:
    """A projected volume: names are links into one folder, which is exchanged whole."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()

    def holds(self, name: str, text: str) -> None:
        """Exchange the volume for one that holds this file."""
        fresh = Path(tempfile.mkdtemp(prefix="..2026", dir=self.folder))
        (fresh / name).write_text(text)
        current, link = self.folder / "..data", self.folder / "..data_tmp"
        old = current.resolve() if current.exists() else None
        link.symlink_to(fresh.name)
        link.replace(current)
        if not (self.folder / name).is_symlink():
            (self.folder / name).symlink_to(f"..data/{name}")
        if old is not None:
            (old / name).unlink()
            old.rmdir()


@dataclass
class Mounted:
    """A pod's part: volumes, port, and the sidecar once it is started."""

    folder: Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.aws = Volume(self.folder / "aws")
        self.endpoint = Volume(self.folder / "endpoint")

    def credentials(self, key: str = "ASIA1", lasting: timedelta = timedelta(hours=1), **changes: Any) -> None:
        """Mount credentials whose secret goes with their key."""
        document = {
            "Version": 1,
            "AccessKeyId": key,
            "SecretAccessKey": f"secret of {key}",
            "SessionToken": f"session of {key}",
            "Expiration": rfc3339(datetime.now(UTC) + lasting),  # noqa: TID251 - the test's own clock
        }
        self.aws.holds("default.json", json.dumps(document | changes))

    def token(self, token: str = TOKEN) -> None:
        self.endpoint.holds("token", token)

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-m", "rolebound", "endpoint", "--port", str(self.port), *options]

    @contextmanager
    def running(self, descriptors: int = 0) -> Iterator["subprocess.Popen[str]"]:
        """The sidecar, listening; with a limit on its descriptors where one is given."""
        files = [
            "--file",
            str(self.folder / "aws" / "default.json"),
            "--token-file",
            str(self.folder / "endpoint" / "token"),
        ]
        command = self.command(*files)
        if descriptors:
            command = ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *command]
        process = subprocess.Popen(command, env={"PYTHONPATH": "operator"}, stderr=subprocess.PIPE, text=True)
        try:
            wait_until("the sidecar", lambda: self._listens(process), 30, every=0.02)
            yield process
        finally:
            process.kill()
            process.communicate()

    def probe(self) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command("--probe"),
            env={"PYTHONPATH": "operator"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def get(self, token: str | None = TOKEN, path: str = "/v1/credentials") -> tuple[int, dict[str, str]]:
        """Status and document of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={} if token is None else {"Authorization": token})
            response = connection.getresponse()
            document: dict[str, str] = json.loads(response.read())
            return response.status, document
        finally:
            connection.close()

    def _listens(self, process: "subprocess.Popen[str]") -> bool:
        assert process.poll() is None, process.communicate()
        try:
            self.get(path="/")
        except OSError:
            return False
        return True
