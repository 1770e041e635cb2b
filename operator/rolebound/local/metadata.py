"""EC2's instance metadata service, version 2, as far as SDKs ask it for credentials: request → answer.

A token comes first, by PUT, and never to a request that a proxy forwarded; that keeps credentials from whoever can
only make a program fetch a URL. Answers hold unexpired credentials, or say that there are none.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from rolebound.clock import rfc3339
from rolebound.endpoint.protocol import JSON, Request, Response, failure
from rolebound.model.session import Session

TOKEN_PATH: Final = "/latest/api/token"  # noqa: S105 - a path
CREDENTIALS_PATH: Final = "/latest/meta-data/iam/security-credentials"
_TTL: Final = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN: Final = "x-aws-ec2-metadata-token"  # noqa: S105 - a header's name
_DEFAULT_TTL: Final = "21600"
_LONGEST_TTL: Final = 21600  # seconds
_MOST_TOKENS: Final = 256
_TEXT: Final = ("Content-Type", "text/plain")
_PRIVATE: Final = ("Cache-Control", "no-store")


@dataclass(slots=True)
class Metadata:
    """The service for one role; `session` gives the session that is held, or None."""

    role: str
    """Its name, as the path that SDKs ask for."""
    session: Callable[[], Session | None]
    _tokens: dict[str, datetime] = field(default_factory=dict, repr=False)

    def respond(self, request: Request, now: datetime) -> Response:
        """Return the answer to `request`."""
        path = request.path.rstrip("/")
        if path == TOKEN_PATH:
            return self._token(request, now)
        if request.method != "GET":
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "metadata is read with GET")
        expires_at = self._tokens.get(request.headers.get(_TOKEN, ""))
        if expires_at is None or expires_at <= now:
            return _refusal(HTTPStatus.UNAUTHORIZED, f"ask for a token first: PUT {TOKEN_PATH}")
        left = (_TTL, str(int((expires_at - now).total_seconds())))
        if path == CREDENTIALS_PATH:
            return Response(HTTPStatus.OK, self.role.encode(), (_TEXT, left))
        if path == f"{CREDENTIALS_PATH}/{self.role}":
            return self._credentials(now, left)
        return _refusal(HTTPStatus.NOT_FOUND, "only the role's credentials are here")

    def _token(self, request: Request, now: datetime) -> Response:
        if request.method != "PUT":
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "a token is asked for with PUT")
        if "x-forwarded-for" in request.headers:
            return _refusal(HTTPStatus.FORBIDDEN, "a forwarded request gets no token")
        seconds = request.headers.get(_TTL, _DEFAULT_TTL)
        is_number = seconds.isascii() and seconds.isdigit() and len(seconds) <= len(str(_LONGEST_TTL))
        if not (is_number and 1 <= int(seconds) <= _LONGEST_TTL):
            return _refusal(HTTPStatus.BAD_REQUEST, f"{_TTL} may be 1 to {_LONGEST_TTL}")
        self._tokens = {token: end for token, end in self._tokens.items() if end > now}
        if len(self._tokens) >= _MOST_TOKENS:
            del self._tokens[min(self._tokens, key=self._tokens.__getitem__)]
        token = secrets.token_urlsafe(42)
        self._tokens[token] = now + timedelta(seconds=int(seconds))
        return Response(HTTPStatus.OK, token.encode(), (_TEXT, (_TTL, seconds), _PRIVATE))

    def _credentials(self, now: datetime, left: tuple[str, str]) -> Response:
        session = self.session()
        if session is None or session.expires_at <= now:
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "there are no credentials that have not expired")
        document = {
            "Code": "Success",
            "LastUpdated": rfc3339(session.issued_at),
            "Type": "AWS-HMAC",
            "AccessKeyId": session.credentials.access_key_id,
            "SecretAccessKey": session.credentials.secret_access_key,
            "Token": session.credentials.session_token,
            "Expiration": rfc3339(session.told_end),
        }
        return Response(HTTPStatus.OK, json.dumps(document).encode(), (JSON, left, _PRIVATE))


def _refusal(status: HTTPStatus, message: str) -> Response:
    return failure(status, status.phrase.replace(" ", ""), message)
