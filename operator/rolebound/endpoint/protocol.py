"""The container-credentials protocol: request → answer, and nothing else.

Whoever serves it brings `credentials_for`: it is given the request's authorization token and returns the credentials of
whoever holds that, or raises Refused. A sidecar compares the token with one file; a node agent can ask the API server
whose it is. What must hold for every one of them stands here: only GET, `Expiration` in UTC with a `Z`, and never
credentials that have expired.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

import json
from _operator import (
    _compare_digest,
)  # what hmac.compare_digest is, without the 4 MiB of OpenSSL that hmac brings along
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final

from rolebound.clock import rfc3339

CREDENTIALS_PATH: Final = "/v1/credentials"
JSON: Final = ("Content-Type", "application/json")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    """Without the query."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By name in lower case. Not in the repr: one of them is the authorization token."""


@dataclass(frozen=True, slots=True)
class Response:
    """What it is told. The server adds Content-Length, Date and Connection."""

    status: int
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Credentials:
    """One session's keys."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: datetime


class Refused(Exception):
    """There are no credentials for this request, in words that are safe to show and say who can mend it."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @property
    def response(self) -> Response:
        """The answer that says so."""
        return failure(self.status, self.code, str(self))


CredentialsFor = Callable[[str], Credentials]


def respond(request: Request, credentials_for: CredentialsFor, now: datetime) -> Response:
    """Return the answer to `request`; its headers and body may hold credentials, so no log may show them."""
    if request.path != CREDENTIALS_PATH:
        return failure(HTTPStatus.NOT_FOUND, "NotFound", f"credentials are at {CREDENTIALS_PATH}, and nowhere else")
    if request.method != "GET":
        refusal = failure(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", "credentials are read with GET")
        return Response(refusal.status, refusal.body, (*refusal.headers, ("Allow", "GET")))
    try:
        credentials = credentials_for(request.headers.get("authorization", ""))
        _refuse_expired(credentials, now)
    except Refused as refusal:
        return refusal.response
    # No cache between a client and loopback is expected; if there is one, it must not keep keys.
    return Response(HTTPStatus.OK, _document(credentials), (JSON, ("Cache-Control", "no-store")))


def authorize(authorization: str, tokens: Iterable[str]) -> None:
    """Raise Refused unless `authorization` is one of `tokens`.

    The header is the token file's content as it stands, without a scheme. How long a comparison takes tells nothing
    of a token but its length.
    """
    given = authorization.encode()
    # An empty header is nobody's, also where a token file is empty.
    if not given or not any(_compare_digest(given, token.encode()) for token in tokens):
        raise Refused(HTTPStatus.UNAUTHORIZED, "AccessDenied", _NOT_AUTHORIZED if given else _NO_AUTHORIZATION)


def failure(status: HTTPStatus, code: str, message: str) -> Response:
    """Return an answer without credentials, in the form that SDKs print."""
    # `code` and `message` are the documented names; the JavaScript SDK reads them with capitals.
    document = {"code": code, "message": message, "Code": code, "Message": message}
    return Response(status, json.dumps(document).encode(), (JSON,))


def _refuse_expired(credentials: Credentials, now: datetime) -> None:
    if credentials.expires_at <= now:
        raise Refused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "ExpiredCredentials",
            f"the credentials expired at {rfc3339(credentials.expires_at)}, and no newer ones are here",
        )


def _document(credentials: Credentials) -> bytes:
    return json.dumps(
        {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "Token": credentials.session_token,
            "Expiration": rfc3339(credentials.expires_at),
        }
    ).encode()


_NO_AUTHORIZATION: Final = (
    "the request has no Authorization header; set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, and use an SDK that reads it"
)
_NOT_AUTHORIZED: Final = (
    "the Authorization header is not the authorization token; it must be what is in the file that "
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names"
)
