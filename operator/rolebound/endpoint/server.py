"""A small HTTP/1.1 server on IPv4 loopback: one thread, one loop, no client that can hold up another.

Carries bytes and decides nothing: each request goes whole to `answer`, which must not block. Every state that a
connection can be in has a deadline, and there are never more than so many connections: one too many ends the one whose
deadline is next. So does a lack of descriptors, after which a moment passes before the next connection is taken.
docs/decisions/20261124-own-loopback-server.md says why it is not the standard library's.
"""

import errno
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from math import inf
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from socket import AF_INET, SHUT_WR, SO_REUSEADDR, SOL_SOCKET, socket, socketpair
from time import monotonic
from typing import Final

from rolebound.clock import now
from rolebound.endpoint.messages import Malformed, Received, rendered, take_request
from rolebound.endpoint.protocol import Request, Response, failure

LOOPBACK: Final = "127.0.0.1"
MOST_CONNECTIONS: Final = 128
# Seconds. SDKs ask at most every few minutes and give up on us after one or two.
IDLE_FOR: Final = 60.0
REQUEST_WITHIN: Final = 5.0
ANSWER_TAKEN_WITHIN: Final = 5.0
_LINGER_FOR: Final = 1.0
_ACCEPT_AGAIN_AFTER: Final = 0.2
_CHUNK: Final = 8192

_TOO_SLOW: Final = failure(HTTPStatus.REQUEST_TIMEOUT, "RequestTimeout", "the request did not come whole in time")

# Standard streams, selector, listener, alarm and the one file that is read at a time, and as many again to spare.
_OTHER_DESCRIPTORS: Final = 16
# accept(2): "out of" something. It fails again at once for as long as that lasts, though the listener stays readable.
_OUT_OF_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

Answer = Callable[[Request], Response]


def most_connections() -> int:
    """Return how many connections the process' limit leaves room for, beside the files that answers are read from."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = limit == resource.RLIM_INFINITY
    return MOST_CONNECTIONS if unlimited else max(1, min(MOST_CONNECTIONS, limit - _OTHER_DESCRIPTORS))


def listen(port: int) -> socket:
    """Return a socket that listens on loopback; 0 takes a free port. OSError where the port is taken."""
    listener = socket(AF_INET)
    listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # a restarted sidecar finds its old connections in TIME_WAIT
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(MOST_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    listener.settimeout(0)
    return listener


@dataclass(slots=True, eq=False)
class _Connection:
    socket: socket
    deadline: float
    received: bytearray = field(default_factory=bytearray)
    to_send: bytes = b""
    ends: bool = False
    """Nothing more is answered: what is left to send is the last."""


@dataclass(slots=True)
class Server:
    """Answers on `listener`, which it closes in the end."""

    listener: socket
    answer: Answer
    between: Callable[[], None] = lambda: None
    """Called at the start and then every `between_every` seconds; it must not block either."""
    between_every: float = 60.0
    _selector: DefaultSelector = field(default_factory=DefaultSelector)
    _connections: set[_Connection] = field(default_factory=set)
    _most: int = field(default_factory=most_connections)
    _accepts_again_at: float = inf
    """When the listener is looked at again; inf while it is."""
    _alarm: tuple[socket, socket] = field(default_factory=socketpair)
    _stopped: bool = False

    def serve(self) -> None:
        """Answer until stop() is called; the answers that were begun are sent as far as the clients take them."""
        with self._open():
            between_at = monotonic()
            while not self._stopped:
                if monotonic() >= between_at:
                    self.between()
                    between_at = monotonic() + self.between_every
                self._accept_again()
                until = min([between_at, self._accepts_again_at, *(each.deadline for each in self._connections)])
                for key, _ in self._selector.select(max(0.0, until - monotonic())):
                    self._turn(key.data)
                self._end_overdue()

    def stop(self) -> None:
        """Have serve() return; for signal handlers and other threads."""
        self._stopped = True
        with suppress(OSError):  # it has returned already
            self._alarm[1].send(b"\0")

    @contextmanager
    def _open(self) -> Iterator[None]:
        with self._selector, closing(self.listener), closing(self._alarm[0]), closing(self._alarm[1]):
            self._selector.register(self.listener, EVENT_READ)
            self._selector.register(self._alarm[0], EVENT_READ)
            try:
                yield
            finally:
                for connection in list(self._connections):
                    self._close(connection)

    def _turn(self, connection: _Connection | None) -> None:
        """Do what a socket is ready for: None is the listener, or the alarm, which only has to be heard."""
        if connection is None:
            self._accept()
            return
        if connection not in self._connections:  # ended earlier in this round
            return
        try:
            if connection.to_send:
                self._send(connection)
            else:
                self._receive(connection)
            self._advance(connection)
        except BlockingIOError:
            return
        except OSError:  # the client is gone
            self._close(connection)

    def _accept(self) -> None:
        try:
            accepted, _ = self.listener.accept()
        except OSError as error:
            if error.errno in _OUT_OF_DESCRIPTORS and self._accepts_again_at == inf:
                self._pause()
            return  # else it is gone again, or this is the alarm
        accepted.settimeout(0)
        if len(self._connections) >= self._most:
            self._end_next()
        connection = _Connection(accepted, monotonic() + IDLE_FOR)
        self._connections.add(connection)
        self._selector.register(accepted, EVENT_READ, connection)

    def _pause(self) -> None:
        """Let what there is too little of become free, instead of asking for it again and again."""
        if self._connections:
            self._end_next()
        self._selector.unregister(self.listener)
        self._accepts_again_at = monotonic() + _ACCEPT_AGAIN_AFTER

    def _accept_again(self) -> None:
        if monotonic() >= self._accepts_again_at:
            self._accepts_again_at = inf
            self._selector.register(self.listener, EVENT_READ)

    def _end_next(self) -> None:
        self._close(min(self._connections, key=lambda each: each.deadline))

    def _receive(self, connection: _Connection) -> None:
        data = connection.socket.recv(_CHUNK)
        if not data:
            self._close(connection)
        elif not connection.ends:
            if not connection.received:
                connection.deadline = monotonic() + REQUEST_WITHIN
            connection.received += data

    def _advance(self, connection: _Connection) -> None:
        """Answer what was received whole, one request after the other, for as long as the client takes the answers."""
        while connection in self._connections and not connection.to_send and not connection.ends:
            try:
                received = take_request(connection.received)
            except Malformed as malformed:
                self._finish(connection, malformed.response)
                return
            if received is None:
                return
            self._reply(connection, received)

    def _reply(self, connection: _Connection, received: Received) -> None:
        request = received.request
        response = self._answered(request)
        connection.ends = not received.keeps_alive
        connection.to_send = rendered(response, now(), method=request.method, keeps_alive=received.keeps_alive)
        connection.deadline = monotonic() + ANSWER_TAKEN_WITHIN
        self._send(connection)

    def _answered(self, request: Request) -> Response:
        try:
            return self.answer(request)
        except Exception as error:  # noqa: BLE001 - one request's defect must not end the others' server
            # The type alone: a message could hold what the request or the answer held.
            sys.stderr.write(f"rolebound: a request could not be answered: {type(error).__name__}\n")
            return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", "a defect of rolebound; please report it")

    def _finish(self, connection: _Connection, response: Response) -> None:
        """Send the last answer of a connection that cannot go on."""
        connection.ends = True
        connection.to_send = rendered(response, now(), method="", keeps_alive=False)
        connection.deadline = monotonic() + ANSWER_TAKEN_WITHIN
        self._send(connection)

    def _send(self, connection: _Connection) -> None:
        try:
            sent = connection.socket.send(connection.to_send)
        except BlockingIOError:
            sent = 0
        connection.to_send = connection.to_send[sent:]
        if connection.to_send:
            self._selector.modify(connection.socket, EVENT_WRITE, connection)
            return
        self._selector.modify(connection.socket, EVENT_READ, connection)
        if connection.ends:
            # Closing on unread bytes would be a reset, which can overtake the answer: what still comes is thrown away.
            connection.received.clear()
            connection.socket.shutdown(SHUT_WR)
            connection.deadline = monotonic() + _LINGER_FOR
        else:
            connection.deadline = monotonic() + (REQUEST_WITHIN if connection.received else IDLE_FOR)

    def _end_overdue(self) -> None:
        at = monotonic()
        for connection in [each for each in self._connections if each.deadline <= at]:
            if not connection.received or connection.to_send or connection.ends:
                self._close(connection)
                continue
            try:
                self._finish(connection, _TOO_SLOW)
            except OSError:
                self._close(connection)

    def _close(self, connection: _Connection) -> None:
        self._connections.discard(connection)
        self._selector.unregister(connection.socket)
        connection.socket.close()
