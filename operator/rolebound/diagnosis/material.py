"""Certificates and key, as they were read → what the checks look at."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from rolebound.diagnosis.facts import Material
from rolebound.errors import CertificateError
from rolebound.model.identity import SECRET, SigningIdentity, Source, whole
from rolebound.model.keys import checked_key


def material_of(
    certificates: Sequence[x509.Certificate], key: PrivateKeyTypes, source: Source = SECRET
) -> Material | CertificateError:
    """Return the certificates and key, whether or not they go together; else why one cannot be used."""
    try:
        bundle = whole(certificates, source)
        checked_key(key, source.key)
    except CertificateError as error:
        return error
    try:
        identity: SigningIdentity | CertificateError = SigningIdentity.proven(certificates, key, source)
    except CertificateError as error:
        identity = error
    public = key.public_key()
    leaf = next((each for each in bundle if _key_of(each) == public), None)
    return Material(tuple(bundle), public, leaf, identity)


def _key_of(certificate: x509.Certificate) -> PublicKeyTypes | None:
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None  # a key of a kind that nobody here can read is not ours
