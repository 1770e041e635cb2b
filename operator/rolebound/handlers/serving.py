"""The HTTPS server of the webhook, by kopf's protocol for webhook servers.

kopf's own server closes its port when its certificate changes, and a call in that moment fails. This one loads the new
certificate into the open port: connections that stand go on, new ones get the new certificate. When the operator is
told to end, it answers until the API servers have turned to another replica. And it takes a JSON patch as it is: kopf's
way to find one, by comparing two pods, took longer than all the rest of an admission.

Whoever reaches the port may send anything, so what is held in memory at a time is bounded: the connections by a module
of their own, and the reviews here. Small ones wait for their turn with their text read, large ones without.
"""

import asyncio
import base64
import json
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import kopf
import structlog
from aiohttp import web

from rolebound.errors import SettingsError
from rolebound.handlers.connections import Connections, listening
from rolebound.model.serving import ServingCertificate

log = structlog.get_logger(__name__)

PATH: Final = "/inject"
# An AdmissionReview holds a pod at most twice, and etcd takes no object above 1.5 MiB.
_LARGEST: Final = 4 * 1024 * 1024
# JSON can need twenty times its text as objects: 80 MiB for the largest review, and 80 for these together. A pod with a
# hundred containers is small.
_LARGE_AT_A_TIME: Final = 1
_SMALL: Final = 128 * 1024
_SMALL_AT_A_TIME: Final = 32
_READ_AHEAD: Final = 16 * 1024
# An API server sends about ten, one of which may be a token; a proxy may add as many. aiohttp takes 128 of 8 KiB.
_HEADERS: Final = 32
_READ_WITHIN: Final = 3.0  # seconds, below the webhook's timeoutSeconds
# What is then still under way is cut off; an API server itself waits no longer.
_LAST_ANSWERS: Final = 5.0


_patch: ContextVar[list[dict[str, Any]]] = ContextVar("patch")


def answer_with(patch: Iterable[dict[str, Any]]) -> None:
    """Have the answer to the request that is being handled carry these operations (RFC 6902)."""
    _patch.get().extend(patch)


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(slots=True)
class AdmissionServer:
    """Listens from the first certificate on."""

    port: int
    """0 takes a free one."""
    host: str = ""
    """Empty is every interface, IPv4 and IPv6."""
    drain_for: float = 5.0
    """Seconds to answer on after the end was asked for: API servers learn from a Service which pods are ending."""
    listening: bool = False
    _draining: bool = False
    _context: ssl.SSLContext = field(default_factory=_server_context)
    _certified: asyncio.Event = field(default_factory=asyncio.Event)
    _connections: Connections = field(default_factory=Connections)
    _small: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_SMALL_AT_A_TIME))
    _large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LARGE_AT_A_TIME))

    def present(self, certificate: ServingCertificate) -> None:
        """Serve with `certificate` from the next connection on."""
        # OpenSSL reads from files alone; the chart gives the operator a /tmp in memory.
        with tempfile.TemporaryDirectory(prefix="webhook-") as folder:
            chain, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
            chain.write_bytes(certificate.chain)
            key.touch(mode=0o600)
            key.write_bytes(certificate.key)
            self._context.load_cert_chain(chain, key)
        self._certified.set()

    async def __call__(self, fn: kopf.WebhookFn) -> AsyncIterator[kopf.WebhookClientConfig]:
        """Listen as long as kopf iterates, and a while longer; SettingsError where the port cannot be had."""
        await self._certified.wait()
        runner = self._runner(fn)
        await runner.setup()
        listener = self._listen()
        protocol = cast("web.Server", runner.server)
        accepting = asyncio.ensure_future(self._connections.let_in(listener, protocol, self._context))
        try:
            self.port, self.listening = listener.getsockname()[1], True
            log.info("webhook_listening", port=self.port)
            yield {}  # the chart says how the webhook is reached
            await asyncio.wait([accepting])
            accepting.result()
        finally:
            await self._drain()
            accepting.cancel()
            listener.close()
            await runner.cleanup()
            self._connections.end()

    def _runner(self, fn: kopf.WebhookFn) -> web.AppRunner:
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_post(PATH, partial(self._answer, fn))
        return web.AppRunner(
            application,
            access_log=None,
            shutdown_timeout=_LAST_ANSWERS,
            auto_decompress=False,  # an API server does not compress, and a few KiB could become 4 MiB
            read_bufsize=_READ_AHEAD,
            max_headers=_HEADERS,
        )

    def _listen(self) -> socket.socket:
        try:
            return listening(self.host, self.port)
        except OSError as error:
            raise SettingsError(f"the webhook cannot listen on ROLEBOUND_WEBHOOK_PORT {self.port}: {error}") from error

    async def _drain(self) -> None:
        log.info("webhook_draining", seconds=self.drain_for)
        self._draining = True
        await asyncio.sleep(self.drain_for)
        self.listening = False

    async def _answer(self, fn: kopf.WebhookFn, request: web.Request) -> web.Response:
        response = await self._in_turn(fn, request)
        if self._draining:
            response.force_close()  # so that an API server's next call goes to another replica
        return response

    async def _in_turn(self, fn: kopf.WebhookFn, request: web.Request) -> web.Response:
        length = request.content_length
        if length is not None and length <= _SMALL:
            text = await _text(request)
            with self._connections.answering(request):
                async with self._small:
                    return await _decided(fn, text)
        if length is not None and length > _LARGEST:
            raise web.HTTPRequestEntityTooLarge(max_size=_LARGEST, actual_size=length)
        async with self._large:
            text = await _text(request)
            with self._connections.answering(request):
                response = await _decided(fn, text)
        response.force_close()  # aiohttp keeps a request's body for as long as its connection is idle
        return response


async def _text(request: web.Request) -> bytes:
    """Return the request's body; whoever takes too long to send it is sent away, as others wait."""
    try:
        async with asyncio.timeout(_READ_WITHIN):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


async def _decided(fn: kopf.WebhookFn, text: bytes) -> web.Response:
    try:
        return web.json_response(await _reviewed(fn, json.loads(text)))
    except Exception as error:  # noqa: BLE001 - whatever is no AdmissionReview of a pod; kopf raises all sorts
        log.warning("webhook_request_unusable", error=type(error).__name__)
        return web.Response(status=400, text=f"not an AdmissionReview of a pod ({type(error).__name__})")


async def _reviewed(fn: kopf.WebhookFn, review: Any) -> Any:
    """Return the answer to an AdmissionReview."""
    for version in ("object", "oldObject"):
        # A third of a pod, on which nobody decides, and kopf makes copies of the pod.
        ((review["request"].get(version) or {}).get("metadata") or {}).pop("managedFields", None)
    patch: list[dict[str, Any]] = []
    _patch.set(patch)
    answer: Any = await fn(review)
    if patch:
        text = base64.b64encode(json.dumps(patch).encode()).decode()
        answer["response"].update(patch=text, patchType="JSONPatch")
    return answer
