"""A certificate authority in memory: certificates good and bad, as a test asks for them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.x509.oid import NameOID

ML_DSA = mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def key_pem(key: Any) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))


def name(common_name: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    return x509.Name(attributes)


@dataclass(frozen=True)
class Issued:
    certificate: x509.Certificate
    key: Any
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def certificate_pem(self) -> bytes:
        return pem(self.certificate, *self.chain)

    @property
    def key_pem(self) -> bytes:
        return key_pem(self.key)


@dataclass
class CA:
    """Issues certificates; `CA.root()` signs itself, `issue_ca()` makes an intermediate."""

    certificate: x509.Certificate
    key: Any
    chain: tuple[x509.Certificate, ...] = field(default=())

    @classmethod
    def root(cls, common_name: str = "test root", key: Any = None) -> "CA":
        key = key or ec.generate_private_key(ec.SECP256R1())
        return cls(_build(name(common_name), key, name(common_name), key, ca=True), key)

    @property
    def pem(self) -> bytes:
        return pem(self.certificate)

    def issue_ca(self, common_name: str, **changes: Any) -> "CA":
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _build(name(common_name), key, self.certificate.subject, self.key, ca=True, **changes)
        return CA(certificate, key, (certificate, *self.chain))

    def issue(self, common_name: str = "client", key: Any = None, **changes: Any) -> Issued:
        key = key or ec.generate_private_key(ec.SECP256R1())
        certificate = _build(name(common_name), key, self.certificate.subject, self.key, **changes)
        return Issued(certificate, key, self.chain)


def _build(subject: x509.Name, key: Any, issuer: x509.Name, issuer_key: Any, **changes: Any) -> x509.Certificate:
    ca: bool = changes.pop("ca", False)
    now = datetime.now(UTC)  # noqa: TID251 - certificates are made for the real clock, and for an AWS that is behind it
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(changes.pop("not_before", now - timedelta(hours=1)))
        .not_valid_after(changes.pop("not_after", now + timedelta(days=30)))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if changes.pop("key_usage", True):
        usage = x509.KeyUsage(
            digital_signature=changes.pop("digital_signature", True),
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=ca,
            crl_sign=ca,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    if dns := changes.pop("dns", ""):
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
    assert not changes, f"unknown: {changes}"
    return builder.sign(issuer_key, None if isinstance(issuer_key, ML_DSA) else hashes.SHA256())
