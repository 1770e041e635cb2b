"""A certificate and its key from files, in whatever form they were given, read anew at each use.

Forms are told apart by content and never by a name: PEM, DER and PKCS#12 for certificates; PKCS#1, SEC1 and PKCS#8,
encrypted or not, for keys. A rotation that is under way is waited for, so that an old certificate never meets a new
key for longer than the one who exchanges them needs.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12

from rolebound.errors import CertificateMissing, CertificateUnsuitable, KeyMismatch
from rolebound.local.flags import PKCS11_REFUSED, TPM_REFUSED
from rolebound.model.identity import SigningIdentity, Source
from rolebound.model.keys import PrivateKey, checked_key
from rolebound.pki.files import read

Password = Callable[[str], bytes]
"""Gives the password of what it is told, or raises."""

_BEGIN: Final = b"-----BEGIN "
_ROTATION_TRIES: Final = 3
_ROTATION_PAUSE: Final = 0.3  # seconds
_UNREADABLE: Final = (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm)


@dataclass(frozen=True, slots=True)
class IdentityFiles:
    """Where an identity is; `private_key` empty where the certificate's file holds the key too."""

    certificate: Path
    private_key: Path | None
    intermediates: Path | None
    password: Password

    @property
    def paths(self) -> list[Path]:
        """Every file that it is made from."""
        return [path for path in (self.certificate, self.private_key, self.intermediates) if path]

    def load(self) -> SigningIdentity:
        """Return the proven identity as the files are now; CertificateError says which one is at fault."""
        for _ in range(_ROTATION_TRIES - 1):
            before = [_written_at(path) for path in self.paths]
            try:
                return self._read()
            except KeyMismatch:
                time.sleep(_ROTATION_PAUSE)
                if [_written_at(path) for path in self.paths] == before:
                    raise
        return self._read()

    def certificates(self) -> list[x509.Certificate]:
        """Return the certificates as the files have them, at least one; CertificateError where there is none."""
        found = certificates_in(_content(self.certificate), self.certificate, self.password)[0]
        if not found:
            raise CertificateUnsuitable(f"{self.certificate} holds no certificate")
        if self.intermediates:
            found += certificates_in(_content(self.intermediates), self.intermediates, self.password)[0]
        return found

    def key(self) -> PrivateKey:
        """Return the private key; CertificateError where there is none that Roles Anywhere takes."""
        path = self.private_key or self.certificate
        return checked_key(key_in(_content(path), path, self.password), str(path))

    @property
    def source(self) -> Source:
        """How the files are called in what is said of them."""
        return Source(str(self.certificate), str(self.private_key or self.certificate), strict=False)

    def _read(self) -> SigningIdentity:
        return SigningIdentity.proven(self.certificates(), self.key(), self.source)


def certificates_in(
    content: bytes, path: Path, password: Password
) -> tuple[list[x509.Certificate], PrivateKeyTypes | None]:
    """Return the certificates in a file's content, and its key where it is PKCS#12."""
    if _BEGIN in content:
        try:
            return list(x509.load_pem_x509_certificates(content)), None
        except _UNREADABLE:
            raise CertificateUnsuitable(f"{path} holds no certificate in PEM that can be read") from None
    try:
        return [x509.load_der_x509_certificate(content)], None
    except _UNREADABLE:
        return _pkcs12(content, path, password)


def key_in(content: bytes, path: Path, password: Password) -> PrivateKeyTypes:
    """Return the private key in a file's content."""
    if b"BEGIN TSS2" in content:
        raise CertificateUnsuitable(f"{path}: {TPM_REFUSED}")
    is_pem = _BEGIN in content
    load = serialization.load_pem_private_key if is_pem else serialization.load_der_private_key
    try:
        return load(content, None)
    except TypeError:
        pass  # it is encrypted
    except _UNREADABLE:
        found = None if is_pem else _pkcs12(content, path, password)[1]
        if found is None:
            raise CertificateUnsuitable(f"{path} holds no private key that can be read (PEM or DER)") from None
        return found
    try:
        return load(content, password(str(path)))
    except _UNREADABLE:
        raise CertificateUnsuitable(f"{path} is encrypted, and not with this password or in a known way") from None


def _pkcs12(content: bytes, path: Path, password: Password) -> tuple[list[x509.Certificate], PrivateKeyTypes | None]:
    """Return what a PKCS#12 file holds; the content has been tried as everything else."""
    found = _opened(content, None) or _opened(content, b"")
    if found is None:
        if not content.startswith(b"\x30"):  # no DER at all
            raise CertificateUnsuitable(f"{path} is neither PEM nor DER nor PKCS#12")
        found = _opened(content, password(str(path)))
    if found is None:
        raise CertificateUnsuitable(f"{path} is neither PEM nor DER, nor PKCS#12 with this password")
    first = [found.cert.certificate] if found.cert else []
    return first + [each.certificate for each in found.additional_certs], found.key


def _opened(content: bytes, password: bytes | None) -> pkcs12.PKCS12KeyAndCertificates | None:
    try:
        return pkcs12.load_pkcs12(content, password)
    except _UNREADABLE:
        return None


def _content(path: Path) -> bytes:
    for scheme, refusal in (("pkcs11:", PKCS11_REFUSED), ("handle:", TPM_REFUSED)):
        if str(path).startswith(scheme):
            raise CertificateUnsuitable(f"{path}: {refusal}")
    return read(path, CertificateMissing, CertificateUnsuitable)


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
