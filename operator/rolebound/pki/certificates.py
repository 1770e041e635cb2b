"""Certificates to and from PEM, and what Roles Anywhere asks of one that is to be a trust anchor's.

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

from collections.abc import Iterable, Iterator
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization

from rolebound.errors import CertificateUnsuitable
from rolebound.model.identity import extension

ANCHOR_CERTIFICATES: Final = 2
"""How many certificates one trust anchor takes."""
ANCHOR_CHARACTERS: Final = 16_000
"""How long the PEM of one trust anchor may be."""
_WEAK_HASHES: Final = (hashes.MD5, hashes.SHA1)


def certificates_pem(certificates: Iterable[x509.Certificate]) -> bytes:
    """Return the certificates in PEM, one after the other, with nothing between."""
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def read_certificates(pem: bytes, place: str) -> list[x509.Certificate]:
    """Return the certificates in `pem`; CertificateUnsuitable names `place` where there is none that can be read."""
    try:
        found = x509.load_pem_x509_certificates(pem)
        for each in found:  # parsed only when asked for, and nothing later should fail on them
            _ = each.subject, each.issuer, each.extensions, each.public_key(), each.serial_number
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        detail = (
            "no certificate in PEM" if b"BEGIN CERTIFICATE" not in pem else f"a certificate that is broken: {error}"
        )
        raise CertificateUnsuitable(f"{place} holds {detail}") from None
    return found


def anchor_bundle(pem: bytes, place: str) -> list[x509.Certificate]:
    """Return the CA certificates of a trust anchor; CertificateUnsuitable where AWS would not take them."""
    found = read_certificates(pem, place)
    if len(found) > ANCHOR_CERTIFICATES:
        raise CertificateUnsuitable(
            f"{place} holds {len(found)} certificates; a trust anchor takes {ANCHOR_CERTIFICATES}, so leave the CA "
            "that issues your certificates and, while you rotate it, its successor"
        )
    for each in found:
        check_authority(each, f"{each.subject.rfc4514_string()!r} in {place}")
    if len(certificates_pem(found)) > ANCHOR_CHARACTERS:
        raise CertificateUnsuitable(f"{place} is longer than the {ANCHOR_CHARACTERS} characters of a trust anchor")
    return found


def check_authority(certificate: x509.Certificate, place: str) -> None:
    """Raise CertificateUnsuitable for what Roles Anywhere would refuse this trust anchor's certificate for."""
    for fault in authority_faults(certificate, place):
        raise CertificateUnsuitable(fault)


def authority_faults(certificate: x509.Certificate, place: str) -> Iterator[str]:
    """Yield whatever Roles Anywhere would refuse this trust anchor's certificate for."""
    if certificate.version is not x509.Version.v3:
        yield f"{place} is X.509 {certificate.version.name}; a trust anchor takes v3"
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        yield f"{place} is not a CA (basicConstraints CA:TRUE); give the certificate of the CA that issued yours"
    usage = extension(certificate, x509.KeyUsage)
    if usage is None or not usage.key_cert_sign:
        yield f"{place} lacks the key usage keyCertSign; make the CA again with it"
    if _is_weak(certificate):
        yield f"{place} is signed with MD5 or SHA-1; Roles Anywhere asks for SHA-256 or better"


def _is_weak(certificate: x509.Certificate) -> bool:
    try:
        return isinstance(certificate.signature_hash_algorithm, _WEAK_HASHES)
    except UnsupportedAlgorithm:
        return False  # newer than this library; AWS decides
