"""A relay between one program and AWS, which notes the access key of every request.

A program cannot always say with which key it signed: a command hides it, and so do some libraries. The relay reads it
off the requests, and nothing else: no secret is in the part that it looks at. It changes no byte; the stand-in for AWS
judges the signature over the host that the program addressed.
"""

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Final, Self
from urllib.parse import urlsplit

_CREDENTIAL: Final = re.compile(rb"Credential=(\w{16,128})/")
_LONGEST: Final = 150  # bytes of a match: what is kept back in case a read ends inside one

_TURNS: Final = 0.05  # seconds in which the loop lets go of the sockets whose connections were ended


@dataclass(slots=True)
class Relay:
    """One address, for one program."""

    url: str
    keys: dict[str, int] = field(default_factory=dict)
    """How many requests were signed with each access key id, in the order in which the keys were first seen."""

    def note(self, kept: bytes, chunk: bytes) -> bytes:
        """Note the keys that a chunk brings; returns what the next chunk is to be read with."""
        seen = kept + chunk
        end = 0
        for found in _CREDENTIAL.finditer(seen):
            key = found.group(1).decode()
            self.keys[key] = self.keys.get(key, 0) + 1
            end = found.end()
        return seen[max(end, len(seen) - _LONGEST) :]


class Relays:
    """All relays of a run, on a thread of their own."""

    def __init__(self, host: str, upstream: str, ca_file: Path) -> None:
        self._host = host
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "", parts.port or 443)
        self._tls = ssl.create_default_context(cafile=str(ca_file))
        self._connections: set[asyncio.Task[None] | None] = set()
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="relays", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def add(self) -> Relay:
        """Return a relay that takes connections, on a port of its own."""
        return asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    async def _close(self) -> None:
        """Take no more connections, and end those that are there."""
        for server in self._servers:
            server.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(_TURNS)

    async def _listen(self) -> Relay:
        relay = Relay("")

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            self._connections.add(task)  # the loop itself holds tasks weakly
            try:
                await self._connect(relay, reader, writer)
            except asyncio.CancelledError:
                writer.close()  # the run is over; whoever watches over connections would report the end as an error
            finally:
                self._connections.discard(task)

        server = await asyncio.start_server(connected, self._host, 0)
        self._servers.append(server)
        relay.url = f"http://{self._host}:{server.sockets[0].getsockname()[1]}"
        return relay

    async def _connect(self, relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            aws_reader, aws_writer = await asyncio.open_connection(*self._upstream, ssl=self._tls)
        except OSError:
            writer.close()  # the program sees a connection that AWS does not take
            return
        try:
            await asyncio.gather(_copy(reader, aws_writer, relay), _copy(aws_reader, writer, None))
            with suppress(OSError):
                await aws_writer.wait_closed()
        except asyncio.CancelledError:
            aws_writer.transport.abort()  # TLS would wait half a minute for the other side's goodbye
            raise


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, noting: Relay | None) -> None:
    kept = b""
    try:
        while chunk := await source.read(65536):
            if noting is not None:
                kept = noting.note(kept, chunk)
            target.write(chunk)
            await target.drain()
    except OSError:
        pass  # one side has gone; the other is told by the end below
    finally:
        target.close()
