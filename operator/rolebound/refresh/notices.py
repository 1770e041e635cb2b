"""Notices → Kubernetes Events, in order, in the background, and without repetition.

Events are for people and best effort: what cannot be posted is tried again a few times, counted when given up, and
never holds up anything else. A replica that does not lead keeps them for a while: a leader that ended may not have
posted the last ones.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from rolebound import clock
from rolebound.cluster.status import StatusWriter
from rolebound.errors import ClusterUnavailable
from rolebound.metrics import Metrics
from rolebound.model.conditions import Notice
from rolebound.refresh.term import Term

log = structlog.get_logger(__name__)

# The API server keeps Events for an hour: what still holds is said again before it is forgotten.
_REPEAT_AFTER: Final = timedelta(minutes=30)
# Longer than it takes until another replica leads in the place of one that was lost.
_KEPT_FOR: Final = timedelta(minutes=1)
_WAITING_LIMIT: Final = 5000
_REMEMBERED_LIMIT: Final = 20_000
_TRIES: Final = 5
_AGAIN_AFTER: Final = 2.0  # seconds
_FLUSHED_WITHIN: Final = 1.0


@dataclass(slots=True)
class NoticeBoard:
    """What was posted lately, and what waits to be."""

    writer: StatusWriter
    metrics: Metrics
    term: Term
    _queue: asyncio.Queue[tuple[Notice, datetime]] = field(default_factory=lambda: asyncio.Queue(_WAITING_LIMIT))
    _posted: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)

    def post(self, notice: Notice) -> None:
        """Queue an Event, unless its object was told the same lately."""
        key, now = (notice.about.uid, notice.reason), clock.now()
        message, at = self._posted.get(key, ("", now))
        if message == notice.message and now < at + _REPEAT_AFTER:
            return
        self._posted[key] = (notice.message, now)
        if len(self._posted) > _REMEMBERED_LIMIT:
            self._posted = {k: v for k, v in self._posted.items() if now < v[1] + _REPEAT_AFTER}
        try:
            self._queue.put_nowait((notice, now))
        except asyncio.QueueFull:
            self._drop(notice)

    async def run(self) -> None:
        """Post what is queued."""
        while True:
            notice, at = await self._queue.get()
            if await self._leads_until(at + _KEPT_FOR):
                await self._write(notice)
            else:
                self._forget(notice)
            self._queue.task_done()

    async def flush(self) -> None:
        """Post what is queued, within a moment: the last thing before another replica leads."""
        if self.term.lasts:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FLUSHED_WITHIN):
                    await self._queue.join()

    def _forget(self, notice: Notice) -> None:
        """Say it again when it comes again: it was not posted from here."""
        self._posted.pop((notice.about.uid, notice.reason), None)

    async def _leads_until(self, at: datetime) -> bool:
        """Whether this replica leads, or comes to before `at`."""
        if not self.term.lasts:
            with suppress(TimeoutError):
                async with asyncio.timeout((at - clock.now()).total_seconds()):
                    await self.term.begun()
        return self.term.lasts

    async def _write(self, notice: Notice) -> None:
        for _ in range(_TRIES):
            try:
                await self.writer.write_event(notice, clock.now())
            except ClusterUnavailable as error:
                log.warning("event_not_posted", about=str(notice.about), message=str(error))
                await asyncio.sleep(_AGAIN_AFTER)
            else:
                return
        self._drop(notice)

    def _drop(self, notice: Notice) -> None:
        self._forget(notice)
        self.metrics.events_dropped.inc()
