"""The sidecar: mounted files → the container-credentials protocol on loopback, until it is told to stop.

It calls nobody: the operator renews the Secret, the kubelet brings it here, and each request is answered from what the
files hold then. It ends at once when it is told to, which the kubelet does after the pod's other containers have ended.
"""

import json
import signal
import sys
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from socket import create_connection
from typing import Final

from rolebound.clock import now
from rolebound.endpoint.files import CredentialsFile, TokenFile
from rolebound.endpoint.protocol import Credentials, Refused, Request, Response, authorize, respond
from rolebound.endpoint.server import LOOPBACK, Server, listen

READY_PATH: Final = "/readyz"
# What was seen last stands in for a file that cannot be read: it must not be much older than the file.
REFRESH_EVERY: Final = 30.0
_PROBE_SECONDS: Final = 2.0
_LONGEST_ANSWER: Final = 8192


@dataclass(slots=True)
class Sidecar:
    """What the sidecar answers, from two files."""

    credentials: CredentialsFile
    token: TokenFile
    _told: str = ""

    def answer(self, request: Request) -> Response:
        """Return the answer to one request."""
        if request.path == READY_PATH:
            return self._readiness()
        return respond(request, self._credentials_for, now())

    def refresh(self) -> None:
        """Look at the files, and tell the log where what is wrong with them has changed."""
        for file in (self.token, self.credentials):
            try:
                file.read(now())
            except Refused:
                continue
        trouble = "; ".join(filter(None, (self.token.trouble, self.credentials.trouble)))
        if trouble != self._told:
            say(trouble or "the files are as they should be again")
            self._told = trouble

    def _credentials_for(self, authorization: str) -> Credentials:
        at = now()
        authorize(authorization, self.token.read(at))
        return self.credentials.read(at)

    def _readiness(self) -> Response:
        """Say whether a client with the token would get credentials; it needs no token, and shows nothing of them."""
        try:
            self.token.read(now())
            self.credentials.read(now())
        except Refused as refusal:
            return refusal.response
        return Response(HTTPStatus.OK, b"ok\n", (("Content-Type", "text/plain"),))


def serve(file: Path, token_file: Path, port: int) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status, 1 where the port cannot be had."""
    try:
        listener = listen(port)
    except (OSError, OverflowError) as error:
        say(f"cannot listen on {LOOPBACK}:{port}: {error}; another process of the pod may have the port")
        return 1
    sidecar = Sidecar(CredentialsFile(file), TokenFile(token_file))
    server = Server(listener, sidecar.answer, sidecar.refresh, REFRESH_EVERY)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    say(f"serving {file} on {LOOPBACK}:{listener.getsockname()[1]}")
    server.serve()
    return 0


def probe(port: int) -> int:
    """Ask a sidecar on `port` whether it would serve credentials; returns 0 where it would, 1 with the reason else."""
    where = f"{LOOPBACK}:{port}"
    try:
        status, body = _asked(port)
    except (OSError, OverflowError) as error:
        say(f"nothing answers on {where}: {error}")
        return 1
    if status == b"200":
        return 0
    say(_message_in(body) or f"what answers on {where} is not `rolebound endpoint`")
    return 1


def say(text: str) -> None:
    """Write one line to the container's log."""
    sys.stderr.write(f"rolebound endpoint: {text}\n")
    sys.stderr.flush()


def _asked(port: int) -> tuple[bytes, bytes]:
    """Return status and body of the readiness; http.client would cost more memory than the sidecar itself has."""
    request = f"GET {READY_PATH} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n"
    answer = bytearray()
    with create_connection((LOOPBACK, port), _PROBE_SECONDS) as connection:
        connection.sendall(request.encode())
        while len(answer) < _LONGEST_ANSWER and (data := connection.recv(_LONGEST_ANSWER)):
            answer += data
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    return head[len(b"HTTP/1.1 ") :][:3], body


def _message_in(body: bytes) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    return str(document.get("message", "")) if isinstance(document, dict) else ""
