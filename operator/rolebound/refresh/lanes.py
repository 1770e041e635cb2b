"""Where attempts wait their turn: one lane for each AWS account and region.

A lane has its own schedule, its own share of AWS's quota and its own threads, so that an account that is throttled or
a region that hangs delays nobody else's credentials.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from aiolimiter import AsyncLimiter

from rolebound import clock
from rolebound.model.credential import Credential, UnitKey
from rolebound.planning.schedule import Due, Schedule
from rolebound.refresh.issuance import Line
from rolebound.refresh.term import Term
from rolebound.refresh.waiting import sleep_until

# Attempts at a time in a lane: with the slowest answer that is waited for (10 s) still more than a call a second.
_SLOTS: Final = 16

Attempt = Callable[[UnitKey, Line], Awaitable[None]]


class Lane:
    """One account and region's queue."""

    def __init__(self, sessions_per_second: float, attempt: Attempt, term: Term) -> None:
        # A burst of a second's worth, then evenly: a leaky bucket below AWS's quota of 10 a second.
        limiter = AsyncLimiter(sessions_per_second, 1.0) if sessions_per_second else None
        self.line = Line(limiter, ThreadPoolExecutor(_SLOTS, thread_name_prefix="create-session"))
        self._attempt = attempt
        self._term = term
        self._schedule: Schedule[UnitKey] = Schedule()
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(_SLOTS)
        self._under_way: set[asyncio.Task[None]] = set()

    def put(self, key: UnitKey, due: Due) -> None:
        """Schedule `key`."""
        self._schedule.put(key, due)
        self._wake.set()

    def discard(self, key: UnitKey) -> None:
        """Forget `key`; an attempt that is under way goes on."""
        self._schedule.discard(key)

    async def run(self) -> None:
        """Start each attempt when it is due, a slot is free and this replica leads, the most urgent first."""
        while True:
            await sleep_until(self._schedule, self._wake)
            await self._slots.acquire()
            await self._term.begun()
            key = self._schedule.take(clock.now())
            if key is None:
                self._slots.release()
                continue
            task = asyncio.create_task(self._one(key))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def drain(self) -> None:
        """Wait for the attempts that are under way: a session that AWS gives is still written."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        self.line.threads.shutdown(wait=False, cancel_futures=True)

    async def _one(self, key: UnitKey) -> None:
        try:
            await self._attempt(key, self.line)
        finally:
            self._slots.release()


@dataclass(slots=True)
class Lanes:
    """All lanes, made when first needed."""

    sessions_per_second: float
    attempt: Attempt
    term: Term
    _lanes: dict[tuple[str, str], Lane] = field(default_factory=dict)
    _running: dict[Lane, asyncio.Task[None]] = field(default_factory=dict)

    def of(self, credential: Credential) -> Lane:
        """Return the lane of a credential's account and region."""
        anchor = credential.request.trust_anchor
        key = (anchor.account, anchor.region)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(self.sessions_per_second, self.attempt, self.term)
            self._running[lane] = asyncio.create_task(lane.run())
        return lane

    def failed(self) -> bool:
        """Whether a lane's loop has ended, which it never should."""
        return any(task.done() for task in self._running.values())

    async def stop(self) -> None:
        """Start nothing more and wait for what is under way."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*(lane.drain() for lane in self._lanes.values()))
