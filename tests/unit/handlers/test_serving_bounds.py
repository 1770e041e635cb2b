"""A flood of reviews: the webhook's memory stays bounded, and small reviews are answered meanwhile."""

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from rolebound.handlers.serving import AdmissionServer
from tests.unit.handlers.test_serving import REVIEW, certificate, post, serving, trusting

LARGE: dict[str, Any] = {"request": {"uid": "x" * 4_000_000}}

PROCESS = """
import asyncio, resource, sys
from pathlib import Path
from rolebound.handlers.serving import AdmissionServer
from tests.unit.handlers.test_serving import certificate, serving

async def peak(request, **_):
    await asyncio.sleep(0.01)
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}

async def main():
    server, served = AdmissionServer(0, "127.0.0.1"), certificate()
    server.present(served)
    async with serving(server, peak) as url:
        Path(sys.argv[1]).write_text(served.authorities[0])
        print(url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def server() -> AdmissionServer:
    return AdmissionServer(0, "127.0.0.1", drain_for=0.1)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server in a process of its own, whose memory is not ours: its URL, and the authority to trust."""
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "ca.pem")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={"PYTHONPATH": "operator:."}, text=True) as running:
        assert running.stdout is not None
        url = next(line for line in running.stdout if line.startswith("https://"))  # among what it logs
        yield url.strip(), (tmp_path / "ca.pem").read_text()
        running.kill()


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


async def test_call_too_many_is_asked_to_come_back(server: AdmissionServer) -> None:
    served, gate = certificate(), asyncio.Event()
    server.present(served)

    async def answer(*_: Any, **__: Any) -> Any:
        await gate.wait()
        return {}

    async with (
        serving(server, answer) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(served), limit=0)) as session,
    ):
        calls = [asyncio.create_task(post(session, url)) for _ in range(257)]
        [refused], waiting = await asyncio.wait(calls, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        async with session.post(url, data=json.dumps(REVIEW)) as another:
            assert (another.status, another.headers["Retry-After"]) == (429, "1")

        gate.set()
        assert refused.result()[0] == 429
        assert {status for status, _ in await asyncio.gather(*waiting)} == {200}
        assert (await post(session, url))[0] == 200


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
