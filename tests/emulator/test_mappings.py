"""Attribute mappings: which attributes of a certificate become tags, and what a trust policy makes of them."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from tests.emulator import pki
from tests.emulator.bent import denied, trusting, unable, with_leaf
from tests.emulator.test_management import refusal
from tests.emulator.world import Setup, World

INVALID = (400, "ValidationException")
NAMES = (
    x509.DNSName("first.shop"),
    x509.UniformResourceIdentifier("spiffe://shop/api"),
    x509.DirectoryName(pki.name(CN="inner", O="outer")),
)


@pytest.fixture(scope="module")
def api(world: World) -> Any:
    return world.client("rolesanywhere")


def has_tag(setup: Setup, key: str) -> bool:
    """Whether a session of this set-up carries the tag, by the word of its role's trust policy."""
    role = setup.world.role(trusting(Null={f"aws:PrincipalTag/{key}": "false"}))
    setup.world.client("rolesanywhere").update_profile(profileId=setup.profile, roleArns=[role])
    bent = with_leaf(replace(setup, role=role), subject=pki.name(CN="pod.shop", OU="api"), alternative_names=NAMES)
    return bent.create_session().status == 201


@pytest.mark.parametrize(
    ("field", "specifier", "kept", "dropped"),
    [
        ("x509Subject", "CN", "x509Subject/CN", "x509Subject/OU"),
        ("x509Subject", "*", "x509Subject/OU", "x509Subject/O"),
        ("x509SAN", "DNS", "x509SAN/DNS", "x509SAN/URI"),
        ("x509SAN", "Name/CN", "x509SAN/Name/CN", "x509SAN/Name/O"),
        ("x509SAN", "Name/*", "x509SAN/Name/O", "x509SAN/DNS"),
    ],
)
def test_only_what_is_mapped_becomes_a_tag(world: World, field: str, specifier: str, kept: str, dropped: str) -> None:
    setup = world.setup()
    world.client("rolesanywhere").put_attribute_mapping(
        profileId=setup.profile, certificateField=field, mappingRules=[{"specifier": specifier}]
    )

    assert has_tag(setup, kept)
    assert not has_tag(setup, dropped)
    assert has_tag(setup, "x509Issuer/CN")


def test_a_field_whose_mapping_is_deleted_tags_nothing(world: World) -> None:
    setup = world.setup()
    api = world.client("rolesanywhere")
    assert has_tag(setup, "x509Issuer/CN")

    api.delete_attribute_mapping(profileId=setup.profile, certificateField="x509Issuer")
    api.delete_attribute_mapping(profileId=setup.profile, certificateField="x509SAN", specifiers=["DNS"])

    assert not has_tag(setup, "x509Issuer/CN")
    assert not has_tag(setup, "x509SAN/DNS")
    assert has_tag(setup, "x509SAN/URI")
    shown = api.get_profile(profileId=setup.profile)["profile"]["attributeMappings"]
    assert [one["certificateField"] for one in shown] == ["x509SAN", "x509Subject"]
    assert (
        refusal(lambda: api.delete_attribute_mapping(profileId=setup.profile, certificateField="x509Issuer"))[:2]
        == INVALID
    )


def test_a_condition_on_what_is_not_mapped_fails_and_its_opposite_holds(world: World) -> None:
    for operator, status in (("StringEquals", 403), ("StringNotEquals", 201)):
        setup = world.setup(trusting(**{operator: {"aws:PrincipalTag/x509Subject/CN": "pod.shop"}}))
        world.client("rolesanywhere").delete_attribute_mapping(profileId=setup.profile, certificateField="x509Subject")

        assert setup.create_session().status == status


@pytest.mark.parametrize(
    ("field", "specifier"),
    [("x509Subject", "DNS/CN"), ("x509SAN", "CN"), ("x509SAN", "Name/"), ("x509Issuer", ""), ("x509Mine", "CN")],
)
def test_a_wrong_rule_is_refused(api: Any, setup: Setup, field: str, specifier: str) -> None:
    rules = [{"specifier": specifier}]

    call = refusal(
        lambda: api.put_attribute_mapping(profileId=setup.profile, certificateField=field, mappingRules=rules)
    )

    assert call[:2] == INVALID


def test_attributes_that_make_no_tag_are_named_where_the_trust_policy_refuses(world: World) -> None:
    setup = world.setup(trusting(StringEquals={"aws:PrincipalTag/x509Subject/O": "R&D"}))
    bent = with_leaf(setup, subject=pki.name(CN="pod.shop", O="R&D"))

    assert setup.create_session().refusal == unable(setup.role)
    assert bent.create_session().refusal == denied(
        f"Unable to assume role for {setup.role}. Some attributes failed to be mapped into session tags. "
        "Issuer: [  ]; Subject: [ O ]; SAN: [  ]"
    )
