"""What AWS's helper has to try a certificate and a key: the certificate's data, and a signature over a fixed string.

Both are as its v1.8 prints and signs them, so that the two can be compared.
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rolebound.errors import CertificateUnsuitable
from rolebound.local.identity_files import IdentityFiles
from rolebound.model.keys import kind, signature

DIGESTS: Final = {"SHA256": hashes.SHA256(), "SHA384": hashes.SHA384(), "SHA512": hashes.SHA512()}
_FIXED: Final = b"AWS Roles Anywhere Credential Helper Signing Test1"


@dataclass(frozen=True, slots=True)
class CertificateData:
    """What of a certificate goes into a request."""

    key_type: str
    certificate_data: str
    """Its DER in base64, as in the header X-Amz-X509."""
    serial_number: str
    """In decimal, as in the credential of the Authorization header."""

    @property
    def algorithms(self) -> list[str]:
        """What the helper says that a key of this kind can sign with."""
        if self.key_type not in ("RSA", "EC"):
            return [self.key_type]
        return [f"{self.key_type}{digest}" for digest in DIGESTS]

    @property
    def document(self) -> dict[str, Any]:
        """The data under the helper's names."""
        return {
            "keyType": self.key_type,
            "certificateData": self.certificate_data,
            "serialNumber": self.serial_number,
            "supportedAlgorithms": self.algorithms,
        }


def certificate_data(files: IdentityFiles) -> CertificateData:
    """Return the data of the first certificate in the file; CertificateError where there is none to read."""
    first = files.certificates()[0]
    try:
        key_type = _key_type(first.public_key())
        serial_number = str(first.serial_number)
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateUnsuitable(f"{files.certificate} holds a damaged certificate") from None
    return CertificateData(key_type, b64encode(first.public_bytes(Encoding.DER)).decode(), serial_number)


def fixed_signature(files: IdentityFiles, digest: str) -> bytes:
    """Return the key's signature over the helper's fixed string; CertificateError where there is no such key."""
    key = files.key()
    message = _FIXED + _fingerprint(key.public_key())
    return signature(key, message, DIGESTS[digest])


def _fingerprint(key: PublicKeyTypes) -> bytes:
    """Return the string's end, which is another one for each key; the helper has none for ML-DSA."""
    if isinstance(key, rsa.RSAPublicKey):
        encoded = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        encoded = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        return b""
    return sha256(b"IAM RA" + encoded).digest()


def _key_type(key: PublicKeyTypes) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA"
    return "EC" if isinstance(key, ec.EllipticCurvePublicKey) else kind(key)
