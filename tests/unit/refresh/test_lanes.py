"""Lanes: when an attempt starts, which one first, how many at a time, and that no lane waits for another."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
import pytest_asyncio

from rolebound import clock
from rolebound.model.credential import Credential, UnitKey
from rolebound.model.objects import ObjectName
from rolebound.planning.decisions import Facts, pod_credential
from rolebound.planning.schedule import Due
from rolebound.refresh.issuance import Line
from rolebound.refresh.lanes import Lane, Lanes
from rolebound.refresh.term import Term
from tests.support.builders import ANCHOR, PROFILE, ROLE, a_binding, a_pod, a_role
from tests.unit.refresh.engine import eventually


class Attempts:
    """What a lane started, and a door that keeps attempts from ending."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.ended: list[str] = []
        self.door = asyncio.Semaphore(0)

    async def __call__(self, key: UnitKey, _: Line) -> None:
        self.started.append(key.holder)
        await self.door.acquire()
        self.ended.append(key.holder)

    def open(self, times: int = 1000) -> None:
        for _ in range(times):
            self.door.release()


def key(holder: str) -> UnitKey:
    return UnitKey(ObjectName("shop", "reader"), holder)


def due(after: float = 0.0, deadline: float = 0.0) -> Due:
    now = clock.now()
    return Due(at=now + timedelta(seconds=after), deadline=now + timedelta(seconds=deadline))


@pytest.fixture
def attempts() -> Attempts:
    return Attempts()


@pytest_asyncio.fixture
async def lane(attempts: Attempts, term: Term) -> AsyncIterator[Lane]:
    made = Lane(8, attempts, term)
    yield made
    attempts.open()
    await made.drain()


@pytest_asyncio.fixture
async def run(lane: Lane) -> AsyncIterator[Callable[[], None]]:
    """Sets the lane going."""
    tasks = []
    yield lambda: tasks.append(asyncio.create_task(lane.run()))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_most_urgent_starts_first(lane: Lane, attempts: Attempts, run: Callable[[], None]) -> None:
    for holder, deadline in (("calm", 900), ("urgent", 5), ("soon", 60)):
        lane.put(key(holder), due(deadline=deadline))

    run()

    await eventually(lambda: len(attempts.started) == 3)
    assert attempts.started == ["urgent", "soon", "calm"]


async def test_nothing_starts_before_it_is_due(lane: Lane, attempts: Attempts, run: Callable[[], None]) -> None:
    run()
    lane.put(key("later"), due(after=0.1))
    started_at = clock.now()
    await asyncio.sleep(0.03)
    assert attempts.started == []

    await eventually(lambda: attempts.started)

    assert clock.now() - started_at >= timedelta(seconds=0.09)


async def test_sleeping_lane_wakes_for_what_is_due_sooner(
    lane: Lane, attempts: Attempts, run: Callable[[], None]
) -> None:
    run()
    lane.put(key("in an hour"), due(after=3600))
    await asyncio.sleep(0)

    lane.put(key("now"), due())

    await eventually(lambda: attempts.started == ["now"])


async def test_discarded_key_never_starts(lane: Lane, attempts: Attempts, run: Callable[[], None]) -> None:
    lane.put(key("gone"), due())
    lane.put(key("stays"), due(deadline=9))
    lane.discard(key("gone"))

    run()

    await eventually(lambda: attempts.started)
    assert attempts.started == ["stays"]


async def test_sixteen_attempts_run_at_a_time(lane: Lane, attempts: Attempts, run: Callable[[], None]) -> None:
    for number in range(20):
        lane.put(key(f"pod-{number}"), due())

    run()

    await eventually(lambda: len(attempts.started) == 16)
    await asyncio.sleep(0.02)
    assert len(attempts.started) == 16


async def test_free_slot_goes_to_who_is_most_urgent_by_then(
    lane: Lane, attempts: Attempts, run: Callable[[], None]
) -> None:
    for number in range(16):
        lane.put(key(f"pod-{number}"), due())
    run()
    await eventually(lambda: len(attempts.started) == 16)
    lane.put(key("calm"), due(deadline=900))
    await asyncio.sleep(0.01)
    lane.put(key("urgent"), due(deadline=5))

    attempts.open(1)

    await eventually(lambda: len(attempts.started) == 17)
    assert attempts.started[-1] == "urgent"


async def test_burst_is_a_seconds_worth_of_the_quota(lane: Lane) -> None:
    limiter = lane.line.limiter
    assert limiter is not None

    for _ in range(8):
        await asyncio.wait_for(limiter.acquire(), 0.05)

    assert not limiter.has_capacity()


async def test_zero_sessions_a_second_are_no_limit(attempts: Attempts) -> None:
    assert Lane(0, attempts, Term()).line.limiter is None


async def test_drain_waits_for_what_is_under_way(lane: Lane, attempts: Attempts, run: Callable[[], None]) -> None:
    lane.put(key("pod"), due())
    run()
    await eventually(lambda: attempts.started)
    draining = asyncio.create_task(lane.drain())
    await asyncio.sleep(0.01)
    assert not draining.done()

    attempts.open()
    await draining

    assert attempts.ended == ["pod"]


def credential(region: str = "eu-central-1", account: str = "111122223333") -> Credential:
    arns = {"roleARN": ROLE, "profileARN": PROFILE, "trustAnchorARN": ANCHOR}
    moved = {name: arn.replace("eu-central-1", region).replace("111122223333", account) for name, arn in arns.items()}
    return pod_credential(a_binding(), a_pod(), Facts(a_role(**moved), {}))


async def test_lane_is_one_for_each_account_and_region(attempts: Attempts, term: Term) -> None:
    lanes = Lanes(8, attempts, term)

    first = lanes.of(credential())

    assert lanes.of(credential()) is first
    assert lanes.of(credential(region="eu-west-1")) is not first
    assert lanes.of(credential(account="999988887777")) is not first
    await lanes.stop()


async def test_lane_that_is_stuck_delays_no_other(attempts: Attempts, term: Term) -> None:
    lanes = Lanes(8, attempts, term)
    for number in range(40):
        lanes.of(credential()).put(key(f"stuck-{number}"), due())
    await eventually(lambda: len(attempts.started) == 16)

    lanes.of(credential(region="eu-west-1")).put(key("elsewhere"), due())

    await eventually(lambda: "elsewhere" in attempts.started)
    attempts.open()
    await lanes.stop()


async def test_lane_whose_loop_has_ended_is_a_failure(attempts: Attempts, term: Term) -> None:
    lanes = Lanes(8, attempts, term)
    lanes.of(credential())
    await asyncio.sleep(0)
    assert not lanes.failed()

    await lanes.stop()
    await asyncio.sleep(0)

    assert lanes.failed()


async def test_nothing_starts_outside_a_term(
    lane: Lane, attempts: Attempts, run: Callable[[], None], term: Term
) -> None:
    term.end()
    lane.put(key("pod"), due())
    run()
    await asyncio.sleep(0.05)
    assert attempts.started == []

    term.last(math.inf)

    await eventually(lambda: attempts.started == ["pod"])


async def test_term_ends_by_the_clock_though_nobody_says_so(
    lane: Lane, attempts: Attempts, run: Callable[[], None], term: Term
) -> None:
    term.last(asyncio.get_running_loop().time() + 0.02)
    run()
    await asyncio.sleep(0.05)

    lane.put(key("pod"), due())

    await asyncio.sleep(0.05)
    assert attempts.started == []
