"""What is due, most urgent first; sans I/O and without a clock of its own.

Two orders in one: a key is taken only once it is due, and among the due ones the earliest deadline goes first, so a
pod that is about to lose its credentials overtakes one with time to spare. Entries are dropped lazily: a heap item
whose ticket is no longer the key's newest is skipped.
"""

import heapq
import itertools
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Due:
    """When a key should be taken, and when it is too late."""

    at: datetime
    deadline: datetime


class Schedule(Generic[K]):
    """Keys with a due time and a deadline each."""

    def __init__(self) -> None:
        self._tickets = itertools.count()
        self._newest: dict[K, tuple[int, Due]] = {}
        self._waiting: list[tuple[datetime, int, K]] = []  # by due time
        self._ready: list[tuple[datetime, int, K]] = []  # by deadline

    def __len__(self) -> int:
        return len(self._newest)

    def __contains__(self, key: K) -> bool:
        return key in self._newest

    def due_at(self, key: K) -> datetime:
        """Return when `key` is due; KeyError where it is not scheduled."""
        return self._newest[key][1].at

    def put(self, key: K, due: Due) -> None:
        """Schedule `key`, in place of what was scheduled for it before."""
        ticket = next(self._tickets)
        self._newest[key] = (ticket, due)
        heapq.heappush(self._waiting, (due.at, ticket, key))
        if len(self._waiting) > 2 * len(self._newest) + 64:  # mostly stale: a key put again and again
            self._compact()

    def discard(self, key: K) -> None:
        """Forget `key`."""
        self._newest.pop(key, None)

    def take(self, now: datetime) -> K | None:
        """Return the due key with the earliest deadline and forget it, or None where nothing is due."""
        self._promote(now)
        while self._ready:
            _, ticket, key = heapq.heappop(self._ready)
            if self._is_newest(key, ticket):
                del self._newest[key]
                return key
        return None

    def next_at(self) -> datetime | None:
        """Return when the next key is due (in the past if one already is), or None where none is scheduled."""
        for heap in (self._ready, self._waiting):
            while heap and not self._is_newest(heap[0][2], heap[0][1]):
                heapq.heappop(heap)
        if self._ready:
            return self._newest[self._ready[0][2]][1].at
        return self._waiting[0][0] if self._waiting else None

    def _promote(self, now: datetime) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, ticket, key = heapq.heappop(self._waiting)
            if self._is_newest(key, ticket):
                heapq.heappush(self._ready, (self._newest[key][1].deadline, ticket, key))

    def _is_newest(self, key: K, ticket: int) -> bool:
        newest = self._newest.get(key)
        return newest is not None and newest[0] == ticket

    def _compact(self) -> None:
        ready = {ticket for _, ticket, _ in self._ready}
        self._waiting = [(due.at, ticket, key) for key, (ticket, due) in self._newest.items() if ticket not in ready]
        heapq.heapify(self._waiting)
