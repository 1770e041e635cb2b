"""A session by a clock that is not AWS's."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOON, a_session


@given(lasting=st.integers(900, 43200), behind=st.integers(-86400, 86400))
def test_session_here_begins_when_it_was_asked_for_and_ends_no_later_than_in_truth(lasting: int, behind: int) -> None:
    session = replace(a_session(NOON, timedelta(seconds=lasting)), behind=timedelta(seconds=behind))

    here = session.here()

    assert here.issued_at == session.issued_at - session.behind
    assert here.expires_at <= session.expires_at - session.behind
    assert here.lifetime >= session.lifetime / 4
    assert here.here() == here


@given(lasting=st.integers(900, 43200), ahead=st.integers(1, 600))
def test_session_here_ends_when_a_reader_with_this_clock_believes_it_to(lasting: int, ahead: int) -> None:
    session = replace(a_session(NOON, timedelta(seconds=lasting)), behind=timedelta(seconds=-ahead))

    assert session.here().expires_at == session.told_end  # which is what the file says


def test_session_by_a_clock_that_is_right_is_the_same() -> None:
    assert a_session().here() == a_session()
