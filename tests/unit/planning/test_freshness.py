"""What a reader holds: every session that AWS grants, every jitter, a late kubelet, and a clock that is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rolebound.planning.decisions import Facts, pod_credential
from rolebound.planning.renewal import renewal_due
from tests.support.builders import NOON, a_binding, a_pod, a_role, a_session, stored_for

CREDENTIAL = pod_credential(a_binding(), a_pod(), Facts(role=a_role(), namespace_labels={}))
# https://github.com/boto/botocore/blob/develop/botocore/credentials.py: reads again below the first, and by all means
# below the second; a file that is over is refused.
ADVISORY, MANDATORY = 900, 600
LONGEST_DELAY = 120
TOLD_SOONER = 60  # the files' end is so much before AWS's at most
SESSIONS = 6

durations = st.integers(900, 43200)
chances = st.lists(st.floats(0, 1, exclude_max=True), min_size=SESSIONS, max_size=SESSIONS)
delays = st.lists(st.floats(0, LONGEST_DELAY), min_size=SESSIONS, max_size=SESSIONS)
calls = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@dataclass(frozen=True)
class Shown:
    """What the files in the pod say, since when."""

    since: datetime
    expires_at: datetime


def shown(duration: int, chances: list[float], delays: list[float]) -> list[Shown]:
    """The sessions as the pod sees them; one that is late and overtaken is never seen."""
    issued_at, seen = NOON, []
    for chance, delay in zip(chances, delays, strict=True):
        stored = stored_for(CREDENTIAL, issued_at, timedelta(seconds=duration))
        told = a_session(issued_at, timedelta(seconds=duration)).told_end
        seen.append(Shown(issued_at + timedelta(seconds=delay), told))
        issued_at = renewal_due(stored, chance).at
    return seen


def at(seen: list[Shown], now: datetime) -> datetime:
    """When what is in the file now expires."""
    return max(each.expires_at for each in seen if each.since <= now)


def held(seen: list[Shown], moments: list[float], window: int, ahead: float = 0) -> Iterator[tuple[float, float]]:
    """What is left of the credentials that each call signs with, in truth and as the reader's clock has it."""
    first, last = seen[0].since, seen[-1].since
    cached: datetime | None = None
    for moment in sorted(moments):
        now = first + (last - first) * moment
        if cached is None or (cached - now).total_seconds() - ahead < window:
            cached = at(seen, now)
        left = (cached - now).total_seconds()
        yield left, left - ahead


@given(durations, chances, delays)
def test_files_always_hold_half_a_session_less_the_delay(
    duration: int, chances: list[float], delays: list[float]
) -> None:
    for before, after in pairwise(shown(duration, chances, delays)):
        left = (before.expires_at - after.since).total_seconds()
        assert left >= duration / 2 - LONGEST_DELAY - TOLD_SOONER - 0.001
    # and by AWS's end a minute more: 330 s of the shortest session, 28 minutes of an hour


@given(durations, chances, delays, calls, st.sampled_from([ADVISORY, MANDATORY, 300, 0]))
def test_reader_that_reads_again_before_the_end_never_signs_with_less(
    duration: int, chances: list[float], delays: list[float], calls: list[float], window: int
) -> None:
    seen = shown(duration, chances, delays)

    for left, _ in held(seen, calls, window):
        assert left >= min(window, duration / 2 - LONGEST_DELAY - TOLD_SOONER) - 0.001


@given(st.integers(1560, 43200), chances, delays, calls, st.floats(-600, 600))
def test_botocore_on_a_node_whose_clock_is_ten_minutes_off_has_what_is_good_and_believes_it(
    duration: int, chances: list[float], delays: list[float], calls: list[float], ahead: float
) -> None:
    seen = shown(duration, chances, delays)

    for left, believed in held(seen, calls, ADVISORY, ahead):
        assert left >= -0.001
        assert believed >= -0.001
