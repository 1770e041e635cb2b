"""A user's terminal: a home directory, the variables, certificate files, and `rolebound` to type."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.aws import REGION, Aws, Setup
from tests.support.pki import Issued

ROLEBOUND = Path(sys.executable).parent / "rolebound"


@dataclass
class Terminal:
    """Runs commands in an environment of its own."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, home: Path, aws: Aws) -> "Terminal":
        variables = {
            "PATH": f"{ROLEBOUND.parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "AWS_ENDPOINT_URL": aws.emulator.endpoint_url,
            "AWS_CA_BUNDLE": str(aws.emulator.ca_file),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return cls(home, variables)

    def flags(self, role: Setup, issued: Issued | None = None) -> list[str]:
        """The flags of a session, as a user of AWS's helper has them; writes the files that they name."""
        issued = issued or role.issue()
        certificate, key = self.home / "client.pem", self.home / "client-key.pem"
        certificate.write_bytes(issued.certificate_pem)
        key.write_bytes(issued.key_pem)
        arns = ["--trust-anchor-arn", role.trust_anchor, "--profile-arn", role.profile, "--role-arn", role.role]
        return [*arns, "--certificate", str(certificate), "--private-key", str(key)]

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(ROLEBOUND), *command],
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # no terminal: nobody could be asked for a password
        )

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `rolebound` to its end; no failure of it may be a traceback."""
        with self.start(*command, **variables) as process:
            output, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors, errors
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def run_well(self, *command: str, **variables: str) -> str:
        done = self.run(*command, **variables)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    def credentials(self, *command: str, **variables: str) -> dict[str, Any]:
        printed: dict[str, Any] = json.loads(self.run_well("credential-process", *command, **variables))
        return printed

    @contextmanager
    def running(self, *command: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
        """Run `rolebound` for as long as the block takes; it must end well when it is told to."""
        with self.start(*command, **variables) as process:
            try:
                yield process
            finally:
                process.terminate()
                _, errors = process.communicate(timeout=20)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors


def eventually(true: Any, within: float = 20.0) -> Any:
    """Return what `true()` returns once that is something; fails after `within` seconds."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not true within {within} seconds")


def served(process: subprocess.Popen[str], name: str) -> str:
    """What `serve` says that the variable should be."""
    assert process.stderr is not None
    for line in process.stderr:
        if f"export {name}=" in line:
            return line.rpartition("=")[2].strip()
    raise AssertionError(f"it did not say {name}")
