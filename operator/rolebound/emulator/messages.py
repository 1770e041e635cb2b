"""HTTP requests and answers as they stand on the wire, and the two forms in which AWS says no.

The path and the query stay exactly as sent, because signatures cover those bytes and no decoding of them. Error bodies
follow the REST-JSON and query/XML protocols: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4
from xml.sax.saxutils import escape

Headers = tuple[tuple[str, str], ...]

JSON_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; `path` and `query` are raw, and header names keep the case in which they came."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the header's value, repeated ones joined by commas (RFC 9110 section 5.2), or None."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ",".join(values) if values else None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One answer; the server adds Content-Length and Date."""

    status: int
    headers: Headers = ()
    body: bytes = b""


class ConnectionDropped(Exception):
    """The connection ends here without an answer."""


class Refusal(Exception):
    """The request is answered with an AWS error: an HTTP status, a code and a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def access_denied(message: str) -> Refusal:
    """Return the 403 that CreateSession answers for nearly everything."""
    return Refusal(403, "AccessDeniedException", message)


def unauthorized_text(caller: str, action: str, resource: str) -> str:
    """Return AWS's sentence for who has no permission; its status and code differ from service to service."""
    return f"User: {caller} is not authorized to perform: {action} on resource: {resource}"


def invalid(message: str) -> Refusal:
    """Return the 400 for a field that is missing, malformed or out of range."""
    return Refusal(400, "ValidationException", message)


def not_found(message: str) -> Refusal:
    """Return the 404 for a resource that is not in this account and region."""
    return Refusal(404, "ResourceNotFoundException", message)


def json_answer(status: int, document: Mapping[str, object]) -> HttpResponse:
    """Return a JSON answer with a request id, as every AWS answer has."""
    headers = (("Content-Type", JSON_TYPE), ("x-amzn-RequestId", str(uuid4())))
    return HttpResponse(status, headers, json.dumps(document).encode())


def json_refusal(refusal: Refusal) -> HttpResponse:
    """Return `refusal` in REST-JSON: the code in a header, the message in the body."""
    answer = json_answer(refusal.status, {"message": refusal.message})
    return HttpResponse(answer.status, (*answer.headers, ("X-Amzn-ErrorType", refusal.code)), answer.body)


def query_answer(operation: str, result: Mapping[str, object]) -> HttpResponse:
    """Return what STS answers to `operation`: structures and texts, in XML."""
    body = (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<{operation}Result>{_xml(result)}</{operation}Result>"
        f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return HttpResponse(200, (("Content-Type", "text/xml"),), body.encode())


def _xml(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(one)}</{name}>" for name, one in value.items())
    return escape(str(value))


def query_refusal(refusal: Refusal) -> HttpResponse:
    """Return `refusal` as STS and IAM write it."""
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message></Error>"
        f"<RequestId>{uuid4()}</RequestId></ErrorResponse>"
    )
    return HttpResponse(refusal.status, (("Content-Type", "text/xml"),), body.encode())


def s3_refusal(refusal: Refusal) -> HttpResponse:
    """Return `refusal` as S3 writes it."""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{refusal.code}</Code>'
        f"<Message>{escape(refusal.message)}</Message><RequestId>{uuid4()}</RequestId></Error>"
    )
    return HttpResponse(refusal.status, (("Content-Type", "application/xml"),), body.encode())
