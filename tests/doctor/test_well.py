"""A set-up in which nothing is wrong."""

import pytest

from rolebound.emulator import Emulator, Settings
from tests.doctor.consultation import Doctor
from tests.emulator import pki
from tests.emulator.bent import with_leaf
from tests.emulator.world import World


def test_a_good_set_up_is_found_well(doctor: Doctor, world: World) -> None:
    told = doctor.sees(world.setup())

    assert told.that_are("wrong") == []
    assert told.that_are("not checked") == ["quota"]  # this emulator keeps none
    assert told.document["verdict"] == "ok"
    assert told.status == 0


def test_quota_is_told_as_the_account_has_it(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    with Emulator(Settings(account="343434343434")) as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(emulator.ca_file))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(emulator.credentials_file))

        told = doctor.sees(World(emulator).setup())

    assert told.that_are("not checked") == []
    assert told["quota"]["message"] == "10 CreateSession a second"
    assert told.status == 0


@pytest.mark.parametrize("kind", ["rsa", "p521", "mldsa65"])
def test_every_kind_of_key_is_found_well(doctor: Doctor, world: World, kind: str) -> None:
    told = doctor.sees(with_leaf(world.setup(), key=pki.key(kind)))

    assert told.that_are("wrong") == [], told.text
    assert told.status == 0
