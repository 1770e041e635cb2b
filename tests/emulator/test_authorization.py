"""CreateSession's refusals for what the administrator set up, and for what the role's trust policy says."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from tests.emulator import pki
from tests.emulator.bent import ACCOUNT, denied, trusting, unable, with_leaf
from tests.emulator.world import TRUST_POLICY, Setup, World


class TestResources:
    """Refusals for what the administrator set up."""

    def test_a_disabled_trust_anchor_is_refused(self, setup: Setup) -> None:
        bent = replace(setup, anchor=setup.world.anchor(setup.authority, enabled=False))

        assert bent.create_session().refusal == denied("Trust anchor is disabled")

    def test_a_disabled_profile_is_refused(self, setup: Setup) -> None:
        bent = replace(setup, profile=setup.world.profile(setup.role, enabled=False))

        assert bent.create_session().refusal == denied("Profile is disabled")

    def test_a_role_outside_of_the_profile_is_refused(self, setup: Setup) -> None:
        other = setup.world.role()

        assert replace(setup, role=other).create_session().refusal == unable(other)

    def test_a_role_that_does_not_exist_is_refused(self, setup: Setup) -> None:
        missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
        bent = replace(setup, role=missing, profile=setup.world.profile(missing))

        assert bent.create_session().refusal == unable(missing)

    def test_a_session_name_needs_a_profile_that_accepts_one(self, world: World) -> None:
        setup = world.setup(acceptRoleSessionName=False)

        assert setup.create_session(roleSessionName="shop.api").refusal == denied(
            "Not authorized to set roleSessionName"
        )
        assert setup.create_session().status == 201

    def test_a_duration_over_the_roles_maximum_is_refused(self, world: World) -> None:
        setup = world.setup(durationSeconds=7200)

        answer = setup.create_session(durationSeconds=7200)

        assert answer.refusal[:2] == (403, "AccessDeniedException")
        assert answer.refusal[2].startswith(f"Unable to assume role for {setup.role}")
        assert "The requested DurationSeconds exceeds the MaxSessionDuration set for this role." in answer.refusal[2]


def without_action(action: str) -> dict[str, Any]:
    statement = TRUST_POLICY["Statement"][0]
    return {**TRUST_POLICY, "Statement": [{**statement, "Action": [a for a in statement["Action"] if a != action]}]}


class TestTrustPolicy:
    """The role's own word."""

    @pytest.mark.parametrize("action", TRUST_POLICY["Statement"][0]["Action"])
    def test_each_of_the_three_actions_is_needed(self, world: World, action: str) -> None:
        setup = world.setup(without_action(action))

        assert setup.create_session().refusal == unable(setup.role)

    @pytest.mark.parametrize(
        "principal", [{"Service": "ec2.amazonaws.com"}, {"AWS": "*"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}]
    )
    def test_another_principal_is_not_roles_anywhere(self, world: World, principal: dict[str, str]) -> None:
        setup = world.setup({**TRUST_POLICY, "Statement": [{**TRUST_POLICY["Statement"][0], "Principal": principal}]})

        assert setup.create_session().refusal == unable(setup.role)

    def test_the_principal_may_be_one_of_several(self, world: World) -> None:
        principal = {"Service": ["ec2.amazonaws.com", "rolesanywhere.amazonaws.com"]}
        setup = world.setup({**TRUST_POLICY, "Statement": [{**TRUST_POLICY["Statement"][0], "Principal": principal}]})

        assert setup.create_session().status == 201

    @pytest.mark.parametrize("operator", ["ArnEquals", "ArnLike", "StringEquals", "StringLike"])
    def test_the_trust_anchor_is_the_source_arn(self, world: World, operator: str) -> None:
        setup = world.setup()
        for anchor, status in ((setup.anchor, 201), (setup.anchor[:-1] + "x", 403)):
            role = world.role(trusting(**{operator: {"aws:SourceArn": anchor}}))
            bent = replace(setup, role=role, profile=world.profile(role))

            assert bent.create_session().status == status

    @pytest.mark.parametrize(
        ("condition", "status"),
        [
            ({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "pod.shop"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "pod.other"}}, 403),
            ({"StringLike": {"aws:PrincipalTag/x509Subject/CN": "*.shop"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509Issuer/CN": "test root"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509Subject/OU": "one/two"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509SAN/DNS": "first.shop"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509SAN/DNS": "second.shop"}}, 403),
            ({"StringEquals": {"aws:PrincipalTag/x509SAN/URI": "spiffe://shop/api"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509SAN/Name/CN": "inner"}}, 201),
            ({"StringEquals": {"aws:RequestTag/x509Subject/CN": "pod.shop"}}, 201),
            ({"StringEquals": {"sts:SourceIdentity": "CN=pod.shop"}}, 201),
            ({"StringEquals": {"aws:SourceAccount": "222233334444"}}, 201),
            # O holds a character that STS takes in no tag, so the tag is dropped, and what is absent differs.
            ({"Null": {"aws:PrincipalTag/x509Subject/O": "true"}}, 201),
            ({"StringNotEquals": {"aws:PrincipalTag/x509Subject/O": "anything"}}, 201),
            ({"ForAnyValue:StringEquals": {"aws:TagKeys": "x509Subject/CN"}}, 201),
            ({"NoSuchOperator": {"aws:SourceAccount": "222233334444"}}, 403),
        ],
    )
    def test_conditions_see_the_certificate(self, world: World, condition: dict[str, Any], status: int) -> None:
        setup = world.setup(trusting(**condition))
        names = (
            x509.DNSName("first.shop"),
            x509.DNSName("second.shop"),
            x509.UniformResourceIdentifier("spiffe://shop/api"),
            x509.DirectoryName(pki.name(CN="inner")),
        )
        subject = pki.name(CN="pod.shop", OU="one|two", O="R&D")

        answer = with_leaf(setup, subject=subject, alternative_names=names).create_session()

        assert answer.status == status, answer.body

    def test_an_explicit_deny_wins(self, world: World) -> None:
        deny = {
            **TRUST_POLICY["Statement"][0],
            "Effect": "Deny",
            "Condition": {"StringEquals": {"sts:RoleSessionName": "no"}},
        }
        setup = world.setup({**TRUST_POLICY, "Statement": [*TRUST_POLICY["Statement"], deny]})

        assert setup.create_session(roleSessionName="no").refusal == unable(setup.role)
        assert setup.create_session(roleSessionName="yes").status == 201
