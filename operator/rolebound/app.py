"""The composition root: builds everything once, starts it, and takes it down in order.

Reads as the flow: watches → observer → inventory → refresher → issuer → Secrets, and beside it the reporter.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Final, cast

import kopf
import structlog
from kubernetes.aio.client import Configuration

from rolebound.cluster.api import KubernetesAPI, load_configuration
from rolebound.cluster.certificates import Certificates
from rolebound.cluster.secrets import CredentialSecrets
from rolebound.cluster.status import StatusWriter
from rolebound.handlers import framework, watches
from rolebound.metrics import Metrics
from rolebound.probes import Probes
from rolebound.refresh.inventory import Inventory
from rolebound.refresh.issuance import Issuer
from rolebound.refresh.notices import NoticeBoard
from rolebound.refresh.observer import Observer
from rolebound.refresh.refresher import Refresher
from rolebound.refresh.reporter import Reporter
from rolebound.refresh.resync import Resync
from rolebound.refresh.vigil import Vigil
from rolebound.rolesanywhere.client import RolesAnywhere
from rolebound.settings import Settings

log = structlog.get_logger(__name__)

# Less than the chart's terminationGracePeriodSeconds, and more than the longest call to AWS (10 s).
_DRAIN_FOR: Final = 15.0


@dataclass(slots=True)
class App:
    """The operator, built and wired."""

    settings: Settings
    configuration: Configuration
    api: KubernetesAPI
    observer: Observer
    refresher: Refresher
    reporter: Reporter
    notices: NoticeBoard
    resync: Resync
    vigil: Vigil
    metrics: Metrics
    _loops: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Run until a signal ends it; raises what ended the watches otherwise."""
        probes = Probes(self.metrics.registry, self.failure, lambda: self.resync.done_once)
        port = await probes.start(self.settings.http_host, self.settings.http_port)
        log.info("starting", namespace=self.settings.namespace, http_port=port)
        try:
            self._start("notices", self.notices.run())
            self._start("reporter", self.reporter.run())
            await self.resync.first()
            self._start("resync", self.resync.run())
            self._start("vigil", self.vigil.run())
            await kopf.operator(
                registry=self._registry(),
                settings=framework.settings(),
                # Unused without peering; by default kopf would look up the user's name, and an image has no user 65532.
                identity=cast("Any", "rolebound"),
                clusterwide=True,
                standalone=True,
            )
        finally:
            await self._stop()
            await probes.stop()

    def failure(self) -> str:
        """Return what has ended that never should, or ""."""
        ended = [name for name, task in self._loops.items() if task.done()]
        if self.refresher.lanes.failed():
            ended.append("lanes")
        return f"ended: {', '.join(ended)}" if ended else ""

    def _start(self, name: str, loop: Awaitable[None]) -> None:
        self._loops[name] = asyncio.ensure_future(loop)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        watches.register(registry, self.observer)

        @kopf.on.login(registry=registry)
        async def login(**_: Any) -> kopf.ConnectionInfo:
            headers = await self.api.authorization()
            return framework.connection(self.configuration, headers)

        return registry

    async def _stop(self) -> None:
        """Finish what is under way, say how things stand, and let go."""
        log.info("stopping")
        try:
            async with asyncio.timeout(_DRAIN_FOR):
                await self.refresher.stop()
                await self.reporter.flush()
        except TimeoutError:
            log.warning("stopped_before_all_was_written")
        for task in self._loops.values():
            task.cancel()
        await asyncio.gather(*self._loops.values(), return_exceptions=True)
        await self.api.close()
        log.info("stopped")


async def build(settings: Settings) -> App:
    """Return the operator, wired but not started; SettingsError where it cannot be."""
    configuration = await load_configuration()
    api, metrics = KubernetesAPI(configuration), Metrics()
    certificates, secrets, writer = Certificates(api), CredentialSecrets(api), StatusWriter(api)
    inventory = Inventory(settings.namespace)
    notices = NoticeBoard(writer, metrics)
    reporter = Reporter(inventory, certificates, writer, notices, metrics)
    issuer = Issuer(certificates, secrets, RolesAnywhere(), metrics, reporter.session_ended)
    refresher = Refresher(inventory, issuer, secrets, reporter, metrics, settings.sessions_per_second)
    reporter.holdings = refresher
    observer = Observer(inventory, certificates, refresher, reporter)
    return App(
        settings=settings,
        configuration=configuration,
        api=api,
        observer=observer,
        refresher=refresher,
        reporter=reporter,
        notices=notices,
        resync=Resync(api, secrets, observer, refresher),
        vigil=Vigil(secrets, refresher),
        metrics=metrics,
    )
