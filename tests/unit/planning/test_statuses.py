"""What a status of before still says."""

from datetime import UTC, datetime

from rolebound.model.conditions import ConditionType
from rolebound.planning.reporting import assumable_after, role_status
from rolebound.planning.statuses import standing_condition, status_body

NOW = datetime(2026, 11, 24, tzinfo=UTC)
STATUS = status_body(role_status(None, None, assumable_after(None)), None, 3, NOW)


def test_what_an_earlier_process_learnt_stands() -> None:
    found = standing_condition(STATUS, ConditionType.ASSUMABLE, 3)

    assert found is not None
    assert (found.status, found.reason, found.since) == ("True", "Issued", NOW)


def test_what_was_learnt_of_an_earlier_generation_does_not_stand() -> None:
    assert standing_condition(STATUS, ConditionType.ASSUMABLE, 4) is None


def test_status_of_a_new_object_has_nothing_that_stands() -> None:
    assert standing_condition({}, ConditionType.ASSUMABLE, 1) is None
