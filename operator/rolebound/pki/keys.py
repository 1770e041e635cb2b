"""Private keys in the sizes that Roles Anywhere takes, to and from PEM.

A key that is written is PKCS #8, encrypted with PBES2 where a password is given. A key that is read may be PKCS #1,
SEC 1 or PKCS #8, as openssl writes them. No password and no key ever enters a message.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa

from rolebound.errors import CommandRefused

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

DEFAULT: Final = "p256"
_PUBLIC_EXPONENT: Final = 65537
_RSA_BITS: Final = (2048, 3072, 4096)
_CURVES: Final[tuple[ec.EllipticCurve, ...]] = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())
_MAKERS: Final[Mapping[str, Callable[[], PrivateKey]]] = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa2048": lambda: rsa.generate_private_key(_PUBLIC_EXPONENT, 2048),
    "rsa3072": lambda: rsa.generate_private_key(_PUBLIC_EXPONENT, 3072),
    "rsa4096": lambda: rsa.generate_private_key(_PUBLIC_EXPONENT, 4096),
}
TYPES: Final = tuple(_MAKERS)


def new_key(key_type: str) -> PrivateKey:
    """Return a new key of one of `TYPES`."""
    return _MAKERS[key_type]()


def key_like(key: object) -> PrivateKey:
    """Return a new key of the type and size of `key`, a public or private one; CommandRefused where it is neither."""
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        for curve in _CURVES:
            if curve.name == key.curve.name:
                return ec.generate_private_key(curve)
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return rsa.generate_private_key(_PUBLIC_EXPONENT, max(key.key_size, min(_RSA_BITS)))
    raise CommandRefused("the certificate's key is neither RSA nor ECDSA on P-256, P-384 or P-521; issue a new one")


def is_accepted(key: object) -> bool:
    """Return whether Roles Anywhere takes certificates with this public key."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= min(_RSA_BITS)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name in {curve.name for curve in _CURVES}
    return isinstance(key, mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey)


def key_pem(key: PrivateKey, password: bytes | None = None) -> bytes:
    """Return `key` in PEM, PKCS #8, encrypted where there is a password."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def is_encrypted(pem: bytes) -> bool:
    """Return whether a key in PEM needs a password."""
    return b"ENCRYPTED" in pem


def read_key(pem: bytes, password: bytes | None, place: str) -> PrivateKey:
    """Return the key in `pem`; CommandRefused names `place` where there is none, or the password does not open it."""
    try:
        key = serialization.load_pem_private_key(pem, password if is_encrypted(pem) else None)
    except UnsupportedAlgorithm:
        raise CommandRefused(
            f"{place} holds a key of a kind that cannot be read; make one that is RSA or ECDSA"
        ) from None
    except (ValueError, TypeError):
        if is_encrypted(pem):
            raise CommandRefused(f"{place} is encrypted, and the password does not open it") from None
        raise CommandRefused(f"{place} holds no private key in PEM") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise CommandRefused(f"{place} is neither an RSA nor an ECDSA key, which are what Roles Anywhere takes here")
    return key
