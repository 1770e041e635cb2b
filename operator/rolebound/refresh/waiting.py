"""Waiting for a schedule: until its next key is due, or until somebody changed it."""

import asyncio
from collections.abc import Hashable
from typing import TypeVar

from rolebound import clock
from rolebound.planning.schedule import Schedule

K = TypeVar("K", bound=Hashable)


async def sleep_until(schedule: Schedule[K], wake: asyncio.Event) -> None:
    """Return when the schedule's next key is due, or when `wake` says that it may have changed."""
    next_at = schedule.next_at()
    delay = None if next_at is None else (next_at - clock.now()).total_seconds()
    if delay is not None and delay <= 0:
        return
    try:
        async with asyncio.timeout(delay):
            await wake.wait()
    except TimeoutError:
        return
    wake.clear()
