"""For each refusal of CreateSession: what the doctor finds, and what it advises."""

from dataclasses import replace

import pytest

from rolebound.emulator import Fault
from tests.doctor.consultation import Doctor
from tests.doctor.states import STATES, State
from tests.emulator.world import World


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_the_cause_of_a_refusal_is_found(doctor: Doctor, world: World, state: State) -> None:
    setup = state.bend(world)

    told = doctor.sees(setup, *state.arguments)

    assert told.status == 1
    assert told[state.check]["verdict"] == "wrong", told.text
    assert state.says in told[state.check]["message"]
    assert state.remedy in told[state.check]["remedy"]
    # Nothing else is blamed: it is the one mistake, and AWS's own refusal of it.
    assert told.that_are("wrong") == [state.check, *state.also, *(["session"] if state.signs else [])]
    assert "Checked here" not in told.text  # it is the doctor who says what was checked
    if state.signs:
        assert told["session"]["remedy"] == f"mend first: {', '.join([state.check, *state.also])}"
    assert replace(setup, asked=state.asked).create_session().status in {400, 403, 404}


def test_throttling_is_a_matter_of_quota(doctor: Doctor, world: World) -> None:
    setup = world.setup()
    world.emulator.inject(Fault(kind="status", status=429, role_arn=setup.role))

    told = doctor.sees(setup)

    assert told.that_are("wrong") == ["quota", "session"]
    assert "10 a second" in told["quota"]["message"]
    assert "share sessions" in told["quota"]["remedy"]
    assert told.status == 1
