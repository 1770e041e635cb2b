"""A threaded HTTP/1.1 server with keep-alive and TLS, over the standard library's.

Carries bytes and decides nothing: each request goes whole to `answer`, each answer back whole. A TLS handshake runs in
its connection's own thread, so that a silent client delays nobody. Closing the server ends every open connection.
"""

import logging
import socket
import ssl
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final

from rolebound.emulator.clock import Clock
from rolebound.emulator.messages import ConnectionDropped, HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]

_IDLE_SECONDS: Final = 120.0
_LONGEST_LINE: Final = 64 * 1024
_LARGEST_BODY: Final = 64 * 1024 * 1024

_log = logging.getLogger(__name__)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # head and body leave in one write

    server: "Server"

    def handle_one_request(self) -> None:
        """Answer one request of the connection, and leave the connection open for the next."""
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE)
        if not self.raw_requestline or len(self.raw_requestline) == _LONGEST_LINE:
            self.close_connection = True
            return
        if not self.parse_request():
            return
        try:
            body = self._body()
        except ValueError:
            self.send_error(400)
            self.close_connection = True
            return
        try:
            self._send(self.server.respond(self._request(body)))
        except ConnectionDropped:
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to send its body."""
        going_on = super().handle_expect_100()
        self.wfile.flush()  # it must not wait in the buffer for the answer, which waits for the body
        return going_on

    def _request(self, body: bytes) -> HttpRequest:
        path, _, query = self.path.partition("?")
        return HttpRequest(self.command, path, query, tuple(self.headers.items()), body)

    def _body(self) -> bytes:
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return self._chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= _LARGEST_BODY:
            raise ValueError("no such length")
        return self.rfile.read(length)

    def _chunks(self) -> bytes:
        chunks = bytearray()
        while size := int(self.rfile.readline(32).partition(b";")[0], 16):
            if size < 0 or len(chunks) + size > _LARGEST_BODY:
                raise ValueError("no such length")
            chunks += self.rfile.read(size)
            self.rfile.readline(8)
        while self.rfile.readline(8192) not in (b"\r\n", b"\n", b""):
            pass  # trailers
        return bytes(chunks)

    def _send(self, response: HttpResponse) -> None:
        self.send_response(response.status)
        names = {name.lower() for name, _ in response.headers}
        for name, value in response.headers:
            if name.lower() not in ("date", "server"):
                self.send_header(name, value)
        # An answer to HEAD may tell the length of what a GET would bring.
        if "content-length" not in names:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def version_string(self) -> str:
        """Return what the Server header says."""
        return "rolebound-emulator"

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return what the Date header says: this AWS's own time, by which a client can tell that its clock is off."""
        return super().date_time_string(self.server.clock.now().timestamp() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        _log.debug(format, *args)


class Server(ThreadingHTTPServer):
    """One listening socket and a thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, answer: Answer, context: ssl.SSLContext | None, clock: Clock) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.clock = clock
        self._answer = answer
        self._context = context
        self._connections: set[socket.socket] = set()
        self._lock = Lock()
        self._thread: Thread | None = None
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """The port on which it listens, also where it was asked for any."""
        return int(self.socket.getsockname()[1])

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the application's answer, or a 500 where it has none."""
        try:
            return self._answer(request)
        except ConnectionDropped:
            raise
        except Exception:  # noqa: BLE001 - one request's defect must not end the connections of the others
            _log.exception("%s %s", request.method, request.path)
            return HttpResponse(500, (("Content-Type", "text/plain"),), b"the emulator failed; its log says why\n")

    def start(self) -> None:
        """Serve in a thread of its own; returns at once, with the socket already listening."""
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="emulator", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end every connection."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            _end(connection)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Return the next connection and its address."""
        connection, address = super().get_request()
        if self._context is not None:
            # The handshake comes with the first read, in the connection's thread.
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """End one connection."""
        with self._lock:
            self._connections.discard(request)
        _end(request)
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        """Note that a client went away, or did not trust our certificate: its own affair."""
        _log.debug("connection from %s ended", client_address, exc_info=True)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        _log.debug("a connection was closed already")
