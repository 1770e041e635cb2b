"""A signer of CreateSession requests for these tests alone, from AWS's description of the process.

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from rolebound.emulator.messages import HttpRequest
from tests.emulator.pki import Certified, Key


@dataclass(frozen=True)
class Draft:
    """One request before it is signed; whatever is None follows from the identity, as it should."""

    identity: Certified
    at: datetime
    fields: dict[str, object]
    region: str = "us-east-1"
    host: str = "localhost"
    query: str = ""
    path: str = "/sessions"
    raw_body: bytes | None = None
    algorithm: str | None = None
    serial: str | None = None
    signing_key: Key | None = None
    chain: tuple[x509.Certificate, ...] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    unsigned: frozenset[str] = frozenset()
    twice: tuple[str, ...] = ()
    """Headers that are named once more."""
    says_who: bool = True
    """Whether there is an Authorization header."""

    def signed(self) -> HttpRequest:
        key = self.signing_key or self.identity.key
        body = json.dumps(self.fields).encode() if self.raw_body is None else self.raw_body
        headers = self._headers()
        names = sorted([header.lower() for header in headers if header.lower() not in self.unsigned] + [*self.twice])
        lower = {header.lower(): value for header, value in headers.items()}
        lines = [f"{header}:{lower[header]}\n" for header in names]
        query = "&".join(sorted(self.query.split("&"))) if self.query else ""
        signed_names = ";".join(names)
        canonical = f"POST\n{self.path}\n{query}\n{''.join(lines)}\n{signed_names}\n{sha256(body).hexdigest()}"
        scope = f"{self.at:%Y%m%d}/{self.region}/rolesanywhere/aws4_request"
        algorithm = self.algorithm or _algorithm(key)
        text = f"{algorithm}\n{headers['X-Amz-Date']}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        serial = self.serial or str(self.identity.certificate.serial_number)
        if self.says_who:
            credential, signature = f"Credential={serial}/{scope}", f"Signature={_sign(key, text).hex()}"
            headers["Authorization"] = f"{algorithm} {credential}, SignedHeaders={signed_names}, {signature}"
        return HttpRequest("POST", self.path, self.query, tuple(headers.items()), body)

    def _headers(self) -> dict[str, str]:
        headers = {
            "Host": self.host,
            "Content-Type": "application/json",
            "X-Amz-Date": f"{self.at:%Y%m%dT%H%M%SZ}",
            "X-Amz-X509": _base64(self.identity.certificate),
        }
        chain = self.identity.chain if self.chain is None else self.chain
        if chain:
            headers["X-Amz-X509-Chain"] = ",".join(_base64(certificate) for certificate in chain)
        return headers | self.headers


def _algorithm(key: Key) -> str:
    match key:
        case ec.EllipticCurvePrivateKey():
            return "AWS4-X509-ECDSA-SHA256"
        case rsa.RSAPrivateKey():
            return "AWS4-X509-RSA-SHA256"
    return "AWS4-X509-MLDSA"


def _sign(key: Key, text: str) -> bytes:
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(text.encode(), ec.ECDSA(SHA256()))
        case rsa.RSAPrivateKey():
            return key.sign(text.encode(), padding.PKCS1v15(), SHA256())
    return key.sign(text.encode())


def _base64(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
