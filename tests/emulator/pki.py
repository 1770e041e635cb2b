"""Certificates for the emulator's tests: an authority, intermediates and leaves, good and bad ones on request."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding

MLDSAKey = mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | MLDSAKey

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2046, 1, 1, tzinfo=UTC)


@cache
def key(kind: str) -> Key:
    """One key of each kind is enough: it is who certifies it that the tests change."""
    curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1(), "k1": ec.SECP256K1()}
    match kind:
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "mldsa44":
            return mldsa.MLDSA44PrivateKey.generate()
        case "mldsa65":
            return mldsa.MLDSA65PrivateKey.generate()
        case "mldsa87":
            return mldsa.MLDSA87PrivateKey.generate()
    return ec.generate_private_key(curves[kind])


def name(**fields: str) -> x509.Name:
    oids = {
        "CN": x509.NameOID.COMMON_NAME,
        "O": x509.NameOID.ORGANIZATION_NAME,
        "OU": x509.NameOID.ORGANIZATIONAL_UNIT_NAME,
    }
    parts = [(oids[field], value) for field, values in fields.items() for value in values.split("|")]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


@dataclass(frozen=True)
class Form:
    """What a certificate says; the defaults are a leaf that Roles Anywhere takes."""

    subject: x509.Name = field(default_factory=lambda: name(CN="pod.shop"))
    key: Key = field(default_factory=lambda: key("p256"))
    ca: bool | None = False
    path_length: int | None = None
    digital_signature: bool = True
    key_cert_sign: bool = False
    key_usage: bool = True
    not_before: datetime = START
    not_after: datetime = END
    hash: SHA256 | SHA384 | SHA512 = field(default_factory=SHA256)
    serial: int | None = None
    alternative_names: tuple[x509.GeneralName, ...] = ()


@dataclass(frozen=True)
class Certified:
    """A certificate with its key, and the certificates between it and its root."""

    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def issue(self, form: Form) -> "Certified":
        """Return a certificate that this one signed; the chain leads back to the root, without it."""
        certificate = _builder(form, self.certificate.subject).sign(self.key, hash_for(self.key, form.hash))
        is_root = self.certificate.issuer == self.certificate.subject
        chain = () if is_root else (self.certificate, *self.chain)
        return Certified(certificate, form.key, chain)


AUTHORITY = Form(subject=name(CN="test root"), ca=True, digital_signature=False, key_cert_sign=True)


def hash_for(key: Key, wanted: SHA256 | SHA384 | SHA512) -> SHA256 | SHA384 | SHA512 | None:
    """ML-DSA signs the message itself: there is no hash to choose."""
    return None if isinstance(key, MLDSAKey) else wanted


def root(form: Form = AUTHORITY) -> Certified:
    return Certified(_builder(form, form.subject).sign(form.key, hash_for(form.key, form.hash)), form.key)


def intermediate_form(common_name: str = "test intermediate") -> Form:
    return replace(AUTHORITY, subject=name(CN=common_name), key=key("p384"))


def revocation_list(issuer: Certified, *serials: int) -> str:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(START).next_update(START + timedelta(days=9000))
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(START).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer.key, hash_for(issuer.key, SHA256())).public_bytes(Encoding.PEM).decode()


def _builder(form: Form, issuer: x509.Name) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .subject_name(form.subject)
        .issuer_name(issuer)
        .public_key(form.key.public_key())
        .serial_number(form.serial or x509.random_serial_number())
        .not_valid_before(form.not_before)
        .not_valid_after(form.not_after)
    )
    if form.ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(form.ca, form.path_length), critical=True)
    if form.key_usage:
        usage = x509.KeyUsage(
            digital_signature=form.digital_signature,
            content_commitment=False,
            key_encipherment=True,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=form.key_cert_sign,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    if form.alternative_names:
        builder = builder.add_extension(x509.SubjectAlternativeName(form.alternative_names), critical=False)
    return builder
