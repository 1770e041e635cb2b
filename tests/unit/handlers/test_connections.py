"""More connections than there are places: strangers go, callers stay, and memory stays bounded."""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from rolebound.handlers import connections
from rolebound.handlers.serving import AdmissionServer
from rolebound.model.serving import ServingCertificate
from tests.unit.handlers.test_serving import answer, certificate, post, serving, trusting

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Silent = Callable[..., Awaitable[Peer]]


@pytest.fixture
def served(server: AdmissionServer) -> ServingCertificate:
    made = certificate()
    server.present(made)
    return made


@asynccontextmanager
async def client(served: ServingCertificate) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(ssl=trusting(served), limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


@pytest_asyncio.fixture
async def silent(server: AdmissionServer) -> AsyncIterator[Silent]:
    """Makes a peer that connects, shakes hands where it knows whom to trust, and says nothing."""
    peers: list[Peer] = []

    async def make(trusted: ssl.SSLContext | None = None) -> Peer:
        peers.append(await asyncio.open_connection("localhost", server.port, ssl=trusted))
        return peers[-1]

    yield make
    for _, writer in peers:
        writer.transport.abort()
    await asyncio.gather(*(writer.wait_closed() for _, writer in peers), return_exceptions=True)


async def has_ended(peer: Peer) -> bool:
    try:
        async with asyncio.timeout(0.5):
            return await peer[0].read() == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


@pytest.mark.parametrize("shakes_hands", [True, False])
async def test_caller_takes_the_place_of_who_has_been_silent_longest(
    server: AdmissionServer,
    served: ServingCertificate,
    silent: Silent,
    monkeypatch: pytest.MonkeyPatch,
    *,
    shakes_hands: bool,
) -> None:
    monkeypatch.setattr(connections, "MOST", 20)
    trusted = trusting(served) if shakes_hands else None
    async with serving(server) as url, client(served) as session:
        peers = [await silent(trusted) for _ in range(20)]

        assert (await post(session, url))[0] == 200

        assert await has_ended(peers[0])
        assert not await has_ended(peers[-1])


async def test_who_says_nothing_is_parted_with(
    server: AdmissionServer, served: ServingCertificate, silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_SILENT_FOR", 0.2)
    async with serving(server):
        for trusted in (trusting(served), None):
            assert await has_ended(await silent(trusted))


async def test_who_has_called_may_be_silent(
    server: AdmissionServer, served: ServingCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_SILENT_FOR", 0.1)
    peers: set[Any] = set()

    async def remembering(review: Any, **more: Any) -> Any:
        peers.update(server._connections._called)
        return await answer(review, **more)

    async with serving(server, remembering) as url, client(served) as session:
        await post(session, url)
        await asyncio.sleep(0.3)
        await post(session, url)

    assert len(peers) == 1


async def test_who_waits_for_an_answer_keeps_the_place(
    server: AdmissionServer, served: ServingCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST", 3)
    gate = asyncio.Event()

    async def waiting(review: Any, **more: Any) -> Any:
        await gate.wait()
        return await answer(review, **more)

    async with serving(server, waiting) as url, client(served) as session:
        calls = [asyncio.create_task(post(session, url)) for _ in range(8)]
        await asyncio.sleep(0.3)
        assert len(server._connections._called) == 3

        gate.set()

        assert [status for status, _ in await asyncio.gather(*calls)] == [200] * 8


async def test_loop_that_was_held_up_ends_no_caller(
    server: AdmissionServer, served: ServingCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a large review, or by the collector: whoever waits has been waiting for us."""
    monkeypatch.setattr(connections, "MOST", 4)
    async with serving(server) as url, client(served) as session:
        calls = [asyncio.create_task(post(session, url)) for _ in range(8)]
        while not server._connections._waiting:  # noqa: ASYNC110 - in the middle of the first handshakes
            await asyncio.sleep(0)

        time.sleep(1.5)  # noqa: ASYNC251 - as a call that blocks

        assert [status for status, _ in await asyncio.gather(*calls)] == [200] * 8


async def test_idle_connections_make_room_for_as_many_callers_as_come(
    server: AdmissionServer, served: ServingCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST", 5)
    async with serving(server) as url:
        for _ in range(4):
            async with client(served) as session:
                answers = await asyncio.gather(*(post(session, url) for _ in range(5)))
                assert [status for status, _ in answers] == [200] * 5


async def test_peers_that_speak_no_tls_do_no_harm(
    server: AdmissionServer, served: ServingCertificate, silent: Silent
) -> None:
    async with serving(server) as url, client(served) as session:
        for _ in range(20):
            _, writer = await silent()
            writer.write(b"GET / HTTP/1.1\r\n\r\n")

        assert (await post(session, url))[0] == 200


async def test_flood_of_connections_with_headers_without_end_does_not_take_the_memory(
    process: tuple[str, str],
) -> None:
    url, authority = process
    trusted, port = ssl.create_default_context(cadata=authority), int(url.split(":")[2].split("/")[0])

    async def endless() -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("localhost", port, ssl=trusted)
            writer.write(b"POST /inject HTTP/1.1\r\n")
            for number in range(120):
                writer.write(b"X-%d: %s\r\n" % (number, b"y" * 8000))
                await writer.drain()
            await asyncio.sleep(1)
            writer.transport.abort()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session:
        before = json.loads((await post(session, url))[1])["peak"]

        await asyncio.gather(*(endless() for _ in range(500)))

        after = json.loads((await post(session, url))[1])["peak"]
    kilobytes = (after - before) / (1024 if sys.platform == "darwin" else 1)
    assert kilobytes < 150_000  # 80 MB; without a bound 600
