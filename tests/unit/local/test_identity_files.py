"""Certificates and keys in every form that people have them in, and in none."""

import os
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from hypothesis import given
from hypothesis import strategies as st

from rolebound.errors import CertificateError, CertificateMissing, CertificateUnsuitable, KeyMismatch, SettingsError
from rolebound.local.flags import CACHED_FLAGS
from rolebound.local.identity_files import IdentityFiles
from rolebound.local.settings import identity_files
from rolebound.local.values import layered
from tests.support.pki import CA, Issued, pem

PASSWORD = b"open sesame"
MIDDLE = CA.root().issue_ca("middle")
KEYS = {
    "RSA": rsa.generate_private_key(65537, 2048),
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.generate(),
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate(),
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate(),
}
ISSUED = {name: MIDDLE.issue(key=key) for name, key in KEYS.items()}


def nobody(what: str) -> bytes:
    raise AssertionError(f"a password of {what} was asked for")


def load(folder: Path, certificate: bytes, key: bytes | None, chain: bytes = b"", password: Any = nobody) -> Any:
    paths = [folder / name for name in ("certificate", "key", "chain")]
    for path, content in zip(paths, (certificate, key, chain), strict=True):
        path.write_bytes(content or b"")
    return IdentityFiles(paths[0], None if key is None else paths[1], paths[2] if chain else None, password).load()


def encoded(key: Any, encoding: Encoding, form: PrivateFormat, password: bytes = b"") -> bytes:
    return bytes(key.private_bytes(encoding, form, BestAvailableEncryption(password) if password else NoEncryption()))


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER], ids=["PEM", "DER"])
@pytest.mark.parametrize("password", [b"", PASSWORD], ids=["plain", "encrypted"])
@pytest.mark.parametrize("name", KEYS)
def test_pkcs8_of_every_kind(tmp_path: Path, name: str, password: bytes, encoding: Encoding) -> None:
    issued = ISSUED[name]
    key = encoded(issued.key, encoding, PrivateFormat.PKCS8, password)
    certificate = issued.certificate.public_bytes(encoding)

    identity = load(tmp_path, certificate, key, pem(*issued.chain), lambda _: password)

    assert (identity.leaf, identity.intermediates) == (issued.certificate, issued.chain)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER], ids=["PEM", "DER"])
@pytest.mark.parametrize("name", ["RSA", "P-256"])
def test_pkcs1_and_sec1(tmp_path: Path, name: str, encoding: Encoding) -> None:
    key = encoded(KEYS[name], encoding, PrivateFormat.TraditionalOpenSSL)

    assert load(tmp_path, ISSUED[name].certificate_pem, key).leaf == ISSUED[name].certificate


def test_parameters_before_the_key_as_openssl_writes_them(tmp_path: Path) -> None:
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    key = encoded(KEYS["P-256"], Encoding.PEM, PrivateFormat.TraditionalOpenSSL)

    assert load(tmp_path, ISSUED["P-256"].certificate_pem, parameters + key)


@pytest.mark.parametrize("password", [b"", PASSWORD], ids=["plain", "encrypted"])
def test_pkcs12_holds_all_of_it(tmp_path: Path, password: bytes) -> None:
    issued = ISSUED["P-256"]
    form = BestAvailableEncryption(password) if password else NoEncryption()
    bundle = pkcs12.serialize_key_and_certificates(b"me", issued.key, issued.certificate, issued.chain, form)

    identity = load(tmp_path, bundle, None, password=lambda _: password)

    assert (identity.leaf, identity.intermediates) == (issued.certificate, issued.chain)


def test_one_pem_file_holds_all_of_it(tmp_path: Path) -> None:
    issued = ISSUED["P-384"]

    assert load(tmp_path, issued.key_pem + issued.certificate_pem, None).leaf == issued.certificate


def test_intermediates_come_in_any_order_beside_strangers(tmp_path: Path) -> None:
    low = MIDDLE.issue_ca("low")
    issued = low.issue()
    others = pem(CA.root("stranger").certificate, MIDDLE.certificate, issued.certificate, low.certificate)

    identity = load(tmp_path, issued.certificate.public_bytes(Encoding.DER), issued.key_pem, others)

    assert identity.intermediates == (low.certificate, MIDDLE.certificate)


def test_wrong_password_is_told(tmp_path: Path) -> None:
    key = encoded(KEYS["RSA"], Encoding.PEM, PrivateFormat.PKCS8, PASSWORD)

    with pytest.raises(CertificateUnsuitable, match=r"key is encrypted, and not with this password"):
        load(tmp_path, ISSUED["RSA"].certificate_pem, key, password=lambda _: b"guess")


def test_password_comes_from_the_flag_or_the_first_line_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(PASSWORD + b"\r\nnot this\n")
    (tmp_path / "key").write_bytes(encoded(KEYS["RSA"], Encoding.PEM, PrivateFormat.PKCS8, PASSWORD))
    (tmp_path / "certificate").write_bytes(ISSUED["RSA"].certificate_pem)
    said = {"certificate": str(tmp_path / "certificate"), "private-key": str(tmp_path / "key")}

    for more in ({"pkcs8-password": PASSWORD.decode()}, {"pkcs8-password-file": str(tmp_path / "password")}):
        assert identity_files(layered(CACHED_FLAGS, said | more, {})).load().key
    with pytest.raises(SettingsError, match=r"--pkcs8-password-file: .*No such file"):
        identity_files(layered(CACHED_FLAGS, said | {"pkcs8-password-file": str(tmp_path / "none")}, {})).load()


def test_key_of_a_tpm_is_refused_plainly(tmp_path: Path) -> None:
    key = b"-----BEGIN TSS2 PRIVATE KEY-----\nAAAA\n-----END TSS2 PRIVATE KEY-----\n"

    with pytest.raises(CertificateUnsuitable, match="TPM"):
        load(tmp_path, ISSUED["RSA"].certificate_pem, key)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CertificateMissing, match=r"nothing\.pem cannot be read: No such file"):
        IdentityFiles(tmp_path / "nothing.pem", None, None, nobody).load()
    with pytest.raises(CertificateMissing, match="Is a directory"):
        IdentityFiles(tmp_path, None, None, nobody).load()


def test_rotation_under_way_is_waited_for(tmp_path: Path) -> None:
    old, new = ISSUED["P-256"], ISSUED["P-384"]
    certificate, key = tmp_path / "certificate", tmp_path / "key"
    certificate.write_bytes(new.certificate_pem)
    key.write_bytes(old.key_pem)
    os.utime(key, (0, 0))

    rotation = Timer(0.1, key.write_bytes, [new.key_pem])
    rotation.start()
    identity = IdentityFiles(certificate, key, None, nobody).load()
    rotation.join()

    assert identity.leaf == new.certificate


def test_pair_that_does_not_belong_together_names_both_files(tmp_path: Path) -> None:
    with pytest.raises(KeyMismatch, match=r"/key belongs to no certificate in .*/certificate"):
        load(tmp_path, ISSUED["P-256"].certificate_pem, ISSUED["RSA"].key_pem)


def contents() -> list[bytes]:
    """One of each form, to be damaged."""
    issued: Issued = ISSUED["P-256"]
    bundle = pkcs12.serialize_key_and_certificates(None, issued.key, issued.certificate, None, NoEncryption())
    return [
        issued.certificate_pem,
        issued.certificate.public_bytes(Encoding.DER),
        issued.key_pem,
        encoded(issued.key, Encoding.DER, PrivateFormat.PKCS8),
        bundle,
    ]


DAMAGED = st.builds(
    lambda content, at, value: content[: at % len(content)] + value + content[at % len(content) + len(value) :],
    st.sampled_from(contents()),
    st.integers(0, 2000),
    st.binary(min_size=1, max_size=4),
)
ANY = st.one_of(st.binary(max_size=100), st.sampled_from(contents()), DAMAGED)


@given(ANY, st.one_of(st.none(), ANY), st.one_of(st.just(b""), ANY))
def test_any_bytes_are_an_identity_or_a_certificate_error(
    tmp_path_factory: pytest.TempPathFactory, certificate: bytes, key: bytes | None, chain: bytes
) -> None:
    try:
        load(tmp_path_factory.getbasetemp(), certificate, key, chain, lambda _: PASSWORD)
    except CertificateError as error:
        assert str(error)  # noqa: PT017 - either outcome is right; an error of another kind would fail the test
