"""The complete view: once before anything is decided, then every few minutes.

The schedule is rebuilt from the Secrets' own annotations, read as metadata only, so a restart spends no CreateSession
on credentials that are still good.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from rolebound.api import names
from rolebound.api.objects import Body
from rolebound.clock import chance, now
from rolebound.cluster import paths
from rolebound.cluster.api import KubernetesAPI
from rolebound.cluster.secrets import CredentialSecrets
from rolebound.errors import ClusterUnavailable
from rolebound.refresh.observer import LISTED, Observer, Resource
from rolebound.refresh.refresher import Refresher

log = structlog.get_logger(__name__)

_EVERY: Final = 600.0  # seconds; a watch that silently lost an event is made up for within this time
_AGAIN_AFTER: Final = 3.0

_PATHS: Final = {
    Resource.NAMESPACES: paths.NAMESPACES,
    Resource.CLUSTER_ROLES: paths.CLUSTER_ROLES,
    Resource.ROLES: paths.ROLES,
    Resource.BINDINGS: paths.BINDINGS,
    Resource.PODS: paths.PODS,
}


@dataclass(slots=True)
class Resync:
    """Lists everything and hands it over."""

    api: KubernetesAPI
    secrets: CredentialSecrets
    observer: Observer
    refresher: Refresher
    done_once: bool = False
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    async def first(self) -> None:
        """Return when the first complete view is taken in; waits for an API server that is not there yet."""
        while not self.done_once:
            await self._try()
            if not self.done_once:
                await asyncio.sleep(_AGAIN_AFTER)

    async def run(self) -> None:
        """Take a complete view every few minutes, and when somebody wants one."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_EVERY * (1 + 0.1 * chance())):
                    await self._wanted.wait()
            await self._try()
            if self._wanted.is_set():  # that one failed
                await asyncio.sleep(_AGAIN_AFTER)

    def soon(self) -> None:
        """Have the next complete view taken at once."""
        self._wanted.set()

    async def secrets_again(self) -> None:
        """Take in the credential Secrets as another replica left them; ClusterUnavailable where they cannot be read."""
        listed_at = _this_second()
        self.refresher.adopt([each async for each in self.secrets.list_stored()], listed_at)

    async def _try(self) -> None:
        wanted = self._wanted.is_set()
        self._wanted.clear()  # whoever wants one from now on wants another
        listed_at = _this_second()
        listing = self.observer.begin_list()
        try:
            stored = [each async for each in self.secrets.list_stored()]
            listed: dict[Resource, list[Body]] = {}
            for resource in LISTED:
                selector = {"labelSelector": names.POD_SELECTOR} if resource is Resource.PODS else {}
                metadata_only = resource is Resource.NAMESPACES
                bodies = self.api.list(_PATHS[resource], metadata_only=metadata_only, **selector)
                listed[resource] = [body async for body in bodies]
        except ClusterUnavailable as error:
            log.warning("resync_failed", message=str(error))
            if wanted:
                self._wanted.set()
            return
        self.refresher.adopt(stored, listed_at)
        self.observer.end_list(listing, listed)
        self.refresher.reconcile()
        self.done_once = True
        log.info("resynced", secrets=len(stored), **{resource.value: len(listed[resource]) for resource in LISTED})


def _this_second() -> datetime:
    """Return the instant of a list: those in a Secret are whole seconds, and a write in this one counts as later."""
    return now().replace(microsecond=0)
