"""The composition root: builds everything once, starts it, and takes it down in order.

Reads as the flow: watches → observer → inventory → refresher → issuer → Secrets, and beside it the reporter. New pods
come the other way: webhook → admission → inventory. Of several replicas all watch and answer for pods, and one leads.
"""

import asyncio
import signal
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, cast

import kopf
import structlog
from kubernetes.aio.client import Configuration

from rolebound.cluster.api import KubernetesAPI, load_configuration
from rolebound.cluster.certificates import Certificates
from rolebound.cluster.lease import LeaseStore
from rolebound.cluster.secrets import CredentialSecrets
from rolebound.cluster.serving import ServingSecret, WebhookConfiguration
from rolebound.cluster.status import StatusWriter
from rolebound.errors import ClusterUnavailable
from rolebound.handlers import admission, framework, watches
from rolebound.handlers.serving import AdmissionServer
from rolebound.metrics import Metrics
from rolebound.model.objects import ObjectName
from rolebound.planning.leadership import Candidate
from rolebound.planning.podparts import Sidecar
from rolebound.planning.serving import serving_names
from rolebound.probes import Probes
from rolebound.refresh.admission import Admission
from rolebound.refresh.duties import LeadersDuties
from rolebound.refresh.inventory import Inventory
from rolebound.refresh.issuance import Issuer
from rolebound.refresh.leadership import Leadership
from rolebound.refresh.notices import NoticeBoard
from rolebound.refresh.observer import Observer
from rolebound.refresh.refresher import Refresher
from rolebound.refresh.reporter import Reporter
from rolebound.refresh.resync import Resync
from rolebound.refresh.serving import ServingRotation
from rolebound.refresh.term import Term
from rolebound.refresh.vigil import Vigil
from rolebound.rolesanywhere.client import RolesAnywhere
from rolebound.settings import Settings

log = structlog.get_logger(__name__)

# Less than the chart's terminationGracePeriodSeconds, and more than the longest call to AWS (10 s).
_DRAIN_FOR: Final = 15.0
_RESIGN_WITHIN: Final = 3.0
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Webhook:
    """What answers for new pods, and what keeps its certificate."""

    admission: Admission
    server: AdmissionServer
    rotation: ServingRotation


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
    leadership: Leadership
    metrics: Metrics
    webhook: Webhook | None = None
    """None where a setting says so: pods are injected by a policy, or mount their Secret themselves."""
    _loops: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Run until a signal ends it; raises what ended the watches otherwise."""
        probes = Probes(self.metrics.registry, self.failure, self.awaited)
        port = await probes.start(self.settings.http_host, self.settings.http_port)
        log.info("starting", namespace=self.settings.namespace, http_port=port)
        ready, handed_over = asyncio.Event(), asyncio.Event()
        ending = asyncio.create_task(self._hand_over_when_told(ready, handed_over))
        try:
            self._start("notices", self.notices.run())
            self._start("reporter", self.reporter.run())
            await self.resync.first()
            self._start("resync", self.resync.run())
            self._start("leadership", self.leadership.run())
            self._start("vigil", self.vigil.run())
            if self.webhook:
                self._start("webhook certificate", self.webhook.rotation.run())
            await kopf.operator(
                registry=self._registry(),
                settings=framework.settings(self.webhook.server if self.webhook else None),
                # Unused without peering; by default kopf would look up the user's name, and an image has no user 65532.
                identity=cast("Any", "rolebound"),
                clusterwide=True,
                standalone=True,
                ready_flag=ready,
                stop_flag=handed_over,
            )
        finally:
            ending.cancel()
            await self._stop()
            await probes.stop()

    def failure(self) -> str:
        """Return what has ended that never should, or ""."""
        ended = [name for name, task in self._loops.items() if task.done()]
        if self.refresher.lanes.failed():
            ended.append("lanes")
        return f"ended: {', '.join(ended)}" if ended else ""

    def awaited(self) -> str:
        """Return what must still happen before the operator is ready, or ""."""
        if not self.resync.done_once:
            return "the cluster's objects are not all read yet"
        if not self.leadership.may_lead:
            # Once it was: an outage of the API server takes nobody out of the Service.
            return f"the Lease {self.settings.lease} was not read or written yet; the log says why"
        return "the webhook does not listen" if self.webhook and not self.webhook.server.listening else ""

    def _start(self, name: str, loop: Awaitable[None]) -> None:
        self._loops[name] = asyncio.ensure_future(loop)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        watches.register(registry, self.observer)
        if self.webhook:
            admission.register(registry, self.webhook.admission, self.metrics)

        @kopf.on.login(registry=registry)
        async def login(**_: Any) -> kopf.ConnectionInfo:
            headers = await self.api.authorization()
            return framework.connection(self.configuration, headers)

        return registry

    async def _hand_over_when_told(self, ready: asyncio.Event, handed_over: asyncio.Event) -> None:
        """Hand over at the first signal, and then let kopf end: that takes ten seconds, and cuts off what takes longer.

        Meanwhile the webhook answers as before. A second signal ends the process.
        """
        await ready.wait()  # kopf's own handlers are in place by then, and these go before them
        told, loop = asyncio.Event(), asyncio.get_running_loop()
        for each in _SIGNALS:
            loop.add_signal_handler(each, told.set)
        await told.wait()
        log.info("stopping")
        for each in _SIGNALS:
            loop.remove_signal_handler(each)
        await self._hand_over()
        handed_over.set()

    async def _hand_over(self) -> None:
        """Finish what is under way, say how things stand, and let another replica lead; a second time does nothing."""
        try:
            async with asyncio.timeout(_DRAIN_FOR):
                await self.refresher.stop()
                await self.reporter.flush()
                await self.notices.flush()
        except TimeoutError:
            log.warning("stopped_before_all_was_written")
        if renewing := self._loops.get("leadership"):
            renewing.cancel()
            await asyncio.wait([renewing])
        with suppress(TimeoutError, ClusterUnavailable):  # else the Lease ends by itself
            async with asyncio.timeout(_RESIGN_WITHIN):
                await self.leadership.resign()

    async def _stop(self) -> None:
        """Hand over where no signal asked for it, and let go."""
        await self._hand_over()
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
    term = Term()
    notices = NoticeBoard(writer, metrics, term)
    reporter = Reporter(inventory, certificates, writer, notices, metrics, term)
    anywhere = RolesAnywhere()
    anywhere.warm()
    issuer = Issuer(certificates, secrets, anywhere, metrics, reporter.session_ended)
    refresher = Refresher(inventory, issuer, secrets, reporter, metrics, term, settings.sessions_per_second)
    reporter.holdings = refresher
    observer = Observer(inventory, certificates, refresher, reporter)
    resync = Resync(api, secrets, observer, refresher)
    lease = LeaseStore(api, ObjectName(settings.namespace, settings.lease))
    return App(
        settings=settings,
        configuration=configuration,
        api=api,
        observer=observer,
        refresher=refresher,
        reporter=reporter,
        notices=notices,
        resync=resync,
        vigil=Vigil(secrets, refresher, term),
        leadership=Leadership(
            lease, Candidate(settings.identity), term, LeadersDuties(resync, refresher, reporter), metrics
        ),
        metrics=metrics,
        webhook=_webhook(settings, api, observer, metrics),
    )


def _webhook(settings: Settings, api: KubernetesAPI, observer: Observer, metrics: Metrics) -> Webhook | None:
    if not settings.webhook:
        return None
    sidecar = Sidecar(settings.sidecar_image, settings.sidecar_pull_policy, settings.endpoint_port)
    name = ObjectName(settings.namespace, settings.webhook)
    server = AdmissionServer(settings.webhook_port)
    rotation = ServingRotation(
        secret=ServingSecret(api, name),
        configuration=WebhookConfiguration(api, name.name),
        names=serving_names(name),
        renews=settings.webhook_certificate == "own",
        present=server.present,
        metrics=metrics,
    )
    return Webhook(Admission(observer.inventory, observer, api, sidecar), server, rotation)
