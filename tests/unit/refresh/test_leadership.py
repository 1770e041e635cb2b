"""Replicas over one Lease: one leads, another takes its place, and nobody begins anything without it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from rolebound.cluster.api import KubernetesAPI
from rolebound.cluster.lease import LeaseStore
from rolebound.errors import ClusterUnavailable
from rolebound.metrics import Metrics
from rolebound.model.objects import ObjectName
from rolebound.planning import leadership as rules
from rolebound.planning.leadership import Candidate, Lease
from rolebound.refresh import leadership as module
from rolebound.refresh.leadership import Leadership
from rolebound.refresh.term import Term
from tests.support.api_server import ApiServer, refusing
from tests.unit.refresh.engine import eventually

NAME = ObjectName("rolebound-system", "rolebound")
PATH = "/apis/coordination.k8s.io/v1/namespaces/rolebound-system/leases/rolebound"


@dataclass
class Replica:
    """A replica's leadership, and what it was told to do."""

    api: KubernetesAPI
    identity: str
    term: Term = field(default_factory=Term)
    caught_up: int = 0
    stood_back: int = 0
    failures: list[Exception] = field(default_factory=list)
    bug: Exception | None = None
    _running: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        store, candidate = LeaseStore(self.api, NAME), Candidate(self.identity)
        self.leadership = Leadership(store, candidate, self.term, self, Metrics())

    async def catch_up(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.caught_up += 1

    def take_up(self) -> None:
        assert self.term.lasts
        if self.bug:
            raise self.bug

    def stand_back(self) -> None:
        self.stood_back += 1

    def start(self) -> "Replica":
        self._running = asyncio.create_task(self.leadership.run())
        return self

    async def freeze(self) -> None:
        """Do no more, as a process whose node is gone."""
        if self._running:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    @property
    def ended(self) -> bool:
        assert self._running
        return self._running.done()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Lease of a second, in the proportions of the real one."""
    monkeypatch.setattr(rules, "LEASE_SECONDS", 1)
    monkeypatch.setattr(module, "RENEWED_WITHIN", 0.6)
    monkeypatch.setattr(module, "LOOK_EVERY", 0.05)


@pytest_asyncio.fixture
async def replica(api: KubernetesAPI) -> AsyncIterator[Callable[[str], Replica]]:
    """Makes a replica and sets it going."""
    made: list[Replica] = []

    def make(identity: str) -> Replica:
        made.append(Replica(api, identity).start())
        return made[-1]

    yield make
    for each in made:
        await each.freeze()


def holder(server: ApiServer) -> str:
    found: str = server.objects[PATH]["spec"]["holderIdentity"] if PATH in server.objects else ""
    return found


async def test_single_replica_leads_once_it_has_caught_up(server: ApiServer, replica: Callable[[str], Replica]) -> None:
    one = replica("one")

    await eventually(lambda: one.term.lasts)

    assert (holder(server), one.caught_up) == ("one", 1)


async def test_replica_that_cannot_catch_up_does_not_lead(api: KubernetesAPI) -> None:
    one = Replica(api, "one", failures=[ClusterUnavailable("HTTP 500")] * 3)
    one.start()
    await eventually(lambda: len(one.failures) < 3)
    assert not one.term.lasts

    await eventually(lambda: one.term.lasts)

    assert one.caught_up == 1
    await one.freeze()


async def test_unforeseen_failure_ends_the_loop_for_the_liveness_probe(api: KubernetesAPI) -> None:
    one = Replica(api, "one", failures=[RuntimeError("a bug")])

    one.start()

    await eventually(lambda: one.ended)


async def test_so_does_one_after_the_term_began(api: KubernetesAPI) -> None:
    """Half of what a leader does first would be missing, and nobody would know."""
    one = Replica(api, "one", bug=RuntimeError("a bug"))

    one.start()

    await eventually(lambda: one.ended)
    await eventually(lambda: not one.term.lasts)


async def test_second_replica_waits_as_long_as_the_first_renews(replica: Callable[[str], Replica]) -> None:
    one = replica("one")
    await eventually(lambda: one.term.lasts)
    two = replica("two")

    await asyncio.sleep(1.5)

    assert one.term.lasts
    assert (one.caught_up, one.stood_back) == (1, 0)
    assert not two.term.lasts


async def test_standby_says_once_who_leads(
    replica: Callable[[str], Replica], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody of that name is there, it is the only trace of why nothing is issued."""
    one = replica("one")
    await eventually(lambda: one.term.lasts)

    replica("two")
    await asyncio.sleep(0.3)

    [said] = [line for line in capsys.readouterr().out.splitlines() if "another_leads" in line]
    assert "one" in said


async def test_second_replica_leads_when_the_first_is_gone(
    server: ApiServer, replica: Callable[[str], Replica]
) -> None:
    one = replica("one")
    await eventually(lambda: one.term.lasts)
    two = replica("two")
    await asyncio.sleep(0.1)

    await one.freeze()

    await eventually(lambda: two.term.lasts)
    assert not one.term.lasts, "it ended by the clock, before the other began"
    assert server.objects[PATH]["spec"]["leaseTransitions"] == 1


async def test_answer_that_took_long_makes_the_lease_no_older(
    api: KubernetesAPI, replica: Callable[[str], Replica]
) -> None:
    """What it tells is as old as the answer, not as old as the question."""

    class Slow(LeaseStore):
        async def read(self) -> Lease | None:
            await asyncio.sleep(1.2)
            return await super().read()

    one = replica("one")
    await eventually(lambda: one.term.lasts)
    two = Replica(api, "two")
    two.leadership.store = Slow(api, NAME)
    two.start()
    await asyncio.sleep(1.15)
    await one.freeze()
    await asyncio.sleep(0.1)
    two.leadership.store = LeaseStore(api, NAME)

    await eventually(lambda: two.term.lasts)

    assert not one.term.lasts, "both led"
    await two.freeze()


async def test_resigning_hands_over_without_waiting(replica: Callable[[str], Replica]) -> None:
    one = replica("one")
    await eventually(lambda: one.term.lasts)
    two = replica("two")
    await asyncio.sleep(0.1)
    await one.freeze()

    await one.leadership.resign()

    assert not one.term.lasts
    await eventually(lambda: two.term.lasts, seconds=0.5)


async def test_renewal_that_is_cut_off_does_not_keep_the_lease(
    server: ApiServer, replica: Callable[[str], Replica]
) -> None:
    """It was written, and the process that ends did not wait for the answer."""
    one = replica("one")
    await eventually(lambda: one.term.lasts)
    await one.freeze()
    server.objects[PATH]["metadata"]["resourceVersion"] = "later"

    await one.leadership.resign()

    assert holder(server) == ""


async def test_standby_has_nothing_to_resign(server: ApiServer, replica: Callable[[str], Replica]) -> None:
    one = replica("one")
    await eventually(lambda: one.term.lasts)
    two = replica("two")
    await asyncio.sleep(0.1)
    await two.freeze()

    await two.leadership.resign()

    assert holder(server) == "one"


async def test_leader_that_was_frozen_finds_that_another_leads(
    server: ApiServer, replica: Callable[[str], Replica]
) -> None:
    one = replica("one")
    await eventually(lambda: one.term.lasts)
    await one.freeze()
    two = replica("two")
    await eventually(lambda: two.term.lasts)

    one.start()

    await eventually(lambda: one.stood_back)
    assert not one.term.lasts
    assert holder(server) == "two"


async def test_outage_of_the_api_server_ends_the_term_and_its_end_brings_it_back(
    server: ApiServer, replica: Callable[[str], Replica]
) -> None:
    one = replica("one")
    await eventually(lambda: one.term.lasts)

    server.canned.extend([refusing(503)] * 30)
    await eventually(lambda: not one.term.lasts)
    assert not one.ended

    await eventually(lambda: one.term.lasts)
    assert (one.caught_up, one.stood_back) == (2, 1)


async def test_leader_whose_api_server_hangs_stands_back_in_time_and_comes_back(
    api: KubernetesAPI, replica: Callable[[str], Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK_WITHIN", 0.2)

    class Hanging(LeaseStore):
        async def read(self) -> Lease | None:
            await asyncio.sleep(3600)
            raise AssertionError

    one = replica("one")
    await eventually(lambda: one.term.lasts)

    one.leadership.store = Hanging(api, NAME)
    await eventually(lambda: one.stood_back, seconds=1.5)
    one.leadership.store = LeaseStore(api, NAME)

    await eventually(lambda: one.term.lasts, seconds=1)


async def test_restarted_replica_of_the_same_name_leads_at_once(
    server: ApiServer, replica: Callable[[str], Replica]
) -> None:
    one = replica("one")
    await eventually(lambda: one.term.lasts)
    await one.freeze()

    again = replica("one")

    await eventually(lambda: again.term.lasts, seconds=0.5)
    assert server.objects[PATH]["spec"]["leaseTransitions"] == 0


async def test_two_that_write_at_once_do_not_both_lead(server: ApiServer, replica: Callable[[str], Replica]) -> None:
    many = [replica(f"replica-{number}") for number in range(8)]

    await eventually(lambda: any(each.term.lasts for each in many))
    await asyncio.sleep(0.3)

    assert [each.identity for each in many if each.term.lasts] == [holder(server)]


async def test_refused_right_is_told_and_nobody_leads(server: ApiServer, replica: Callable[[str], Replica]) -> None:
    server.canned.extend([refusing(403, "leases is forbidden")] * 3)

    one = replica("one")

    await eventually(lambda: len(server.asked) >= 3)
    assert not one.ended
    assert not one.leadership.may_lead, "not ready, so that an upgrade keeps the replica that may"
    await eventually(lambda: one.term.lasts)
    assert one.leadership.may_lead


async def test_standby_may_lead(replica: Callable[[str], Replica]) -> None:
    one = replica("one")
    await eventually(lambda: one.term.lasts)

    two = replica("two")

    await eventually(lambda: two.leadership.may_lead)
    assert not two.term.lasts
