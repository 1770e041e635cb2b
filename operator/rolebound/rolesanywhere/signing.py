"""AWS Signature Version 4 with an X.509 key, as a signer of botocore's.

The frame is SigV4's and comes from botocore; three things differ, and they are here: the certificate travels in
headers, the credential is the leaf's serial number in decimal, and the string to sign is signed with the leaf's
private key instead of a derived HMAC key.
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, cast

from botocore.auth import AUTH_TYPE_MAPS, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from rolebound import clock
from rolebound.model.identity import SigningIdentity
from rolebound.model.keys import algorithm

# Not "v4-…": botocore takes any auth type that begins so for plain SigV4.
AUTH_TYPE: Final = "x509"
_TIMESTAMP: Final = "%Y%m%dT%H%M%SZ"


class X509Credentials:
    """An identity in the place where botocore keeps credentials."""

    access_key = secret_key = ""
    token = None

    def __init__(self, identity: SigningIdentity, clock_behind: timedelta = timedelta()) -> None:
        self.identity = identity
        self.clock_behind = clock_behind
        """How far this machine's clock is behind AWS's, where that is known."""

    def get_frozen_credentials(self) -> "X509Credentials":
        """Return itself: an identity never changes."""
        return self


class X509Auth(SigV4Auth):
    """Signs CreateSession."""

    def __init__(self, credentials: X509Credentials | None, service_name: str, region_name: str) -> None:
        if not isinstance(credentials, X509Credentials):  # somebody's ordinary access key
            raise NoCredentialsError
        super().__init__(cast("ReadOnlyCredentials", credentials), service_name, region_name)
        self._identity = credentials.identity
        self._clock_behind = credentials.clock_behind

    @property
    def algorithm(self) -> str:
        """The algorithm's name, which follows the leaf's key and not the hash that its CA signed with."""
        return algorithm(self._identity.key)

    def add_auth(self, request: AWSRequest) -> None:
        """Sign `request` as of now by AWS's clock; a retry is signed anew."""
        self.sign_at(request, clock.now() + self._clock_behind)

    def sign_at(self, request: AWSRequest, at: datetime) -> None:
        """Sign `request` as of `at`."""
        request.context["timestamp"] = at.strftime(_TIMESTAMP)
        self._add_certificate(request)
        signature = self.signature(self.string_to_sign(request, self.canonical_request(request)), request)
        self._inject_signature_to_request(request, signature)

    def scope(self, request: AWSRequest) -> str:
        """Return the credential: the serial number in decimal, and the scope."""
        return f"{self._identity.serial_number}/{self.credential_scope(request)}"

    def string_to_sign(self, request: AWSRequest, canonical_request: str) -> str:
        """Return SigV4's string to sign under this algorithm's name."""
        digest = sha256(canonical_request.encode()).hexdigest()
        return "\n".join([self.algorithm, request.context["timestamp"], self.credential_scope(request), digest])

    def signature(self, string_to_sign: str, request: AWSRequest) -> str:  # noqa: ARG002 - botocore's signature
        """Return the signature in lower-case hexadecimal."""
        return self._identity.sign(string_to_sign.encode()).hex()

    def _add_certificate(self, request: AWSRequest) -> None:
        for name in ("Authorization", "X-Amz-Date", "X-Amz-X509", "X-Amz-X509-Chain"):
            del request.headers[name]  # of an earlier try; deleting what is not there does nothing
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        request.headers["X-Amz-X509"] = self._identity.leaf_base64
        if self._identity.chain_base64:
            request.headers["X-Amz-X509-Chain"] = self._identity.chain_base64

    def _inject_signature_to_request(self, request: AWSRequest, signature: str) -> AWSRequest:
        signed_headers = self.signed_headers(self.headers_to_sign(request))
        request.headers["Authorization"] = (
            f"{self.algorithm} Credential={self.scope(request)}, SignedHeaders={signed_headers}, Signature={signature}"
        )
        return request


AUTH_TYPE_MAPS[AUTH_TYPE] = X509Auth
