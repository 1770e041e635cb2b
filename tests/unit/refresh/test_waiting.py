"""Waiting: until the next key is due, or until somebody says that it may have changed."""

import asyncio
from datetime import timedelta

from rolebound import clock
from rolebound.planning.schedule import Due, Schedule
from rolebound.refresh.waiting import sleep_until


def schedule(*after: float) -> Schedule[str]:
    made: Schedule[str] = Schedule()
    for seconds in after:
        at = clock.now() + timedelta(seconds=seconds)
        made.put(str(seconds), Due(at, at))
    return made


async def test_due_key_is_not_waited_for() -> None:
    await asyncio.wait_for(sleep_until(schedule(3600, -1), asyncio.Event()), 0.05)


async def test_next_key_is_waited_for() -> None:
    started_at = clock.now()

    await sleep_until(schedule(3600, 0.05), asyncio.Event())

    assert timedelta(seconds=0.04) < clock.now() - started_at < timedelta(seconds=1)


async def test_wake_ends_the_wait_and_is_used_up() -> None:
    wake = asyncio.Event()
    for waiting_for in (schedule(3600), schedule()):
        task = asyncio.create_task(sleep_until(waiting_for, wake))
        await asyncio.sleep(0.01)
        assert not task.done()

        wake.set()

        await asyncio.wait_for(task, 0.5)
        assert not wake.is_set()
