"""A certificate, its chain and its key, proven to belong together and fit for IAM Roles Anywhere.

AWS answers an unusable certificate with a bare 403, so everything that can be known before is checked here, once, when
the pair is loaded: what is wrong, with which certificate, and what to do about it. Dates are checked at each use. What
Roles Anywhere asks of a certificate: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Self, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from rolebound.clock import rfc3339
from rolebound.errors import CertificateExpired, CertificateNotYetValid, CertificateUnsuitable, KeyMismatch
from rolebound.model.keys import PrivateKey, checked_key, signature

# X-Amz-X509-Chain takes five: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
CHAIN_LIMIT: Final = 5
_WEAK_HASHES: Final = (hashes.MD5, hashes.SHA1)

E = TypeVar("E", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Source:
    """What the places are called that certificates and key came from, and how strictly they are read."""

    certificates: str = "tls.crt"
    key: str = "tls.key"
    strict: bool = True
    """Whether a certificate that is not part of the chain is a mistake, as in a bundle made for one leaf."""


SECRET: Final = Source()
"""A `kubernetes.io/tls` Secret."""


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
        return cls.proven(certificates_in(certificates), private_key_in(key))

    @classmethod
    def proven(cls, certificates: Sequence[x509.Certificate], key: PrivateKeyTypes, source: Source = SECRET) -> Self:
        """Return the identity of `key` among `certificates`, in whatever order; raises as `from_pem`."""
        private_key = checked_key(key, source.key)
        bundle = _Bundle(whole(certificates, source), source)
        leaf = bundle.leaf(private_key)
        for _, fault in leaf_faults(leaf, bundle.place(leaf)):
            raise CertificateUnsuitable(fault)
        chain = bundle.chain(leaf)
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
                raise CertificateExpired(f"{name} expired at {when}; put a new one in its place")
            if at < each.not_valid_before_utc:
                since = each.not_valid_before_utc
                message = f"{name} is valid only from {rfc3339(since)}; wait, or mend the clock of its issuer"
                raise CertificateNotYetValid(message, since)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`, as Roles Anywhere asks of this kind of key."""
        return signature(self.key, message)


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Certificates as they were given, without repetitions, and where they were given."""

    certificates: list[x509.Certificate]
    source: Source

    def leaf(self, key: PrivateKey) -> x509.Certificate:
        wanted = _public_bytes(key.public_key())
        for certificate in self.certificates:
            if _public_bytes_of(certificate) == wanted:
                return certificate
        raise KeyMismatch(
            f"{self.source.key} belongs to no certificate in {self.source.certificates}, "
            f"the first of which is {self.certificates[0].subject.rfc4514_string()!r}; "
            "give the certificate and the key that were made together"
        )

    def chain(self, leaf: x509.Certificate) -> tuple[x509.Certificate, ...]:
        """Return the intermediates in order; a self-signed root ends the chain and is left out, as AWS has it."""
        chain: list[x509.Certificate] = []
        rest, current = [each for each in self.certificates if each != leaf], leaf
        while issuer := self._issuer_of(current, rest):
            rest.remove(issuer)
            if issuer.subject == issuer.issuer:
                break
            if weak := _weak_hash(issuer, self.place(issuer)):
                raise CertificateUnsuitable(weak)
            chain.append(issuer)
            current = issuer
        if rest and self.source.strict:
            raise CertificateUnsuitable(
                f"{self.place(rest[0])} is not part of the chain of {leaf.subject.rfc4514_string()!r}; take it out"
            )
        if len(chain) > CHAIN_LIMIT:
            raise CertificateUnsuitable(
                f"{self.source.certificates} holds {len(chain)} intermediates; Roles Anywhere takes {CHAIN_LIMIT}"
            )
        return tuple(chain)

    def _issuer_of(
        self, certificate: x509.Certificate, candidates: Sequence[x509.Certificate]
    ) -> x509.Certificate | None:
        """Return the candidate that signed `certificate`; CertificateUnsuitable where one only bears its name."""
        namesakes = [each for each in candidates if each.subject == certificate.issuer]
        for candidate in namesakes:
            try:
                certificate.verify_directly_issued_by(candidate)
            except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
                continue
            return candidate
        if namesakes and self.source.strict:
            raise CertificateUnsuitable(
                f"{self.place(namesakes[0])} has the name of the issuer of {certificate.subject.rfc4514_string()!r} "
                f"but did not sign it; put the issuer's present certificate into {self.source.certificates}"
            )
        return None

    def place(self, certificate: x509.Certificate) -> str:
        """Return which certificate of how many it is, and where."""
        number = self.certificates.index(certificate) + 1
        where = f"certificate {number} of {len(self.certificates)} in {self.source.certificates}"
        return f"{where} ({certificate.subject.rfc4514_string()!r})"


def private_key_in(pem: bytes) -> PrivateKeyTypes:
    """Return the private key in a `tls.key`; CertificateUnsuitable where there is none that can be read."""
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise CertificateUnsuitable(
            "tls.key is encrypted; put the decrypted key into the Secret, whose readers RBAC limits"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateUnsuitable("tls.key holds no private key in PEM that can be read") from None


def certificates_in(pem: bytes) -> list[x509.Certificate]:
    """Return the certificates in a `tls.crt`, at least one; CertificateUnsuitable where there is none."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise CertificateUnsuitable("tls.crt holds no certificate in PEM that can be read") from None


def whole(certificates: Sequence[x509.Certificate], source: Source) -> list[x509.Certificate]:
    """Return the certificates without repetitions; CertificateUnsuitable where one cannot be read to its end."""
    for number, each in enumerate(certificates, 1):
        try:
            _read_whole(each)
        except (ValueError, x509.InvalidVersion, x509.DuplicateExtension, UnsupportedAlgorithm) as error:
            place = f"certificate {number} of {len(certificates)} in {source.certificates}"
            raise CertificateUnsuitable(f"{place} is damaged ({type(error).__name__}); put a whole one there") from None
    return list(dict.fromkeys(certificates))


def _read_whole(certificate: x509.Certificate) -> None:
    """Raise now what the library, which reads a field only when it is asked for, would raise later."""
    _ = (certificate.subject, certificate.issuer, certificate.serial_number, certificate.version)
    _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc, list(certificate.extensions))


class Aspect(StrEnum):
    """What of a leaf a fault is about."""

    FORM = "form"
    SUBJECT = "subject"
    USAGES = "usages"


def leaf_faults(leaf: x509.Certificate, place: str) -> Iterator[tuple[Aspect, str]]:
    """Yield whatever Roles Anywhere would refuse the leaf for, the most basic first; `place` says where it stands."""
    if leaf.version is not x509.Version.v3:
        yield Aspect.FORM, f"{place} is X.509 {leaf.version.name}; Roles Anywhere takes v3"
    if not list(leaf.subject):
        text = f"{place} has an empty subject, which Roles Anywhere does not support"
        yield Aspect.SUBJECT, f"{text}; issue it with a common name (cert-manager: spec.commonName)"
    if weak := _weak_hash(leaf, place):
        yield Aspect.FORM, weak
    constraints = extension(leaf, x509.BasicConstraints)
    usage = extension(leaf, x509.KeyUsage)
    if constraints is not None and constraints.ca:
        yield Aspect.USAGES, f"{place} is a CA; issue a client certificate (basicConstraints CA:FALSE) from it"
    if usage is None or not usage.digital_signature:
        text = f"{place} lacks the key usage digitalSignature"
        yield Aspect.USAGES, f"{text}; issue it with that (cert-manager: spec.usages)"


def _weak_hash(certificate: x509.Certificate, place: str) -> str:
    """Return what is wrong with the hash that the certificate is signed with, or ""."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""  # newer than this library; AWS decides
    if not isinstance(algorithm, _WEAK_HASHES):
        return ""
    return f"{place} is signed with {algorithm.name}; Roles Anywhere asks for SHA-256 or better"


def extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """Return the certificate's extension of that kind, or None."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _base64(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def _public_bytes(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _public_bytes_of(certificate: x509.Certificate) -> bytes | None:
    try:
        return _public_bytes(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm):
        return None
