"""When sessions are asked for again, by a clock that waits for nobody."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from rolebound import clock
from rolebound.errors import AWSUnavailable, SessionDenied
from rolebound.local.renewal import Renewal
from rolebound.model.session import Session
from tests.support.builders import a_session


def sessions(*outcomes: Exception | timedelta) -> Callable[[], Session]:
    left = list(outcomes)

    def issue() -> Session:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return a_session(clock.now(), outcome)

    return issue


class Once(Event):
    """Is set once there is something."""

    def __init__(self, things: list[Any]) -> None:
        super().__init__()
        self._things = things

    def is_set(self) -> bool:
        return bool(self._things)


def renewal(*outcomes: Exception | timedelta) -> tuple[Renewal, list[Session], list[str]]:
    delivered: list[Session] = []
    told: list[str] = []
    return Renewal(sessions(*outcomes), delivered.append, told.append), delivered, told


def test_first_refusal_is_the_callers() -> None:
    first, _, _ = renewal(SessionDenied("no"))

    with pytest.raises(SessionDenied):
        first.start()


def test_first_outage_is_waited_out() -> None:
    first, delivered, told = renewal(AWSUnavailable("down"), timedelta(hours=1))

    first.start()
    first.run(Once(delivered))

    assert len(delivered) == 1
    assert told == ["AWSUnavailable: down; there is no session yet"]


def test_half_of_the_life_is_the_time_to_renew() -> None:
    first, _, _ = renewal(timedelta(hours=1))

    before = clock.now()
    first.start()

    assert timedelta(minutes=24) <= first._due - before <= timedelta(minutes=31)


def test_refusal_later_on_is_told_and_tried_again_within_half_a_minute() -> None:
    first, _, told = renewal(timedelta(hours=1), SessionDenied("no"))
    first.start()
    first._due = clock.now()

    first.run(Once(told))

    assert told[0].startswith("SessionDenied: no; the last session is good until 20")
    assert first._due - clock.now() <= timedelta(seconds=30)
