"""What Roles Anywhere asks of certificates, and what it reads from them.

Decides whether a leaf may sign in, whether a chain leads from it to a trust anchor, and whether a certificate can be
a trust anchor at all. Never looks at a request. Keys are RSA, ECDSA or ML-DSA, of the leaf and of every issuer alike.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa
from cryptography.x509 import verification

from rolebound.emulator.messages import access_denied, invalid

# "CERTIFICATE_BUNDLE": at most two certificates and 16,000 characters for each trust anchor.
MAXIMUM_BUNDLE: Final = 2
MAXIMUM_BUNDLE_CHARACTERS: Final = 16_000
# AWS documents EC keys and no curves; these are the ones that its helper is tested with.
_ACCEPTED_CURVES: Final = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_ACCEPTED_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
# FIPS 204; the signature takes the message itself, so that there is no hash to name.
_MLDSA_SIGNATURES: Final = frozenset(
    {x509.SignatureAlgorithmOID.ML_DSA_44, x509.SignatureAlgorithmOID.ML_DSA_65, x509.SignatureAlgorithmOID.ML_DSA_87}
)
MLDSAPublicKey = mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


def check_leaf(leaf: x509.Certificate, now: datetime) -> None:
    """Return where `leaf` may be an end entity of Roles Anywhere at `now`; Refusal otherwise."""
    insufficient = access_denied("Untrusted certificate. Insufficient certificate")
    if not _readable(leaf) or leaf.version is not x509.Version.v3 or not _hash_accepted(leaf):
        raise insufficient
    key = leaf.public_key()
    on_curve = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _ACCEPTED_CURVES
    if not on_curve and not isinstance(key, rsa.RSAPublicKey | MLDSAPublicKey):
        raise insufficient
    constraints = _extension(leaf, x509.BasicConstraints)
    usage = _extension(leaf, x509.KeyUsage)
    if (constraints is not None and constraints.ca) or usage is None or not usage.digital_signature:
        raise insufficient
    if not list(leaf.subject):
        raise access_denied("Untrusted certificate. The subject of the certificate is empty")
    if now < leaf.not_valid_before_utc:
        raise access_denied("Untrusted certificate. The certificate is not yet valid")
    if now > leaf.not_valid_after_utc:
        raise access_denied("Untrusted certificate. The certificate has expired")


def trusted_chain(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    now: datetime,
) -> list[x509.Certificate]:
    """Return the certificates from `leaf` to the one of `anchors` that it leads to; Refusal where there is no way."""
    untrusted = access_denied("Untrusted signing certificate")
    if not all(_hash_accepted(certificate) for certificate in intermediates):
        raise untrusted
    policy = verification.ExtensionPolicy.permit_all()
    authorities = policy.require_present(
        x509.BasicConstraints, verification.Criticality.AGNOSTIC, _must_be_authority
    ).may_be_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _must_sign_certificates)
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store(list(anchors)))
        .time(now)
        .extension_policies(ca_policy=authorities, ee_policy=policy)
        .build_client_verifier()
    )
    try:
        return verifier.verify(leaf, list(intermediates)).chain
    except verification.VerificationError:
        raise untrusted from None


def trust_anchor_bundle(pem: str) -> list[x509.Certificate]:
    """Return the certificates of a trust anchor's PEM bundle; Refusal where AWS would not take them."""
    if len(pem) > MAXIMUM_BUNDLE_CHARACTERS:
        raise invalid(f"x509CertificateData may hold at most {MAXIMUM_BUNDLE_CHARACTERS} characters")
    try:
        bundle = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise invalid("x509CertificateData must be certificates in PEM") from None
    if len(bundle) > MAXIMUM_BUNDLE:
        raise invalid(f"A trust anchor may hold at most {MAXIMUM_BUNDLE} certificates")
    for certificate in bundle:
        if not _readable(certificate):
            raise invalid("x509CertificateData must be certificates in PEM")
        constraints = _extension(certificate, x509.BasicConstraints)
        if certificate.version is not x509.Version.v3 or constraints is None or not constraints.ca:
            raise invalid("Incorrect basic constraints for CA certificate")
        usage = _extension(certificate, x509.KeyUsage)
        if usage is None or not usage.key_cert_sign:
            raise invalid("Incorrect key usage for CA certificate")
        if not _hash_accepted(certificate):
            raise invalid("The CA certificate must be signed with SHA-256 or stronger")
    return bundle


def revoked(leaf: x509.Certificate, issuer: x509.Certificate, lists: Iterable[x509.CertificateRevocationList]) -> bool:
    """Return whether one of `lists`, signed by the leaf's own issuer, names the leaf."""
    key = issuer.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | MLDSAPublicKey):
        return False
    return any(
        crl.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None
        for crl in lists
        if crl.issuer == leaf.issuer and crl.is_signature_valid(key)
    )


def _readable(certificate: x509.Certificate) -> bool:
    """Return whether every part that is looked at later can be read: they are parsed only when asked for."""
    try:
        *_, hashed = (
            certificate.subject,
            certificate.issuer,
            certificate.extensions,
            certificate.signature_hash_algorithm,
        )
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    return hashed is not None or certificate.signature_algorithm_oid in _MLDSA_SIGNATURES


def _hash_accepted(certificate: x509.Certificate) -> bool:
    if certificate.signature_algorithm_oid in _MLDSA_SIGNATURES:
        return True
    algorithm = certificate.signature_hash_algorithm
    return algorithm is not None and algorithm.name in _ACCEPTED_HASHES


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _must_be_authority(_: verification.Policy, __: x509.Certificate, constraints: x509.BasicConstraints) -> None:
    if not constraints.ca:
        raise ValueError("not a certificate authority")


def _must_sign_certificates(_: verification.Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("may not sign certificates")
