"""The private keys that Roles Anywhere takes, and how each one signs.

The leaf's key decides: never the hash that the CA signed the leaf with, and never the curve.
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
"""

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from rolebound.errors import CertificateUnsuitable

MLDSAPrivateKey = mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | MLDSAPrivateKey

_RSA_BITS: Final = 2048
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


def checked_key(key: PrivateKeyTypes, place: str) -> PrivateKey:
    """Return `key`, which is in `place`; CertificateUnsuitable where Roles Anywhere takes none of its kind."""
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, _CURVES):
        return key
    if isinstance(key, mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey):
        return key
    raise CertificateUnsuitable(
        f"{place} is {kind(key.public_key())}; "
        "Roles Anywhere takes RSA from 2048 bits, ECDSA on P-256, P-384 or P-521, and ML-DSA"
    )


def algorithm(key: PrivateKey) -> str:
    """Return the name under which `key` signs a request."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "AWS4-X509-RSA-SHA256"
    return "AWS4-X509-ECDSA-SHA256" if isinstance(key, ec.EllipticCurvePrivateKey) else "AWS4-X509-MLDSA"


def signature(key: PrivateKey, message: bytes, digest: hashes.HashAlgorithm | None = None) -> bytes:
    """Return the signature over `message`: PKCS #1 v1.5, DER-encoded ECDSA, or pure ML-DSA with an empty context.

    The hash is SHA-256, as Roles Anywhere asks, unless `digest` says otherwise; ML-DSA has none.
    """
    hashed = digest or hashes.SHA256()
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashed)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashed))
    return key.sign(message)


def kind(key: PublicKeyTypes) -> str:
    """Return what `key` is, in words."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA with {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA on {key.curve.name}"
    return type(key).__name__.removeprefix("_").removesuffix("PublicKey").replace("MLDSA", "ML-DSA-")
