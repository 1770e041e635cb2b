"""The plan: nothing where all is as it should be, one repair for each drift, and hands off what others made."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rolebound.errors import CommandRefused
from rolebound.provision.desired import TAG, Desired, Names, policy_arns
from rolebound.provision.found import Found, Profile, Role, TrustAnchor
from rolebound.provision.plan import TRUST_ANCHOR, Step, removal, steps
from rolebound.provision.trust import Pin, trust_policy
from tests.support.builders import ANCHOR, PROFILE, ROLE

NAMES = Names("readers", "readers")
DESIRED = Desired(NAMES, "PEM\n", pins=(Pin.parse("CN=web"),))
EMPTY = Found(account="111122223333", partition="aws", region="eu-central-1")
OURS = {TAG: "readers"}
POLICIES = tuple(policy_arns(DESIRED.policies, "aws"))
RIGHT = replace(
    EMPTY,
    trust_anchors=(TrustAnchor(arn=ANCHOR, tags=OURS, enabled=True, bundle="PEM\n"),),
    role=Role(
        arn=ROLE,
        tags=OURS,
        trust_policy=trust_policy(ANCHOR, DESIRED.pins),
        policies=POLICIES,
        inline_policies=(),
        seconds=3600,
    ),
    profiles=(
        Profile(
            arn=PROFILE,
            tags=OURS,
            enabled=True,
            role_arns=(ROLE,),
            session_policies=POLICIES,
            session_policy="",
            seconds=3600,
            accepts_session_names=True,
        ),
    ),
)


@pytest.mark.parametrize(
    ("pins", "whom"),
    [
        ((), "every certificate of its CA"),
        ((Pin("x509Subject/CN", "a"), Pin("x509SAN/DNS", "b")), "x509Subject/CN a, x509SAN/DNS b"),
    ],
)
def test_plan_says_whose_role_it_will_be(pins: tuple[Pin, ...], whom: str) -> None:
    desired = replace(DESIRED, pins=pins)

    made = [step.says for step in steps(desired, EMPTY)]
    changed = [step.says for step in steps(desired, RIGHT)]

    assert f"create the role readers, for {TRUST_ANCHOR}, {whom}" in made
    assert changed == [f"update the role readers: for {ANCHOR}, {whom}, and nobody else"]


def anchor(**changes: Any) -> Found:
    return replace(RIGHT, trust_anchors=(replace(RIGHT.trust_anchors[0], **changes),))


def role(**changes: Any) -> Found:
    assert RIGHT.role is not None
    return replace(RIGHT, role=replace(RIGHT.role, **changes))


def profile(**changes: Any) -> Found:
    return replace(RIGHT, profiles=(replace(RIGHT.profiles[0], **changes),))


def operations(plan: tuple[Step, ...]) -> list[str]:
    return [step.operation for step in plan]


def test_nothing_is_to_do_where_all_is_as_it_should_be() -> None:
    assert steps(DESIRED, RIGHT) == ()


def test_the_order_in_which_aws_lists_says_nothing() -> None:
    assert steps(DESIRED, profile(session_policies=POLICIES[::-1])) == ()
    assert steps(DESIRED, role(policies=POLICIES[::-1])) == ()


def test_an_empty_account_gets_anchor_role_and_profile_in_this_order() -> None:
    plan = steps(DESIRED, EMPTY)

    assert operations(plan) == [
        "create_trust_anchor",
        "create_role",
        "attach_role_policy",
        "attach_role_policy",
        "create_profile",
    ]
    trust = json.loads(plan[1].parameters["AssumeRolePolicyDocument"])["Statement"][0]
    assert trust["Condition"] == {
        "ArnEquals": {"aws:SourceArn": TRUST_ANCHOR},
        "StringEquals": {"aws:PrincipalTag/x509Subject/CN": "web"},
    }
    assert [step.parameters["PolicyArn"].rpartition("/")[2] for step in plan[2:4]] == [
        "ReadOnlyAccess",
        "IAMAccessAnalyzerReadOnlyAccess",
    ]
    assert plan[4].parameters["roleArns"] == ["arn:aws:iam::111122223333:role/readers"]
    assert plan[4].parameters["acceptRoleSessionName"] is True
    assert plan[4].parameters["managedPolicyArns"] == list(POLICIES)


def test_everything_that_is_made_bears_the_tag() -> None:
    made = {step.operation: step.parameters for step in steps(DESIRED, EMPTY)}

    assert made["create_trust_anchor"]["tags"] == made["create_profile"]["tags"] == [{"key": TAG, "value": "readers"}]
    assert made["create_role"]["Tags"] == [{"Key": TAG, "Value": "readers"}]


DRIFTS: dict[str, tuple[Found, list[str]]] = {
    "another CA": (anchor(bundle="OTHER\n"), ["update_trust_anchor"]),
    "anchor disabled": (anchor(enabled=False), ["enable_trust_anchor"]),
    "anchor gone": (replace(RIGHT, trust_anchors=()), ["create_trust_anchor", "update_assume_role_policy"]),
    "trust for everybody": (role(trust_policy={"Statement": []}), ["update_assume_role_policy"]),
    "policy detached": (role(policies=POLICIES[:1]), ["attach_role_policy"]),
    "policy attached": (role(policies=(*POLICIES, "arn:aws:iam::aws:policy/X")), ["detach_role_policy"]),
    "longer sessions": (role(seconds=43200), ["update_role"]),
    "role gone": (replace(RIGHT, role=None), ["create_role", "attach_role_policy", "attach_role_policy"]),
    "profile disabled": (profile(enabled=False), ["enable_profile"]),
    "role left the profile": (profile(role_arns=()), ["update_profile"]),
    "names refused": (profile(accepts_session_names=False), ["update_profile"]),
    "sessions not capped": (profile(session_policies=()), ["update_profile"]),
    "shorter sessions": (profile(seconds=900), ["update_profile"]),
    "profile gone": (replace(RIGHT, profiles=()), ["create_profile"]),
}


@pytest.mark.parametrize(("found", "repair"), DRIFTS.values(), ids=DRIFTS)
def test_each_drift_has_its_repair_and_no_other(found: Found, repair: list[str]) -> None:
    assert operations(steps(DESIRED, found)) == repair


def test_an_update_says_what_differs_and_sends_that_alone() -> None:
    (step,) = steps(DESIRED, profile(seconds=900))

    assert step.says == "update the profile readers: durationSeconds"
    assert set(step.parameters) == {"profileId", "durationSeconds"}


def test_a_long_session_needs_a_role_that_allows_it() -> None:
    plan = steps(replace(DESIRED, duration=timedelta(hours=8)), RIGHT)

    assert [(step.operation, step.parameters) for step in plan] == [
        ("update_role", {"RoleName": "readers", "MaxSessionDuration": 28800}),
        ("update_profile", {"profileId": PROFILE.rpartition("/")[2], "durationSeconds": 28800}),
    ]


FOREIGN: dict[str, Callable[[], Found]] = {
    "anchor": lambda: anchor(tags={}),
    "role": lambda: role(tags={TAG: "another"}),
    "profile": lambda: profile(tags={"owner": "somebody"}),
}


@pytest.mark.parametrize("found", FOREIGN.values(), ids=FOREIGN)
def test_what_somebody_else_made_is_not_changed(found: Callable[[], Found]) -> None:
    with pytest.raises(CommandRefused, match="was not made by this set-up"):
        steps(DESIRED, found())


@pytest.mark.parametrize(("kind", "found"), FOREIGN.items(), ids=FOREIGN)
def test_what_somebody_else_made_is_not_taken_away(kind: str, found: Callable[[], Found]) -> None:
    taken = {"anchor": "delete_trust_anchor", "role": "delete_role", "profile": "delete_profile"}

    plan = operations(removal(NAMES, found()))

    assert taken.pop(kind) not in plan
    assert set(taken.values()) <= set(plan)


def test_two_of_ours_by_one_name_are_left_to_a_person() -> None:
    with pytest.raises(CommandRefused, match="2 trust anchors are this set-up's"):
        steps(DESIRED, replace(RIGHT, trust_anchors=RIGHT.trust_anchors * 2))


def test_removal_goes_the_other_way() -> None:
    assert operations(removal(NAMES, RIGHT)) == [
        "delete_profile",
        "detach_role_policy",
        "detach_role_policy",
        "delete_role",
        "delete_trust_anchor",
    ]
    assert removal(NAMES, EMPTY) == ()


def test_a_role_with_somebodys_inline_policy_is_not_deleted_with_it() -> None:
    assert steps(DESIRED, role(inline_policies=("theirs",))) == ()
    with pytest.raises(CommandRefused, match=r"inline policies of somebody else's \(theirs\)"):
        removal(NAMES, role(inline_policies=("theirs",)))


def test_an_inline_session_policy_cannot_be_repaired_and_is_said() -> None:
    with pytest.raises(CommandRefused, match="inline session policy"):
        steps(DESIRED, profile(session_policy="{}"))


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso"])
def test_arns_are_of_the_logins_partition(partition: str) -> None:
    plan = steps(DESIRED, replace(EMPTY, partition=partition))

    arns = [plan[2].parameters["PolicyArn"], *plan[4].parameters["roleArns"], *plan[4].parameters["managedPolicyArns"]]
    assert {arn.split(":")[1] for arn in arns} == {partition}
