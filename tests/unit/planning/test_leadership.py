"""Who may take the Lease, and what stands in it then."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rolebound.planning.leadership import LEASE_SECONDS, RENEWED_WITHIN, Candidate, Lease, released

NOW = datetime(2026, 11, 26, 1, 2, 3, 400, UTC)
THEIRS = Lease("other", 15.0, "2026-11-25T00:00:00.000000Z", 4, "7")


@pytest.fixture
def candidate() -> Candidate:
    return Candidate("me")


@pytest.mark.parametrize("lease", [None, replace(THEIRS, holder=""), replace(THEIRS, holder="me")], ids=str)
def test_nobodys_and_ones_own_are_taken_at_once(candidate: Candidate, lease: Lease | None) -> None:
    assert candidate.may_take(lease, 0.0)


def test_anothers_is_taken_when_it_has_stood_still_for_its_length(candidate: Candidate) -> None:
    assert not candidate.may_take(THEIRS, 100.0)
    assert not candidate.may_take(THEIRS, 114.9)
    assert candidate.may_take(THEIRS, 115.0)


def test_each_renewal_counts_anew(candidate: Candidate) -> None:
    candidate.may_take(THEIRS, 100.0)
    renewed = replace(THEIRS, version="8")

    assert not candidate.may_take(renewed, 114.0)
    assert not candidate.may_take(renewed, 128.9)
    assert candidate.may_take(renewed, 129.0)


def test_length_is_what_the_holder_wrote(candidate: Candidate) -> None:
    longer = replace(THEIRS, seconds=60.0)
    candidate.may_take(longer, 0.0)

    assert not candidate.may_take(longer, 59.0)
    assert candidate.may_take(longer, 60.0)


def test_lease_without_a_length_is_not_free_at_first_sight(candidate: Candidate) -> None:
    nameless = replace(THEIRS, seconds=0.0)

    assert not candidate.may_take(nameless, 0.0)
    assert candidate.may_take(nameless, float(LEASE_SECONDS))


def test_leader_stops_before_another_may_start() -> None:
    assert RENEWED_WITHIN < LEASE_SECONDS


def test_first_holder_writes_itself_in(candidate: Candidate) -> None:
    assert candidate.spec(None, NOW) == {
        "holderIdentity": "me",
        "leaseDurationSeconds": 15,
        "acquireTime": "2026-11-26T01:02:03.000400Z",
        "renewTime": "2026-11-26T01:02:03.000400Z",
        "leaseTransitions": 0,
    }


def test_taking_over_is_a_transition(candidate: Candidate) -> None:
    spec = candidate.spec(THEIRS, NOW)

    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("me", 5)
    assert spec["acquireTime"] == spec["renewTime"]


def test_renewing_is_none(candidate: Candidate) -> None:
    spec = candidate.spec(replace(THEIRS, holder="me"), NOW)

    assert (spec["leaseTransitions"], spec["acquireTime"]) == (4, THEIRS.acquired_at)
    assert spec["renewTime"] == "2026-11-26T01:02:03.000400Z"


def test_released_lease_is_anybodys() -> None:
    spec = released(replace(THEIRS, holder="me"), NOW)

    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("", 4)
