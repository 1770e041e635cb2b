"""`rolebound emulate` as a process of its own: the AWS of the demo and the benchmarks."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

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
        process = start("emulator", [sys.executable, "-m", "rolebound", "emulate", *where, *options], logs)
        state_file = folder / "emulator.json"

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

    def stop(self) -> None:
        """End it."""
        self.process.kill()
