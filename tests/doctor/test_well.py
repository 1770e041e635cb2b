"""A set-up in which nothing is wrong."""

from tests.doctor.consultation import Doctor
from tests.emulator.world import World


def test_a_good_set_up_is_found_well(doctor: Doctor, world: World) -> None:
    told = doctor.sees(world.setup())

    assert told.that_are("wrong") == []
    assert told.that_are("not checked") == ["quota"]  # the emulator has no Service Quotas
    assert told.document["verdict"] == "ok"
    assert told.status == 0
