"""`rolebound emulate` as a process of its own: the AWS of the demo and the benchmarks."""

import json
import ssl
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from testbed.processes import Process, start, wait_until

REGION: Final = "eu-central-1"


@dataclass(frozen=True, slots=True)
class EmulatorProcess:
    """A running stand-in for AWS, and what its state file says of it."""

    process: Process
    endpoint_url: str
    ca_file: Path
    credentials_file: Path

    @classmethod
    def start(cls, host: str, folder: Path, logs: Path, *options: str) -> Self:
        """Start it on a free port of `host`, with its files in `folder`, and return when it listens."""
        where = ["--host", host, "--port", "0", "--region", REGION, "--state-dir", str(folder)]
        state_file = folder / "emulator.json"
        state_file.unlink(missing_ok=True)  # of one that was killed there
        process = start("emulator", [sys.executable, "-m", "rolebound", "emulate", *where, *options], logs)

        def listens() -> bool:
            process.check()
            return state_file.exists()

        wait_until("the AWS stand-in", listens, 30)
        state = json.loads(state_file.read_text())
        return cls(process, state["endpointURL"], Path(state["caFile"]), Path(state["credentialsFile"]))

    def environment(self) -> dict[str, str]:
        """Return the variables that make any AWS SDK its administrator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": str(self.ca_file),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials_file),
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }

    def inject(self, **fault: Any) -> None:
        """Have CreateSession fail, as the control API describes it, until clear_faults()."""
        self._control("POST", json.dumps(fault).encode())

    def clear_faults(self) -> None:
        """End every fault."""
        self._control("DELETE", None)

    def _control(self, method: str, body: bytes | None) -> None:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        url = f"{self.endpoint_url}/_emulator/faults"
        request = urllib.request.Request(url, body, method=method)  # noqa: S310 - our own server
        urllib.request.urlopen(request, timeout=10, context=context).close()  # noqa: S310 - of the stand-in

    def stop(self) -> None:
        """End it."""
        self.process.kill()
