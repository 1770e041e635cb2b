"""The last good session, served on loopback: to SDKs that ask EC2's metadata service, or a container's endpoint.

Both are one server, because both give the same keys. A renewal never happens while a client waits.
"""

import socket
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from secrets import token_urlsafe

from rolebound import clock
from rolebound.endpoint import protocol
from rolebound.endpoint.protocol import Credentials, Refused, Request, Response, authorize
from rolebound.endpoint.server import listen
from rolebound.errors import SettingsError
from rolebound.local.metadata import Metadata
from rolebound.model.session import Session


@dataclass(slots=True)
class Held:
    """The session that is served. One thread sets it and others read it: it is exchanged whole."""

    session: Session | None = None

    def hold(self, session: Session) -> None:
        """Serve `session` from now on."""
        self.session = session

    def get(self) -> Session | None:
        """Return the session, or None before the first."""
        return self.session


class Service:
    """Answers both protocols; without a token nobody gets anything by the container's."""

    def __init__(self, held: Held, role: str, token: str = "") -> None:
        self._held = held
        self._metadata = Metadata(role, held.get)
        self._token = token

    def answer(self, request: Request) -> Response:
        """Return the answer to `request`."""
        if request.path.startswith("/latest/"):
            return self._metadata.respond(request, clock.now())
        return protocol.respond(request, self._credentials_for, clock.now())

    def _credentials_for(self, authorization: str) -> Credentials:
        authorize(authorization, [self._token])
        session = self._held.get()
        if session is None:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "CredentialsNotFound", "there are no credentials yet")
        keys = session.credentials
        return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, session.told_end)


def loopback(port: int, hop_limit: int) -> socket.socket:
    """Return a socket that listens on loopback; SettingsError where the port is taken."""
    try:
        listener = listen(port)
    except OSError as error:
        raise SettingsError(f"--port: 127.0.0.1:{port} cannot be listened on: {error.strerror}") from None
    # What is accepted takes it from here: an answer that is forwarded more often than this is lost.
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hop_limit)
    return listener


def token_in(path: Path) -> str:
    """Return the token in a file, made for its owner alone where there is none; SettingsError if that cannot be."""
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(token_urlsafe(32), encoding="ascii")
    except FileExistsError:
        pass
    except OSError as error:
        raise SettingsError(f"{path} cannot be made: {error.strerror}") from None
    try:
        token = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{path} cannot be read as a token") from None
    if not token or token != token.strip():
        raise SettingsError(f"{path} must hold a token and nothing else: SDKs send a line's end, too, and fail")
    return token
