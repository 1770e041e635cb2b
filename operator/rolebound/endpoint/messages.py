"""HTTP/1.1 as bytes: a buffer → a request, an answer → bytes. No I/O.

As much of RFC 9112 as a loopback endpoint for SDKs needs, and strict in what it takes: a request that two readers
could read in two ways is refused, and the connection ends with it. A body is skipped: none says anything here.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from rolebound.endpoint.protocol import Request, Response, failure

# A ServiceAccount token is 1-2 KiB, and no SDK's other headers come near that.
_LONGEST_HEAD: Final = 16 * 1024
_LARGEST_BODY: Final = 16 * 1024
_END_OF_HEAD: Final = b"\r\n\r\n"
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_TARGET: Final = re.compile(r"[\x21-\x7e]+")
_ABSOLUTE: Final = re.compile(r"http://[^/?#]*", re.IGNORECASE)
_NOT_IN_A_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NEVER_TWICE: Final = frozenset({"authorization", "content-length", "host"})


class Malformed(Exception):
    """The bytes are no request that is answered here; the connection cannot go on after them."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.response: Final = failure(status, status.phrase.replace(" ", ""), message)


@dataclass(frozen=True, slots=True)
class Received:
    """One whole request, and whether its connection stays open after the answer."""

    request: Request
    keeps_alive: bool


def take_request(buffer: bytearray) -> Received | None:
    """Take the first request out of `buffer`, or return None where it is not whole yet; raises Malformed."""
    while buffer.startswith(b"\r\n"):  # RFC 9112, 2.2: an empty line before a request means nothing
        del buffer[:2]
    end = buffer.find(_END_OF_HEAD)
    if end > _LONGEST_HEAD or (end < 0 and len(buffer) > _LONGEST_HEAD):
        raise Malformed(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"the head is over {_LONGEST_HEAD} bytes")
    if end < 0:
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    method, path, version = _request_line(first)
    headers = _headers(lines)
    if version == "HTTP/1.1" and "host" not in headers:
        raise Malformed(HTTPStatus.BAD_REQUEST, "the request has no Host header")
    whole = end + len(_END_OF_HEAD) + _length_of_body(headers)
    if len(buffer) < whole:
        return None
    del buffer[:whole]
    return Received(Request(method, path, headers), _keeps_alive(version, headers))


def rendered(response: Response, at: datetime, *, method: str, keeps_alive: bool) -> bytes:
    """Return the answer to a request of that method as bytes; `at` is its date."""
    status = HTTPStatus(response.status)
    headers = [
        *response.headers,
        ("Content-Length", str(len(response.body))),
        ("Date", at.strftime("%a, %d %b %Y %H:%M:%S GMT")),
        ("Connection", "keep-alive" if keeps_alive else "close"),
    ]
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1") + (b"" if method == "HEAD" else response.body)


def _request_line(line: str) -> tuple[str, str, str]:
    method, _, rest = line.partition(" ")
    target, _, version = rest.partition(" ")
    if not _TOKEN.fullmatch(method) or not _TARGET.fullmatch(target) or not version.startswith("HTTP/"):
        raise Malformed(HTTPStatus.BAD_REQUEST, "the first line is not METHOD TARGET HTTP/1.1")
    if version not in ("HTTP/1.0", "HTTP/1.1"):
        raise Malformed(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    path = _ABSOLUTE.sub("", target, count=1).partition("?")[0]  # a client that thinks us a proxy sends a whole URL
    return method, path or "/", version


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if not colon or not _TOKEN.fullmatch(name) or _NOT_IN_A_VALUE.search(value):
            raise Malformed(HTTPStatus.BAD_REQUEST, "a header is not NAME: VALUE")
        if name in headers and name in _NEVER_TWICE:
            raise Malformed(HTTPStatus.BAD_REQUEST, f"the header {name} is there twice")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _length_of_body(headers: dict[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise Malformed(HTTPStatus.NOT_IMPLEMENTED, "a body is taken with a Content-Length only")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdecimal()):
        raise Malformed(HTTPStatus.BAD_REQUEST, "the Content-Length is not a number")
    if len(length) > len(str(_LARGEST_BODY)) or int(length) > _LARGEST_BODY:
        raise Malformed(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is over {_LARGEST_BODY} bytes")
    return int(length)


def _keeps_alive(version: str, headers: dict[str, str]) -> bool:
    wishes = {wish.strip() for wish in headers.get("connection", "").lower().split(",")}
    return "close" not in wishes if version == "HTTP/1.1" else "keep-alive" in wishes
