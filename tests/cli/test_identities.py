"""Certificates and keys in the forms that people have, from the file to a session that AWS has checked."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs12

from tests.cli.conftest import Here
from tests.cli.terminal import Terminal
from tests.support.aws import Setup

PASSWORD = b"open sesame"
KEYS = {
    "RSA": lambda: rsa.generate_private_key(65537, 3072),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.generate,
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate,
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate,
}


@pytest.mark.parametrize("kind", KEYS)
def test_aws_takes_the_signature_of_every_kind_of_key(terminal: Terminal, here: Here, role: Setup, kind: str) -> None:
    make: Any = KEYS[kind]

    done = here("credential-process", *terminal.flags(role, role.issue(key=make())))

    assert (done.returncode, done.stderr) == (0, "")
    assert role.issued() == 1


def test_one_pkcs12_file_and_its_password_are_enough(
    terminal: Terminal, here: Here, role: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued, path = role.issue(), terminal.home / "client.p12"
    flags = terminal.flags(role, issued)[:-4]
    form = BestAvailableEncryption(PASSWORD)
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"me", issued.key, issued.certificate, None, form))
    monkeypatch.setenv("ROLEBOUND_PKCS8_PASSWORD", PASSWORD.decode())

    done = here("credential-process", *flags, "--certificate", str(path))

    assert (done.returncode, done.stderr) == (0, "")


def test_encrypted_key_is_read_with_a_password_file_and_then_from_the_cache(
    terminal: Terminal, here: Here, role: Setup
) -> None:
    issued = role.issue()
    flags = [*terminal.flags(role, issued), "--pkcs8-password-file", str(terminal.home / "password")]
    Path(flags[9]).write_bytes(
        issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD))
    )
    (terminal.home / "password").write_bytes(PASSWORD + b"\n")

    first = here("credential-process", *flags)
    (terminal.home / "password").unlink()
    second = here("credential-process", *flags)

    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout == second.stdout
    assert PASSWORD.decode() not in first.stdout + first.stderr


def test_intermediate_that_is_missing_is_told_with_the_remedy(terminal: Terminal, here: Here, role: Setup) -> None:
    middle = role.ca.issue_ca("middle")
    issued = middle.issue()
    flags = terminal.flags(role, issued)
    Path(flags[7]).write_bytes(issued.certificate.public_bytes(Encoding.PEM))
    (terminal.home / "middle.pem").write_bytes(middle.pem)

    without = here("credential-process", *flags)
    with_it = here("credential-process", *flags, "--intermediates", str(terminal.home / "middle.pem"))

    assert without.returncode == 1
    assert "Untrusted signing certificate" in without.stderr
    assert "intermediate" in without.stderr
    assert with_it.returncode == 0
