"""The webhook's server on a real socket: certificates change under it, and it survives what is sent to it."""

import asyncio
import base64
import io
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import kopf
import pytest

from rolebound import clock
from rolebound.errors import SettingsError
from rolebound.handlers.serving import AdmissionServer, answer_with
from rolebound.model.serving import ServingCertificate
from rolebound.planning.serving import LIFETIME

REVIEW: dict[str, Any] = {"request": {"uid": "1"}}


def certificate() -> ServingCertificate:
    return ServingCertificate.issue(["localhost"], clock.now(), LIFETIME)


async def answer(request: Any, **_: Any) -> Any:
    return {"response": {"uid": request["request"]["uid"]}}


@asynccontextmanager
async def serving(server: AdmissionServer, fn: Any = answer) -> AsyncIterator[str]:
    """The server, iterated as kopf does it; its URL."""

    async def iterate() -> None:
        async for _ in server(fn):
            pass

    iterating = asyncio.create_task(iterate())
    while not server.listening:
        assert not iterating.done()
        await asyncio.sleep(0.005)
    try:
        yield f"https://localhost:{server.port}/inject"
    finally:
        iterating.cancel()
        await asyncio.gather(iterating, return_exceptions=True)


def trusting(*certificates: ServingCertificate) -> ssl.SSLContext:
    return ssl.create_default_context(cadata="".join(each.authorities[0] for each in certificates))


async def post(session: aiohttp.ClientSession, url: str, body: Any = REVIEW) -> tuple[int, str]:
    async with session.post(url, data=io.BytesIO(json.dumps(body).encode())) as response:
        return response.status, await response.text()


async def test_nothing_listens_without_a_certificate(server: AdmissionServer) -> None:
    iterating = asyncio.ensure_future(anext(aiter(server(answer))))
    await asyncio.sleep(0.05)

    assert not server.listening
    assert not iterating.done()
    iterating.cancel()


async def test_new_certificate_is_served_and_open_connections_go_on(server: AdmissionServer) -> None:
    first, second = certificate(), certificate()
    server.present(first)
    async with (
        serving(server) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(first), limit=1)) as standing,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(second))) as new,
    ):
        assert await post(standing, url) == (200, '{"response": {"uid": "1"}}')

        server.present(second)

        assert (await post(standing, url))[0] == 200
        assert (await post(new, url))[0] == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(first))) as late:
                await post(late, url)


async def test_review_that_is_none_is_a_bad_request_and_its_text_is_not_repeated(server: AdmissionServer) -> None:
    served = certificate()
    server.present(served)
    async with (
        serving(server) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(served))) as session,
    ):
        for body in ({"no": "secret-request"}, ["secret"], "secret"):
            status, text = await post(session, url, body)

            assert status == 400
            assert "secret" not in text


async def test_patch_of_a_handler_is_in_the_answer(server: AdmissionServer) -> None:
    operation = {"op": "add", "path": "/spec/volumes", "value": []}
    seen: list[Any] = []

    async def patching(request: Any, **_: Any) -> Any:
        seen.append(request["request"]["object"])
        answer_with([operation])
        return await answer(request)

    server.present(presented := certificate())
    pod = {"metadata": {"name": "web", "managedFields": [{"manager": "kubectl"}]}, "spec": {}}
    async with (
        serving(server, patching) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(presented))) as session,
    ):
        status, text = await post(session, url, {"request": {"uid": "1", "object": pod, "oldObject": None}})

    assert status == 200
    response = json.loads(text)["response"]
    assert response["patchType"] == "JSONPatch"
    assert json.loads(base64.b64decode(response["patch"])) == [operation]
    assert seen == [{"metadata": {"name": "web"}, "spec": {}}]


async def test_body_larger_than_any_pod_is_refused(server: AdmissionServer) -> None:
    served = certificate()
    server.present(served)
    async with (
        serving(server) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(served))) as session,
    ):
        assert (await post(session, url, "x" * 5_000_000))[0] == 413
        assert (await post(session, url))[0] == 200


async def test_ending_server_answers_and_sends_its_callers_elsewhere(server: AdmissionServer) -> None:
    served = certificate()
    server.present(served)
    ended = asyncio.Event()

    async def slow(request: Any, **_: Any) -> Any:
        await ended.wait()
        return await answer(request)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(served))) as session:
        async with serving(server, slow) as url:
            asked = asyncio.create_task(session.post(url, data=json.dumps(REVIEW)))
            await asyncio.sleep(0.05)
            asyncio.get_running_loop().call_later(0.05, ended.set)

        response = await asked

    assert response.status == 200
    assert response.headers["Connection"] == "close"
    assert not server.listening


async def test_port_that_is_taken_is_named(server: AdmissionServer) -> None:
    server.present(certificate())
    async with serving(server):
        second = AdmissionServer(server.port, "127.0.0.1", drain_for=0.1)
        second.present(certificate())

        with pytest.raises(SettingsError, match=f"ROLEBOUND_WEBHOOK_PORT {server.port}"):
            await anext(aiter(second(answer)))


def test_server_is_one_that_kopf_accepts() -> None:
    server: kopf.WebhookServerProtocol = AdmissionServer(0)
    settings = kopf.OperatorSettings()

    settings.admission.server = server

    assert settings.admission.managed is None
