from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebound.errors import AWSUnavailable, CertificateNotYetValid, Error, KeyMismatch, SessionDenied, Throttled
from rolebound.planning.decisions import Facts, pod_credential
from rolebound.planning.renewal import first_due, renewal_due, retry_due
from tests.support.builders import NOON, a_binding, a_pod, a_role, stored_for

CREDENTIAL = pod_credential(a_binding(), a_pod(), Facts(role=a_role(), namespace_labels={}))
HOUR = timedelta(hours=1)
chances = st.floats(0, 1, exclude_max=True)


def test_an_hours_session_leaves_at_least_25_minutes_in_the_pod() -> None:
    due = renewal_due(stored_for(CREDENTIAL), chance=0)

    assert due.at == NOON + timedelta(minutes=30)
    assert due.deadline == NOON + HOUR


@given(chances, st.integers(1, 43200))
def test_renewal_is_between_four_tenths_and_half_of_the_real_lifetime(chance: float, seconds: int) -> None:
    lifetime = timedelta(seconds=seconds)

    at = renewal_due(stored_for(CREDENTIAL, lasting=lifetime), chance).at

    assert NOON + lifetime * 0.399 <= at <= NOON + lifetime / 2


def test_nothing_stored_is_due_now() -> None:
    assert first_due(CREDENTIAL, None, NOON, 0).at == NOON


def test_expired_is_due_now() -> None:
    stored = stored_for(CREDENTIAL, issued_at=NOON - HOUR)

    assert first_due(CREDENTIAL, stored, NOON, 0).at == NOON


def test_good_credentials_wait_for_their_half_life_across_a_restart() -> None:
    stored = stored_for(CREDENTIAL, issued_at=NOON - timedelta(minutes=10))

    assert first_due(CREDENTIAL, stored, NOON, 0).at == NOON + timedelta(minutes=20)


def test_other_specification_is_due_now_and_urgent_only_by_its_expiry() -> None:
    renewed = pod_credential(a_binding(annotations={"rolebound.dev/renew": "1"}), a_pod(), Facts(a_role(), {}))

    due = first_due(renewed, stored_for(CREDENTIAL), NOON, 0)

    assert (due.at, due.deadline) == (NOON, NOON + HOUR)


def test_another_pods_secret_does_not_serve() -> None:
    other = pod_credential(a_binding(), a_pod(uid="other"), Facts(a_role(), {}))

    assert first_due(other, stored_for(CREDENTIAL), NOON, 0).at == NOON


def test_what_only_an_edit_mends_is_not_retried() -> None:
    assert retry_due(KeyMismatch("x"), 1, NOON, NOON, 0) is None


@pytest.mark.parametrize(
    ("error", "attempts", "pause"),
    [
        (AWSUnavailable("x"), 1, 1),
        (AWSUnavailable("x"), 4, 8),
        (Throttled("x"), 99, 60),
        (SessionDenied("x"), 1, 30),
        (SessionDenied("x"), 99, 300),
    ],
)
def test_pause_doubles_up_to_a_bound(error: Error, attempts: int, pause: int) -> None:
    due = retry_due(error, attempts, NOON, NOON, chance=0)

    assert due is not None
    assert due.at == NOON + timedelta(seconds=pause)


@given(chances, st.integers(1, 10_000))
def test_jitter_takes_at_most_half(chance: float, attempts: int) -> None:
    longest, due = (retry_due(Throttled("x"), attempts, NOON, NOON, each) for each in (0.0, chance))

    assert longest is not None
    assert due is not None
    assert (longest.at - NOON) / 2 <= due.at - NOON <= longest.at - NOON


def test_what_time_mends_is_tried_when_it_does() -> None:
    valid_from = NOON + timedelta(hours=2)
    unready = CertificateNotYetValid("too early", valid_from)

    due = retry_due(unready, 3, NOON, NOON, 0.5)

    assert due is not None
    assert due.at == valid_from
