"""Certificates and key as bytes → what the checks look at."""

from cryptography.exceptions import UnsupportedAlgorithm

from rolebound.diagnosis.facts import Material
from rolebound.errors import CertificateError
from rolebound.model.identity import SigningIdentity, certificates_in, private_key_in


def material_in(certificates: bytes, key: bytes) -> Material | CertificateError:
    """Return the certificates and key, whether or not they go together; the error where they cannot be read."""
    try:
        bundle, private = certificates_in(certificates), private_key_in(key)
    except CertificateError as error:
        return error
    public = private.public_key()
    leaf = None
    for each in bundle:
        try:
            if each.public_key() == public:
                leaf = each
                break
        except (ValueError, UnsupportedAlgorithm):
            continue  # a key of a kind that nobody here can read is not ours
    try:
        identity: SigningIdentity | CertificateError = SigningIdentity.from_pem(certificates, key)
    except CertificateError as error:
        identity = error
    return Material(tuple(bundle), public, leaf, identity)
