"""Who signed a CreateSession request: the X.509 form of Signature Version 4, checked from the bytes on the wire.

Decides whether the leaf's key signed exactly this request, now. Never decides whether that leaf is to be trusted, nor
what it may have. The canonical request is rebuilt from the raw path, query, headers and body as they came, so that a
request which AWS would have to normalise first is refused here: the stand-in errs on the strict side.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from rolebound.emulator.certificates import MLDSAPublicKey
from rolebound.emulator.messages import HttpRequest, Refusal, access_denied, invalid

# The norm of Signature Version 4; Roles Anywhere documents no limit of its own.
MAXIMUM_SKEW: Final = timedelta(minutes=5)
# "the maximum is 5": https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
MAXIMUM_CHAIN: Final = 5
RSA_ALGORITHM: Final = "AWS4-X509-RSA-SHA256"
ECDSA_ALGORITHM: Final = "AWS4-X509-ECDSA-SHA256"
MLDSA_ALGORITHM: Final = "AWS4-X509-MLDSA"

_AUTHORIZATION: Final = re.compile(
    r"(?P<algorithm>AWS4-X509-[A-Z0-9-]+) "
    r"Credential=(?P<serial>[1-9]\d*)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/rolesanywhere/aws4_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9-]+(?:;[a-z0-9-]+)*), ?"
    r"Signature=(?P<signature>(?:[0-9a-f]{2})+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Authorization:
    """The Authorization header's parts; `serial` is decimal, as Roles Anywhere wants it."""

    algorithm: str
    serial: str
    date: str
    region: str
    signed_headers: tuple[str, ...]
    signature: bytes

    @property
    def scope(self) -> str:
        """The credential scope, which is part of what is signed."""
        return f"{self.date}/{self.region}/rolesanywhere/aws4_request"


@dataclass(frozen=True, slots=True)
class Signer:
    """A leaf whose key signed the request, what came with it, and the region that it signed for."""

    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    region: str


def authenticate(request: HttpRequest, now: datetime) -> Signer:
    """Return who signed `request`; Refusal where its signature does not hold at `now`."""
    authorization = parse_authorization(request.header("Authorization"))
    _check_signed_headers(request, authorization)
    _check_date(request, authorization, now)
    leaf = _certificate(request.header("X-Amz-X509") or "")
    if str(leaf.serial_number) != authorization.serial:
        raise access_denied("The serial number of the credential is not the serial number of X-Amz-X509.")
    _check_signature(leaf, authorization, string_to_sign(request, authorization))
    return Signer(leaf, _chain(request.header("X-Amz-X509-Chain")), authorization.region)


def parse_authorization(value: str | None) -> Authorization:
    """Return the parts of an Authorization header; Refusal where it is absent or not of the X.509 form."""
    if value is None:
        raise Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    match = _AUTHORIZATION.fullmatch(value)
    if match is None:
        raise access_denied("The Authorization header is not of the form that Roles Anywhere documents.")
    return Authorization(
        algorithm=match["algorithm"],
        serial=match["serial"],
        date=match["date"],
        region=match["region"],
        signed_headers=tuple(match["names"].split(";")),
        signature=bytes.fromhex(match["signature"]),
    )


def canonical_request(request: HttpRequest, signed_headers: tuple[str, ...]) -> str:
    """Return the text whose hash is signed: method, path, query, headers, their names, the body's hash."""
    # A parameter without a value is signed as `name=`.
    pairs = sorted(pair if "=" in pair else f"{pair}=" for pair in request.query.split("&") if pair)
    lines = [f"{name}:{re.sub(' +', ' ', (request.header(name) or '').strip(' '))}" for name in signed_headers]
    return "\n".join(
        [
            request.method,
            request.path,
            "&".join(pairs),
            *lines,
            "",
            ";".join(signed_headers),
            sha256(request.body).hexdigest(),
        ]
    )


def string_to_sign(request: HttpRequest, authorization: Authorization) -> str:
    """Return the four lines that the leaf's key signs."""
    canonical = canonical_request(request, authorization.signed_headers)
    return "\n".join(
        [
            authorization.algorithm,
            request.header("X-Amz-Date") or "",
            authorization.scope,
            sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest(),
        ]
    )


def _check_signed_headers(request: HttpRequest, authorization: Authorization) -> None:
    names = authorization.signed_headers
    if list(names) != sorted(set(names)):
        raise access_denied("SignedHeaders must be sorted and name each header once.")
    present = {name.lower() for name, _ in request.headers}
    # Host, Content-Type where there is one, and every X-Amz-* header must be signed:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    required = {"host", "x-amz-date", "x-amz-x509"}
    required |= {name for name in present if name == "content-type" or name.startswith("x-amz-")}
    missing = sorted(required - set(names)) + sorted(set(names) - present)
    if missing:
        raise access_denied(f"There were headers present in the request which were not signed, or absent: {missing}")


def _check_date(request: HttpRequest, authorization: Authorization, now: datetime) -> None:
    text = request.header("X-Amz-Date") or ""
    if re.fullmatch(r"\d{8}T\d{6}Z", text, re.ASCII) is None:
        raise access_denied("X-Amz-Date must have the form YYYYMMDDTHHMMSSZ.")
    try:
        signed_at = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise access_denied("X-Amz-Date is no date.") from None
    if not text.startswith(authorization.date):
        raise access_denied("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.")
    if signed_at < now - MAXIMUM_SKEW:
        raise access_denied(f"Signature expired: {text} is more than 5 minutes before {now:%Y%m%dT%H%M%SZ}.")
    if signed_at > now + MAXIMUM_SKEW:
        raise access_denied(f"Signature not yet current: {text} is more than 5 minutes after {now:%Y%m%dT%H%M%SZ}.")


def _certificate(text: str) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
        certificate.public_key()  # parsed only when it is asked for
    except (binascii.Error, ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise access_denied("X-Amz-X509 and X-Amz-X509-Chain must be X.509 certificates: DER in base64.") from None
    return certificate


def _chain(header: str | None) -> tuple[x509.Certificate, ...]:
    texts = header.split(",") if header else []
    if len(texts) > MAXIMUM_CHAIN:
        raise invalid(f"X-Amz-X509-Chain may hold at most {MAXIMUM_CHAIN} certificates.")
    return tuple(_certificate(text) for text in texts)


def _check_signature(leaf: x509.Certificate, authorization: Authorization, text: str) -> None:
    refused = access_denied(
        "The request signature we calculated does not match the signature you provided: it was not made over this "
        "request by the key of the certificate in X-Amz-X509."
    )
    # The algorithm follows the leaf's key and never the hash with which its issuer signed it.
    key = leaf.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and authorization.algorithm == RSA_ALGORITHM:
            key.verify(authorization.signature, text.encode(), padding.PKCS1v15(), SHA256())
            return
        if isinstance(key, ec.EllipticCurvePublicKey) and authorization.algorithm == ECDSA_ALGORITHM:
            key.verify(authorization.signature, text.encode(), ec.ECDSA(SHA256()))
            return
        if isinstance(key, MLDSAPublicKey) and authorization.algorithm == MLDSA_ALGORITHM:
            # Pure ML-DSA (FIPS 204 section 5.2) with an empty context: the message is not hashed first.
            key.verify(authorization.signature, text.encode())
            return
    except InvalidSignature:
        raise refused from None
    raise access_denied(f"{authorization.algorithm} is not the algorithm of the key of the certificate in X-Amz-X509.")
