"""A flood of reviews: the webhook's memory stays bounded, and small reviews are answered meanwhile."""

import asyncio
import json
import ssl
import sys
import zlib
from typing import Any

import aiohttp

from rolebound.handlers.serving import AdmissionServer
from tests.unit.handlers.test_serving import REVIEW, certificate, post, serving, trusting

LARGE: dict[str, Any] = {"request": {"uid": "x" * 4_000_000}}


async def test_flood_of_large_reviews_does_not_take_the_memory(process: tuple[str, str]) -> None:
    url, authority = process
    trusted = ssl.create_default_context(cadata=authority)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted, limit=0)) as session:
        before = json.loads((await post(session, url))[1])["peak"]

        answers = await asyncio.gather(*(post(session, url, LARGE) for _ in range(40)))

        after = json.loads((await post(session, url))[1])["peak"]
    assert {status for status, _ in answers} == {200}
    kilobytes = (after - before) / (1024 if sys.platform == "darwin" else 1)
    assert kilobytes < 200_000  # 90 MB by turns; all at a time 340


async def test_large_reviews_take_turns_and_small_ones_do_not_wait_for_them(server: AdmissionServer) -> None:
    served, gate, begun = certificate(), asyncio.Event(), asyncio.Event()
    server.present(served)
    at_a_time = [0, 0]  # now, and at most

    async def answer(review: Any, **_: Any) -> Any:
        if review == LARGE:
            at_a_time[0] += 1
            at_a_time[1] = max(at_a_time)
            begun.set()
            await gate.wait()
            at_a_time[0] -= 1
        return {}

    async with (
        serving(server, answer) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(served), limit=0)) as session,
    ):
        large = [asyncio.create_task(post(session, url, LARGE)) for _ in range(5)]
        await begun.wait()

        assert (await post(session, url))[0] == 200

        gate.set()
        assert [status for status, _ in await asyncio.gather(*large)] == [200] * 5
    assert at_a_time == [0, 1]


async def test_body_that_does_not_come_holds_no_turn_for_long(server: AdmissionServer) -> None:
    served = certificate()
    server.present(served)
    async with serving(server) as url:
        reader, writer = await asyncio.open_connection("localhost", server.port, ssl=trusting(served))
        writer.write(b"POST /inject HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\nx")

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(served))) as session:
            assert (await post(session, url, LARGE))[0] == 200
        assert (await asyncio.wait_for(reader.readline(), 30)).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_compressed_review_is_not_inflated(server: AdmissionServer) -> None:
    """An API server compresses none, and a few KiB could become as many MiB."""
    served = certificate()
    server.present(served)
    async with (
        serving(server) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(served))) as session,
    ):
        body = zlib.compress(json.dumps(REVIEW).encode())
        async with session.post(url, data=body, headers={"Content-Encoding": "deflate"}) as response:
            assert response.status == 400
