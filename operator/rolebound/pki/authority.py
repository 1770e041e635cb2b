"""A certificate authority of one level, for IAM Roles Anywhere: pure, from names, keys and instants to certificates.

Its own certificate is a CA with path length 0: it signs clients and no further CA. A client certificate has what Roles
Anywhere asks for (X.509 v3, not a CA, digitalSignature, a subject that is not empty, SHA-256), and clientAuth, which
AWS's guide does not ask for and other verifiers do.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from rolebound.clock import rfc3339
from rolebound.errors import CommandRefused
from rolebound.model.identity import extension
from rolebound.pki.certificates import check_authority
from rolebound.pki.keys import PrivateKey, key_like

# A certificate is at once used against clocks that are not this machine's; AWS's signatures allow five minutes too.
_BACKDATED: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """From when to when a certificate is valid."""

    begins_at: datetime
    ends_at: datetime

    @classmethod
    def of_days(cls, days: int, now: datetime) -> Self:
        """Return the lifetime of that many days from now; it begins a little earlier, for clocks that are behind."""
        try:
            return cls(now - _BACKDATED, now + timedelta(days=days))
        except OverflowError:
            raise CommandRefused(f"{days} days from now is past what a date can say") from None


@dataclass(frozen=True, slots=True)
class Client:
    """Whom a client certificate is for."""

    subject: x509.Name
    alternative_names: tuple[x509.GeneralName, ...] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA's certificate and its key, which never shows in its repr."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)

    @classmethod
    def create(cls, subject: x509.Name, key: PrivateKey, lifetime: Lifetime) -> Self:
        """Return a new CA that signs itself."""
        usage = _usage(key_cert_sign=True, crl_sign=True)
        builder = (
            _builder(subject, subject, key, lifetime)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def load(cls, certificate: x509.Certificate, key: PrivateKey, place: str) -> Self:
        """Return the CA, however it was made; CommandRefused or CertificateUnsuitable where these two are none."""
        check_authority(certificate, place)
        if certificate.public_key() != key.public_key():
            raise CommandRefused(
                f"{place} and the CA's key do not belong together; take the two that were made together"
            )
        return cls(certificate, key)

    def issue(self, client: Client, key: PrivateKey, lifetime: Lifetime) -> x509.Certificate:
        """Return a new certificate for `client` and its key; CommandRefused where it would outlive the CA."""
        self._check_lifetime(lifetime)
        issuer, authority_key = self.certificate.subject, self.key.public_key()
        builder = (
            _builder(client.subject, issuer, key, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key), critical=False)
        )
        if client.alternative_names:
            names = x509.SubjectAlternativeName(client.alternative_names)
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def renew(
        self, certificate: x509.Certificate, key: PrivateKey | None, now: datetime, days: int | None
    ) -> tuple[x509.Certificate, PrivateKey]:
        """Return a certificate for the same client, for as long as the old one unless `days` says otherwise.

        Its key is `key`, or a new one of the same kind. CommandRefused where the old one is not of this CA.
        """
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            subject = certificate.subject.rfc4514_string()
            authority = self.certificate.subject.rfc4514_string()
            raise CommandRefused(f"{subject!r} was not issued by the CA {authority!r}; renew it where it was") from None
        names = extension(certificate, x509.SubjectAlternativeName)
        client = Client(certificate.subject, tuple(names) if names else ())
        lasted = certificate.not_valid_after_utc - certificate.not_valid_before_utc - _BACKDATED
        lifetime = Lifetime.of_days(days or max(1, round(lasted / timedelta(days=1))), now)
        new_key = key or key_like(certificate.public_key())
        return self.issue(client, new_key, lifetime), new_key

    def _check_lifetime(self, lifetime: Lifetime) -> None:
        end = self.certificate.not_valid_after_utc
        if lifetime.ends_at <= end:
            return
        left = (end - lifetime.begins_at - _BACKDATED).days
        if left < 1:
            raise CommandRefused(f"the CA itself ends at {rfc3339(end)}; make a new one and add it to the trust anchor")
        raise CommandRefused(
            f"the certificate would outlive its CA, which ends at {rfc3339(end)}; ask for at most --days {left}"
        )


def _builder(subject: x509.Name, issuer: x509.Name, key: PrivateKey, lifetime: Lifetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(lifetime.begins_at)
        .not_valid_after(lifetime.ends_at)
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
