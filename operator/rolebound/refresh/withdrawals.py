"""Credential Secrets on their way out: deleted in the background, again and again until they are gone.

A replica that does not lead deletes nothing. When it comes to, it takes a complete view and finds what nobody wants.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from rolebound.cluster.secrets import CredentialSecrets
from rolebound.errors import ClusterUnavailable
from rolebound.metrics import Metrics
from rolebound.model.credential import StoredCredential
from rolebound.model.objects import ObjectName
from rolebound.refresh.term import Term

log = structlog.get_logger(__name__)

_AT_A_TIME: Final = 8
_AGAIN_AFTER: Final = 2.0  # seconds


@dataclass(slots=True)
class Withdrawals:
    """Deletions under way, by the Secret's name."""

    secrets: CredentialSecrets
    metrics: Metrics
    term: Term
    on_gone: Callable[[ObjectName], None]
    """Told when a name is free again."""
    _tasks: dict[ObjectName, asyncio.Task[None]] = field(default_factory=dict)
    _doors: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_A_TIME))

    def start(self, stored: StoredCredential) -> None:
        """Begin to delete a Secret of ours, unless that is under way, or another replica's to do."""
        if self.term.lasts and stored.secret not in self._tasks:
            task = self._tasks[stored.secret] = asyncio.create_task(self._delete(stored))
            task.add_done_callback(lambda _: self._tasks.pop(stored.secret, None))

    async def wait(self, secret: ObjectName) -> None:
        """Return when no deletion of `secret` is under way."""
        if task := self._tasks.get(secret):
            await asyncio.shield(task)

    def stop(self) -> None:
        """Leave the rest to the next start, which finds what nobody wants."""
        for task in self._tasks.values():
            task.cancel()

    async def _delete(self, stored: StoredCredential) -> None:
        while self.term.lasts:
            try:
                async with self._doors:
                    await self.secrets.delete(stored)
            except ClusterUnavailable as error:
                log.warning("withdrawal_failed", secret=str(stored.secret), message=str(error))
                await asyncio.sleep(_AGAIN_AFTER)
            else:
                log.info("withdrawn", secret=str(stored.secret))
                self.metrics.secret_withdrawals.inc()
                self.on_gone(stored.secret)
                return
