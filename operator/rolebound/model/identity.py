"""A certificate, its chain and its key, proven to belong together and fit for IAM Roles Anywhere.

AWS answers an unusable certificate with a bare 403, so everything that can be known before is checked here, once, when
the pair is loaded: what is wrong, with which certificate, and what to do about it. Dates are checked at each use. What
Roles Anywhere asks of a certificate: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from rolebound.clock import rfc3339
from rolebound.errors import CertificateExpired, CertificateNotYetValid, CertificateUnsuitable, KeyMismatch

# X-Amz-X509-Chain takes five: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
CHAIN_LIMIT: Final = 5
_RSA_BITS: Final = 2048
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_WEAK_HASHES: Final = (hashes.MD5, hashes.SHA1)

E = TypeVar("E", bound=x509.ExtensionType)
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """What a CreateSession is signed with; the key never shows in its repr."""

    leaf: x509.Certificate
    intermediates: tuple[x509.Certificate, ...]
    """From the leaf's issuer upwards, without the leaf and without a self-signed root."""
    key: PrivateKey = field(repr=False)
    leaf_base64: str = field(repr=False, default="")
    """The leaf's DER, as X-Amz-X509 carries it."""
    chain_base64: str = field(repr=False, default="")
    """The intermediates' DER joined with commas, as X-Amz-X509-Chain carries them; empty where there are none."""

    @classmethod
    def from_pem(cls, certificates: bytes, key: bytes) -> Self:
        """Return the identity in a `tls.crt` and a `tls.key`, both PEM.

        Raises KeyMismatch or CertificateUnsuitable. The order of the certificates does not matter.
        """
        private_key = _private_key(key)
        bundle = _certificates(certificates)
        leaf = _leaf(bundle, private_key)
        others = [certificate for certificate in bundle if certificate != leaf]
        check_leaf(leaf, _place(bundle, leaf))
        chain = _chain(leaf, others, bundle)
        return cls(leaf, chain, private_key, _base64(leaf), ",".join(_base64(each) for each in chain))

    @property
    def subject(self) -> str:
        """The leaf's subject, by RFC 4514."""
        return self.leaf.subject.rfc4514_string()

    @property
    def issuer(self) -> str:
        """The leaf's issuer, by RFC 4514."""
        return self.leaf.issuer.rfc4514_string()

    @property
    def serial_number(self) -> int:
        """The leaf's serial number."""
        return self.leaf.serial_number

    @property
    def not_before(self) -> datetime:
        """When the whole chain begins to be valid."""
        return max(each.not_valid_before_utc for each in (self.leaf, *self.intermediates))

    @property
    def not_after(self) -> datetime:
        """When the first certificate of the chain expires."""
        return min(each.not_valid_after_utc for each in (self.leaf, *self.intermediates))

    def check_dates(self, at: datetime) -> None:
        """Raise CertificateExpired or CertificateNotYetValid where a certificate is not in date at `at`."""
        for what, each in (("certificate", self.leaf), *(("intermediate", one) for one in self.intermediates)):
            name = f"{what} {each.subject.rfc4514_string()!r}"
            if at > each.not_valid_after_utc:
                when = rfc3339(each.not_valid_after_utc)
                raise CertificateExpired(f"{name} expired at {when}; put a new one into the Secret")
            if at < each.not_valid_before_utc:
                since = each.not_valid_before_utc
                message = f"{name} is valid only from {rfc3339(since)}; wait, or mend the clock of its issuer"
                raise CertificateNotYetValid(message, since)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`: PKCS #1 v1.5 or DER-encoded ECDSA, with SHA-256 whatever the curve."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))


def _private_key(pem: bytes) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise CertificateUnsuitable(
            "tls.key is encrypted; put the decrypted key into the Secret, whose readers RBAC limits"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateUnsuitable("tls.key holds no private key in PEM that can be read") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, _CURVES):
        return key
    raise CertificateUnsuitable(
        f"tls.key is {_kind(key.public_key())}; "
        "Roles Anywhere takes RSA from 2048 bits and ECDSA on P-256, P-384 or P-521"
    )


def _certificates(pem: bytes) -> list[x509.Certificate]:
    try:
        bundle = x509.load_pem_x509_certificates(pem)
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise CertificateUnsuitable("tls.crt holds no certificate in PEM that can be read") from None
    for number, each in enumerate(bundle, 1):
        try:
            _read_whole(each)
        except (ValueError, x509.InvalidVersion, x509.DuplicateExtension, UnsupportedAlgorithm) as error:
            place = f"certificate {number} of {len(bundle)} in tls.crt"
            raise CertificateUnsuitable(f"{place} is damaged ({type(error).__name__}); put a whole one there") from None
    return list(dict.fromkeys(bundle))


def _read_whole(certificate: x509.Certificate) -> None:
    """Raise now what the library, which reads a field only when it is asked for, would raise later."""
    _ = (certificate.subject, certificate.issuer, certificate.serial_number, certificate.version)
    _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc, list(certificate.extensions))


def _leaf(bundle: Sequence[x509.Certificate], key: PrivateKey) -> x509.Certificate:
    wanted = _public_bytes(key.public_key())
    for certificate in bundle:
        if _public_bytes_of(certificate) == wanted:
            return certificate
    raise KeyMismatch(
        f"tls.key belongs to no certificate in tls.crt, the first of which is {bundle[0].subject.rfc4514_string()!r}; "
        "put the certificate and the key that were made together into the Secret"
    )


def check_leaf(leaf: x509.Certificate, place: str) -> None:
    """Raise CertificateUnsuitable for whatever Roles Anywhere would refuse the leaf for."""
    if leaf.version is not x509.Version.v3:
        raise CertificateUnsuitable(f"{place} is X.509 {leaf.version.name}; Roles Anywhere takes v3")
    if not list(leaf.subject):
        raise CertificateUnsuitable(
            f"{place} has an empty subject, which Roles Anywhere does not support; "
            "issue it with a common name (cert-manager: spec.commonName)"
        )
    _check_hash(leaf, place)
    constraints = _extension(leaf, x509.BasicConstraints)
    usage = _extension(leaf, x509.KeyUsage)
    if constraints is not None and constraints.ca:
        raise CertificateUnsuitable(f"{place} is a CA; issue a client certificate (basicConstraints CA:FALSE) from it")
    if usage is None or not usage.digital_signature:
        raise CertificateUnsuitable(
            f"{place} lacks the key usage digitalSignature; issue it with that (cert-manager: spec.usages)"
        )


def _check_hash(certificate: x509.Certificate, place: str) -> None:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return  # newer than this library; AWS decides
    if isinstance(algorithm, _WEAK_HASHES):
        raise CertificateUnsuitable(
            f"{place} is signed with {algorithm.name}; Roles Anywhere asks for SHA-256 or better"
        )


def _chain(
    leaf: x509.Certificate, others: list[x509.Certificate], bundle: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """Return the intermediates in order; a self-signed root ends the chain and is left out, as AWS has it already."""
    chain: list[x509.Certificate] = []
    rest, current = list(others), leaf
    while issuer := _issuer_of(current, rest, bundle):
        rest.remove(issuer)
        if issuer.subject == issuer.issuer:
            break
        _check_hash(issuer, _place(bundle, issuer))
        chain.append(issuer)
        current = issuer
    if rest:
        raise CertificateUnsuitable(
            f"{_place(bundle, rest[0])} is not part of the chain of {leaf.subject.rfc4514_string()!r}; take it out"
        )
    if len(chain) > CHAIN_LIMIT:
        raise CertificateUnsuitable(f"tls.crt holds {len(chain)} intermediates; Roles Anywhere takes {CHAIN_LIMIT}")
    return tuple(chain)


def _issuer_of(
    certificate: x509.Certificate, candidates: Sequence[x509.Certificate], bundle: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    """Return the candidate that signed `certificate`; CertificateUnsuitable where one only bears the issuer's name."""
    namesakes = [each for each in candidates if each.subject == certificate.issuer]
    for candidate in namesakes:
        try:
            certificate.verify_directly_issued_by(candidate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        return candidate
    if namesakes:
        raise CertificateUnsuitable(
            f"{_place(bundle, namesakes[0])} has the name of the issuer of {certificate.subject.rfc4514_string()!r} "
            "but did not sign it; put the issuer's present certificate into tls.crt"
        )
    return None


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _place(bundle: Sequence[x509.Certificate], certificate: x509.Certificate) -> str:
    number = f"certificate {bundle.index(certificate) + 1} of {len(bundle)} in tls.crt"
    return f"{number} ({certificate.subject.rfc4514_string()!r})"


def _base64(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def _public_bytes(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _public_bytes_of(certificate: x509.Certificate) -> bytes | None:
    try:
        return _public_bytes(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm):
        return None


def _kind(key: PublicKeyTypes) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA with {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA on {key.curve.name}"
    return type(key).__name__.removeprefix("_").removesuffix("PublicKey")
