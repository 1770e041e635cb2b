"""A set-up in which nothing is wrong."""

import pytest

from tests.doctor.consultation import Doctor
from tests.emulator import pki
from tests.emulator.bent import with_leaf
from tests.emulator.world import World


def test_a_good_set_up_is_found_well(doctor: Doctor, world: World) -> None:
    told = doctor.sees(world.setup())

    assert told.that_are("wrong") == []
    assert told.that_are("not checked") == ["quota"]  # the emulator has no Service Quotas
    assert told.document["verdict"] == "ok"
    assert told.status == 0


@pytest.mark.parametrize("kind", ["rsa", "p521", "mldsa65"])
def test_every_kind_of_key_is_found_well(doctor: Doctor, world: World, kind: str) -> None:
    told = doctor.sees(with_leaf(world.setup(), key=pki.key(kind)))

    assert told.that_are("wrong") == [], told.text
    assert told.status == 0
