"""The certificate that the webhook serves with, and the authority that the API server verifies it by.

Each certificate comes from an authority of its own, whose key is forgotten as soon as it has signed: nobody can issue
another. So a rotation changes both, and the API server trusts the older authority beside the newer until it expires.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rolebound.errors import CertificateUnsuitable, KeyMismatch

# Clocks of API servers may be behind ours.
_BACKDATED: Final = timedelta(hours=1)
_PEM: Final = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class ServingCertificate:
    """A certificate with its key, and what it is verified by; the key never shows in its repr."""

    chain: bytes
    """The leaf and what stands between it and the authority, PEM: `tls.crt`."""
    key: bytes = field(repr=False)
    """PEM: `tls.key`."""
    authorities: tuple[str, ...]
    """What the API server must trust, one PEM each: `ca.crt`."""
    names: frozenset[str]
    """The DNS names that it is for."""
    not_before: datetime
    not_after: datetime

    @classmethod
    def issue(cls, names: Iterable[str], at: datetime, lasting: timedelta, older: Iterable[str] = ()) -> Self:
        """Return a new certificate for `names` (P-256) that is valid from `at`, signed by a new authority.

        `older` are the authorities of certificates that may still be served; they stay trusted.
        """
        names = sorted(names)
        authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        validity = (at - _BACKDATED, at + lasting)
        authority = _authority(authority_key, validity, at)
        leaf = _leaf(key, names, validity).issuer_name(authority.subject)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        certificate = leaf.add_extension(issuer, critical=False).sign(authority_key, hashes.SHA256())
        return cls(
            chain=certificate.public_bytes(_PEM),
            key=key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
            authorities=(authority.public_bytes(_PEM).decode(), *older),
            names=frozenset(names),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )

    @classmethod
    def from_pem(cls, chain: bytes, key: bytes, authorities: bytes) -> Self:
        """Return what `tls.crt`, `tls.key` and `ca.crt` hold; CertificateUnsuitable or KeyMismatch if they are bad."""
        try:
            [leaf, *_] = x509.load_pem_x509_certificates(chain)
            trusted = x509.load_pem_x509_certificates(authorities)
            private_key = serialization.load_pem_private_key(key, None)
            names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound) as error:
            raise CertificateUnsuitable(f"the webhook's certificate cannot be read ({type(error).__name__})") from None
        if private_key.public_key() != leaf.public_key():
            raise KeyMismatch("the webhook's tls.key is not the key of its tls.crt")
        return cls(
            chain=chain,
            key=key,
            authorities=tuple(each.public_bytes(_PEM).decode() for each in trusted),
            names=frozenset(names.get_values_for_type(x509.DNSName)),
            not_before=leaf.not_valid_before_utc,
            not_after=leaf.not_valid_after_utc,
        )

    def authorities_at(self, at: datetime) -> tuple[str, ...]:
        """Return the authorities that have not expired at `at`."""
        return tuple(each for each in self.authorities if _expires_at(each) > at)


def _expires_at(certificate: str) -> datetime:
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc


def _authority(key: ec.EllipticCurvePrivateKey, validity: tuple[datetime, datetime], at: datetime) -> x509.Certificate:
    # The subject tells authorities apart where a verifier looks them up by name.
    name = _named(f"rolebound webhook authority {at:%Y%m%dT%H%M%S.%f}")
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(key, validity).subject_name(name).issuer_name(name)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def _leaf(
    key: ec.EllipticCurvePrivateKey, names: list[str], validity: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    builder = _builder(key, validity).subject_name(_named("rolebound webhook"))
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = builder.add_extension(alternatives, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)


def _builder(key: ec.EllipticCurvePrivateKey, validity: tuple[datetime, datetime]) -> x509.CertificateBuilder:
    not_before, not_after = validity
    builder = x509.CertificateBuilder().public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(not_before).not_valid_after(not_after)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
