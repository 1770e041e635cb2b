"""The connections of the webhook's port: so many at a time, and none that says nothing for long.

Whoever reaches the port can open connections, and each costs memory before a call is looked at: neither asyncio nor
aiohttp bounds their number. Who comes when all places are taken is let in, and who has kept the server waiting longest
goes. An API server sends its call at once and is not waited for long, so it is a stranger who goes, or an idle
connection, which an API server opens again. A newcomer cannot be judged yet: were it refused, silent strangers could
keep the API servers out.
"""

import asyncio
import asyncio.sslproto
import gc
import math
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, Final, cast

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)

# Half a MiB each at the worst. Idle, an API server keeps 25; while it has more calls than there are places, they wait.
MOST: Final = 256
_SILENT_FOR: Final = 5.0  # seconds; for the handshake, and then for the first call
_UNDISTURBED_FOR: Final = 1.0  # seconds; a burst of callers needs as long to shake hands, and must not end each other
_PARTING_FOR: Final = 2.0  # seconds
# By itself the kernel keeps MiBs for a connection that is not read, and they count as the pod's memory.
_IN_KERNEL: Final = 64 * 1024
_READ_AHEAD: Final = 32 * 1024
# asyncio's own is 256 KiB, for each connection and before its handshake. There is no other way to set it.
asyncio.sslproto.SSLProtocol.max_size = _READ_AHEAD
_WAITING_TO_BE_ACCEPTED: Final = 256
_COLLECTED_AFTER: Final = 256
_AGAIN_AFTER: Final = 0.05  # seconds


@dataclass(slots=True, eq=False)
class _Connection:
    """One peer, from its handshake on."""

    handshake: asyncio.Task[None]
    waited_for_since: float
    transport: asyncio.Transport | None = None
    has_called: bool = False

    @property
    def has_ended(self) -> bool:
        return self.handshake.done() and (self.transport is None or self.transport.is_closing())

    def is_slow(self) -> bool:
        """Whether it keeps the server waiting for longer than a caller does."""
        return asyncio.get_running_loop().time() - self.waited_for_since >= _UNDISTURBED_FOR

    def abort(self) -> None:
        """End at once: who is asked politely can take its time."""
        self.handshake.cancel()
        if self.transport:
            self.transport.abort()


@dataclass(slots=True)
class Connections:
    """Those that are open, by aiohttp's protocol for each."""

    _waiting: dict[web.RequestHandler, _Connection] = field(default_factory=dict)
    """Those that wait for their peer; who has kept the server waiting longest is the first."""
    _called: dict[web.RequestHandler, _Connection] = field(default_factory=dict)
    """Those whose peer waits for an answer."""
    _ended: int = 0
    """Since what they held was collected."""

    async def let_in(
        self, listener: socket.socket, protocol: Callable[[], web.RequestHandler], context: SSLContext
    ) -> None:
        """Accept whoever comes, for as long as the caller waits."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                peer, _ = await loop.sock_accept(listener)
            except OSError as error:  # no file descriptors, for one
                log.warning("webhook_accepts_nobody", error=str(error))
                await asyncio.sleep(1)
                continue
            await self._room()
            http = protocol()
            handshake = loop.create_task(self._greet(http, peer, context))
            self._waiting[http] = _Connection(handshake, loop.time())

    @contextmanager
    def answering(self, request: web.Request) -> Iterator[None]:
        """Keep the connection of `request`, of which all has been read, until its answer is known."""
        http = request.protocol
        connection = self._waiting.pop(http, None)
        if connection is None:  # it had to go
            yield
            return
        connection.has_called, connection.waited_for_since = True, math.inf
        self._called[http] = connection
        try:
            yield
        finally:
            del self._called[http]
            self._waiting[http] = connection
            connection.waited_for_since = asyncio.get_running_loop().time()

    def end(self) -> None:
        """End those that are left."""
        for connection in (*self._waiting.values(), *self._called.values()):
            connection.abort()

    async def _room(self) -> None:
        """Return when there is a place for one more."""
        while True:
            self._forget_ended()
            if len(self._waiting) + len(self._called) < MOST:
                return
            slow = [each for each in self._waiting.values() if each.is_slow()][: max(1, MOST // 8)]
            await asyncio.sleep(_AGAIN_AFTER)
            for each in slow:
                if each.is_slow():  # still: it was not this process that was held up
                    each.abort()
            await asyncio.sleep(0)

    def _forget_ended(self) -> None:
        left = {http: each for http, each in self._waiting.items() if not each.has_ended}
        self._ended += len(self._waiting) - len(left)
        self._waiting = left
        # Each is a cycle with what its peer had sent, for which the collector comes too late.
        if self._ended >= _COLLECTED_AFTER:
            self._ended = 0
            gc.collect()

    async def _greet(self, http: web.RequestHandler, peer: socket.socket, context: SSLContext) -> None:
        """Shake hands, and part with who then says nothing."""
        loop = asyncio.get_running_loop()
        connection = self._waiting[http]
        with suppress(OSError):  # no TLS, or no end of it; asyncio has closed the socket
            transport, _ = await loop.connect_accepted_socket(
                lambda: http,
                peer,
                ssl=context,
                ssl_handshake_timeout=_SILENT_FOR,
                ssl_shutdown_timeout=_PARTING_FOR,
            )
            cast("Any", transport).set_read_buffer_limits(_READ_AHEAD)  # what nobody reads waits in the kernel
            connection.transport = transport
            loop.call_later(_SILENT_FOR, self._part_with_silent, connection)

    @staticmethod
    def _part_with_silent(connection: _Connection) -> None:
        if not connection.has_called:
            connection.abort()


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; an empty `host` is every interface. OSError where it cannot."""
    if host:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = _listening((host, port), family, both=False)
    else:
        try:
            listener = _listening(("", port), socket.AF_INET6, both=True)
        except OSError:  # IPv6 can be turned off
            listener = _listening(("", port), socket.AF_INET, both=False)
    listener.settimeout(0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _IN_KERNEL)  # connections inherit it
    return listener


def _listening(address: tuple[str, int], family: int, *, both: bool) -> socket.socket:
    return socket.create_server(address, family=family, backlog=_WAITING_TO_BE_ACCEPTED, dualstack_ipv6=both)
