"""Asking `rolebound doctor` about a set-up of the emulator's, and reading what it says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rolebound.cli.doctor import main
from tests.emulator.world import Setup
from tests.support.pki import key_pem


@dataclass(frozen=True)
class Told:
    """What it said, and its exit status."""

    status: int
    document: Any
    text: str

    def __getitem__(self, check: str) -> dict[str, str]:
        [found] = [each for each in self.document["checks"] if each["check"] == check]
        return dict(found)

    def that_are(self, verdict: str) -> list[str]:
        return [each["check"] for each in self.document["checks"] if each["verdict"] == verdict]


@dataclass(frozen=True)
class Doctor:
    """The command, in this process; certificate and key go through files."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def sees(self, setup: Setup, *more: str, bundle: bytes | None = None, key: bytes | None = None) -> Told:
        """Run it on `setup` with further arguments; `bundle` and `key` replace what goes into the files."""
        identity = setup.identity
        chain = b"".join(each.public_bytes(Encoding.PEM) for each in (identity.certificate, *identity.chain))
        (self.folder / "client.pem").write_bytes(chain if bundle is None else bundle)
        (self.folder / "client.key").write_bytes(key_pem(identity.key) if key is None else key)
        arguments = [
            *("--certificate", str(self.folder / "client.pem"), "--private-key", str(self.folder / "client.key")),
            *("--trust-anchor-arn", setup.anchor, "--profile-arn", setup.profile, "--role-arn", setup.role),
        ]
        return self.asked(*arguments, "--output", "json", *more)

    def asked(self, *arguments: str) -> Told:
        """Run it with these arguments alone."""
        try:
            status = main(list(arguments))
        except SystemExit as exit_:  # argparse's way
            status = int(exit_.code or 0)
        out, err = self.capsys.readouterr()
        return Told(status, json.loads(out) if out.startswith("{") else None, out + err)
