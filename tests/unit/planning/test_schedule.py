from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from rolebound.planning.schedule import Due, Schedule
from tests.support.builders import NOON


def due(at: int, deadline: int) -> Due:
    return Due(at=NOON + timedelta(seconds=at), deadline=NOON + timedelta(seconds=deadline))


def test_nothing_is_taken_before_it_is_due() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.put("a", due(5, 10))

    assert schedule.take(NOON) is None
    assert schedule.next_at() == NOON + timedelta(seconds=5)
    assert schedule.take(NOON + timedelta(seconds=5)) == "a"
    assert schedule.next_at() is None


def test_of_the_due_the_earliest_deadline_goes_first() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.put("late", due(0, 900))
    schedule.put("urgent", due(3, 20))
    schedule.put("soon", due(1, 60))

    order = [schedule.take(NOON + timedelta(seconds=4)) for _ in range(4)]

    assert order == ["urgent", "soon", "late", None]


def test_putting_again_replaces() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.put("a", due(1, 1))
    schedule.put("a", due(50, 60))

    assert schedule.take(NOON + timedelta(seconds=10)) is None
    assert schedule.take(NOON + timedelta(seconds=50)) == "a"
    assert schedule.take(NOON + timedelta(seconds=50)) is None


def test_key_that_became_due_and_was_put_later_is_not_taken_early() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.put("a", due(0, 1))
    schedule.put("b", due(0, 2))
    assert schedule.take(NOON) == "a"  # b is among the ready now
    schedule.put("b", due(30, 40))

    assert schedule.take(NOON) is None
    assert schedule.next_at() == NOON + timedelta(seconds=30)


def test_discarded_key_is_gone() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.put("a", due(0, 0))
    schedule.discard("a")

    assert schedule.take(NOON) is None
    assert len(schedule) == 0


def test_key_put_ten_thousand_times_is_kept_once() -> None:
    schedule: Schedule[str] = Schedule()
    for n in range(10_000):
        schedule.put("a", due(n, n))

    assert len(schedule) == 1
    assert len(schedule._waiting) < 100


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 50), st.integers(0, 50)), max_size=60))
def test_each_key_comes_out_once_and_by_deadline(entries: list[tuple[str, int, int]]) -> None:
    schedule: Schedule[str] = Schedule()
    newest = {}
    for key, at, deadline in entries:
        schedule.put(key, due(at, deadline))
        newest[key] = deadline

    taken = []
    while (key := schedule.take(NOON + timedelta(seconds=50))) is not None:  # type: ignore[assignment]  # or None, which ends the loop
        taken.append(key)

    assert sorted(taken) == sorted(newest)
    assert [newest[key] for key in taken] == sorted(newest.values())
