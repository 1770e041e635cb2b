"""CPU per session of the client, kept open as the operator keeps it, with AWS in another process."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bench import aws
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, SessionRequest
from rolebound.rolesanywhere.client import RolesAnywhere
from testbed.emulator import REGION, EmulatorProcess

_SESSIONS: Final = 300
_KEYS: Final[dict[str, Callable[[], Any]]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
}


def run() -> None:
    """Print the table."""
    print(f"\nCreateSession through boto3, one client kept open, {_SESSIONS} sessions one after the other\n")
    print(f"  {'key':<10}{'CPU ms per session':>20}{'wall ms per session':>22}")
    with tempfile.TemporaryDirectory() as folder:
        emulator = EmulatorProcess.start("127.0.0.1", Path(folder), Path(folder) / "logs", "--no-rate-limit")
        prepared = aws.prepare(emulator)
        for name, new_key in _KEYS.items():
            cpu, wall = _measured(emulator, prepared, new_key())
            print(f"  {name:<10}{cpu:>20.2f}{wall:>22.2f}")
        emulator.stop()


def cpu_per_session(emulator: EmulatorProcess, prepared: aws.Prepared) -> float:
    """Return the CPU milliseconds of a session through a client that is kept open, with a P-256 key."""
    return _measured(emulator, prepared, _KEYS["P-256"]())[0]


def _measured(emulator: EmulatorProcess, prepared: aws.Prepared, key: Any) -> tuple[float, float]:
    issued = prepared.issue(key)
    identity = SigningIdentity.from_pem(issued.certificate_pem, issued.key_pem)
    endpoint = Endpoint(REGION, emulator.endpoint_url)
    arns = RoleArn.parse(prepared.role), ProfileArn.parse(prepared.profile), TrustAnchorArn.parse(prepared.trust_anchor)
    request = SessionRequest(*arns, timedelta(hours=1), "bench")
    client = RolesAnywhere()
    with _trusting(emulator):
        for _ in range(5):  # connection and botocore's caches
            client.create_session(identity, request, endpoint)
        cpu, wall = time.process_time(), time.monotonic()
        for _ in range(_SESSIONS):
            client.create_session(identity, request, endpoint)
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    return 1000 * cpu / _SESSIONS, 1000 * wall / _SESSIONS


@contextmanager
def _trusting(emulator: EmulatorProcess) -> Iterator[None]:
    """Have botocore trust the stand-in, by the variable that a user would set."""
    os.environ["AWS_CA_BUNDLE"] = str(emulator.ca_file)
    yield
    del os.environ["AWS_CA_BUNDLE"]
