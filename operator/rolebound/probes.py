"""Liveness, readiness and metrics over HTTP.

Live means that the event loop turns and no loop of ours has ended. Ready means that the first complete view of the
cluster was taken in, so that decisions are made from all of it, and that the webhook, where there is one, listens.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST


@dataclass(slots=True)
class Probes:
    """A small server for the kubelet and Prometheus."""

    registry: CollectorRegistry
    failure: Callable[[], str]
    """What is broken for good, or ""."""
    awaited: Callable[[], str]
    """What must still happen before the operator is ready, or ""."""
    _runner: web.AppRunner | None = field(default=None)

    async def start(self, host: str, port: int) -> int:
        """Listen on `host` (empty: every interface) and return the port, which is a free one where 0 was asked for."""
        app = web.Application()
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host or None, port)
        await site.start()
        addresses = self._runner.addresses
        return int(addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _livez(self, _: web.Request) -> web.Response:
        failure = self.failure()
        return web.Response(text=failure or "ok", status=500 if failure else 200)

    async def _readyz(self, _: web.Request) -> web.Response:
        awaited = self.awaited()
        return web.Response(text=awaited or "ok", status=503 if awaited else 200)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
