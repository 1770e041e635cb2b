"""One leader among the replicas: it alone calls AWS and writes. The others watch, and answer for new pods as it does.

A replica that comes to lead takes in first what the one before wrote. One that cannot renew its Lease stands back and
goes on as a standby; it does not exit, so that an API server's outage costs neither its answers to others nor what it
holds for Secrets that could not be written.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from rolebound import clock
from rolebound.cluster.lease import LeaseStore
from rolebound.errors import Error
from rolebound.metrics import Metrics
from rolebound.planning.leadership import LOOK_EVERY, RENEWED_WITHIN, Candidate, Lease, released
from rolebound.refresh.term import Term

log = structlog.get_logger(__name__)

# Shorter than a term: an API server that hangs costs a look, and not the next ones, which may reach another.
_LOOK_WITHIN: Final = 5.0  # seconds


class Duties(Protocol):
    """What a leader does and a standby does not."""

    async def catch_up(self) -> None:
        """Take in what another leader wrote; raises the Error that kept it from that."""
        ...

    def take_up(self) -> None:
        """Begin, as the term just has."""
        ...

    def stand_back(self) -> None:
        """Forget what another leader will know better."""
        ...


@dataclass(slots=True)
class Leadership:
    """Takes the Lease when it is free, and keeps it."""

    store: LeaseStore
    candidate: Candidate
    term: Term
    duties: Duties
    metrics: Metrics
    may_lead: bool = False
    """Whether a look has succeeded: until then this replica may lack the right to the Lease, and lead never."""
    _held: Lease | None = None
    _good_until: float = 0.0
    _entering: asyncio.Task[None] | None = None
    _other: str = ""
    """Who leads, as far as it was told."""

    async def run(self) -> None:
        """Look, again and again; what fails is logged and tried at the next look."""
        while True:
            try:
                async with asyncio.timeout(_LOOK_WITHIN):
                    await self._look()
            except Error as error:
                log.warning("lease_failed", lease=str(self.store.name), message=str(error))
            except TimeoutError:
                log.warning("lease_failed", lease=str(self.store.name), message=f"no answer in {_LOOK_WITHIN:g} s")
            if self._held and asyncio.get_running_loop().time() >= self._good_until:
                self._lose()
            self.metrics.leader.set(self.term.lasts)
            await asyncio.sleep(LOOK_EVERY * (0.9 + 0.2 * clock.chance()))

    async def resign(self) -> None:
        """Let go of the Lease, so that another replica leads at once; raises the Error that kept it from that."""
        self._lose()
        lease = await self.store.read()  # a renewal may have been written whose answer nobody waited for
        if lease is not None and lease.holder == self.candidate.identity:
            await self.store.write(released(lease, clock.now()), lease)

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        lease = await self.store.read()
        # Each by the instant that lengthens nobody's time: another's Lease is as old as its answer is, and one's own as
        # old as its request.
        if lease is not None and not self.candidate.may_take(lease, loop.time()):
            self._lose()
            self._tell(lease.holder)
            self.may_lead = True
            return
        self._other = ""
        asked_at = loop.time()
        written = await self.store.write(self.candidate.spec(lease, clock.now()), lease)
        self.may_lead = True
        if written is None:
            return  # somebody was faster; the next look tells who
        self._held, self._good_until = written, asked_at + RENEWED_WITHIN
        if self._entering and self._entering.done():
            self._entering.result()  # what it raised ends this loop, which the liveness probe tells
        if self.term.lasts:
            self.term.last(self._good_until)
        elif self._entering is None:
            self._entering = asyncio.create_task(self._enter())

    async def _enter(self) -> None:
        """Begin a term when all is known that another leader may have written."""
        while True:
            try:
                await self.duties.catch_up()
                break
            except Error as error:
                log.warning("not_leading_yet", message=str(error))
                await asyncio.sleep(LOOK_EVERY)
        self.term.last(self._good_until)
        self.duties.take_up()
        self._entering = None
        self.metrics.leader.set(1)
        log.info("leading", lease=str(self.store.name), identity=self.candidate.identity)

    def _tell(self, other: str) -> None:
        if other != self._other:
            self._other = other
            log.info("another_leads", lease=str(self.store.name), identity=other)

    def _lose(self) -> None:
        if self._held is None:
            return
        self._held = None
        if self._entering:
            self._entering.cancel()
            self._entering = None
        self.term.end()
        self.metrics.leader.set(0)
        self.duties.stand_back()
        log.info("not_leading", lease=str(self.store.name), identity=self.candidate.identity)
