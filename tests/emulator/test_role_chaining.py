"""From a session of Roles Anywhere to another role with STS AssumeRole, asked with boto3's own clients."""

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from rolebound.emulator import AccessKey, Emulator, Settings
from tests.emulator.test_management import refusal
from tests.emulator.test_sessions import allow, code_of, inline, policy
from tests.emulator.world import Setup, World

ACTIONS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


def trusting(principal: str, *actions: str, **condition: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions or ACTIONS)}
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def keys(assumed: Mapping[str, Any]) -> dict[str, str]:
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    return {name[0].lower() + name[1:]: assumed["Credentials"][name] for name in names}


@pytest.fixture(scope="module")
def first(world: World) -> Setup:
    return inline(world, allow("sts:*"))


@pytest.fixture(scope="module")
def sts(world: World, first: Setup) -> Any:
    return world.client("sts", first.credentials())


@pytest.fixture(scope="module")
def bucket(world: World) -> str:
    name = f"bucket-{uuid4().hex[:8]}"
    world.client("s3").create_bucket(Bucket=name)
    world.client("s3").put_object(Bucket=name, Key="folder/key", Body=b"content")
    return name


def test_the_chained_session_is_the_other_role(world: World, first: Setup, sts: Any, bucket: str) -> None:
    target = world.role(trusting(first.role))

    assumed = sts.assume_role(RoleArn=target, RoleSessionName="next")

    identity = world.client("sts", keys(assumed)).get_caller_identity()
    name = target.rpartition("/")[2]
    assert identity["Arn"] == f"arn:aws:sts::222233334444:assumed-role/{name}/next" == assumed["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == assumed["AssumedRoleUser"]["AssumedRoleId"]
    assert assumed["SourceIdentity"] == "CN=pod.shop"
    s3 = world.client("s3", keys(assumed))
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert code_of(lambda: s3.put_object(Bucket=bucket, Key="new", Body=b"x")) == (403, "AccessDenied")


def test_a_chained_session_lasts_an_hour_at_most(world: World, first: Setup, sts: Any) -> None:
    target = world.role(trusting(first.role), MaxSessionDuration=43_200)

    call = refusal(lambda: sts.assume_role(RoleArn=target, RoleSessionName="next", DurationSeconds=3601))
    assumed = sts.assume_role(RoleArn=target, RoleSessionName="next", DurationSeconds=3600)

    assert call == (
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    )
    left = assumed["Credentials"]["Expiration"] - world.emulator.clock.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_a_user_may_have_the_roles_maximum_and_no_more(world: World) -> None:
    target = world.role(trusting("222233334444"), MaxSessionDuration=7200)
    sts = world.client("sts")

    assert sts.assume_role(RoleArn=target, RoleSessionName="next", DurationSeconds=7200)
    call = refusal(lambda: sts.assume_role(RoleArn=target, RoleSessionName="next", DurationSeconds=7201))

    assert call[:2] == (400, "ValidationError")
    assert "MaxSessionDuration" in call[2]


def test_a_chained_session_expires_by_the_emulators_own_clock() -> None:
    with Emulator(Settings(account="444455556666", rate_limit=False, clock_offset=timedelta(days=40))) as emulator:
        world = World(emulator)
        setup = inline(world, allow("sts:*"))
        target = world.role(trusting(setup.role))
        assumed = world.client("sts", setup.credentials()).assume_role(
            RoleArn=target, RoleSessionName="next", DurationSeconds=900
        )
        chained = world.client("sts", keys(assumed))
        emulator.clock.advance(timedelta(seconds=890))
        assert chained.get_caller_identity()

        emulator.clock.advance(timedelta(seconds=10))

        assert code_of(chained.get_caller_identity) == (403, "ExpiredToken")


@pytest.mark.parametrize("missing", ["sts:AssumeRole", "sts:SetSourceIdentity"])
def test_both_the_session_and_the_role_must_allow_it(world: World, first: Setup, sts: Any, missing: str) -> None:
    kept = [action for action in ACTIONS if action != missing]
    narrow, target = world.role(trusting(first.role, *kept)), world.role(trusting("222233334444"))
    weak = world.client("sts", inline(world, allow(*kept)).credentials())

    for client, role in ((sts, narrow), (weak, target)):
        status, code, message = refusal(partial(client.assume_role, RoleArn=role, RoleSessionName="next"))
        assert (status, code) == (403, "AccessDenied")
        assert f"is not authorized to perform: {missing} on resource: {role}" in message


@pytest.mark.parametrize(
    "principal", ["arn:aws:iam::222233334444:role/other", "999988887777", "arn:aws:iam::999988887777:root"]
)
def test_a_role_that_trusts_somebody_else_is_refused(world: World, sts: Any, principal: str) -> None:
    target = world.role(trusting(principal))

    assert refusal(lambda: sts.assume_role(RoleArn=target, RoleSessionName="next"))[:2] == (403, "AccessDenied")


@pytest.mark.parametrize("role", ["arn:aws:iam::222233334444:role/none", "arn:aws:iam::999988887777:role/none"])
def test_a_role_that_is_not_there_is_refused_as_one_that_does_not_trust(sts: Any, role: str) -> None:
    assert refusal(lambda: sts.assume_role(RoleArn=role, RoleSessionName="next"))[:2] == (403, "AccessDenied")


def test_conditions_see_the_first_certificate_and_what_was_asked(world: World, first: Setup, sts: Any) -> None:
    conditions: list[tuple[dict[str, Any], bool]] = [
        ({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "pod.shop"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "pod.other"}}, False),
        ({"StringEquals": {"sts:SourceIdentity": "CN=pod.shop"}}, True),
        ({"StringEquals": {"aws:SourceIdentity": "CN=pod.shop"}}, True),
        ({"StringEquals": {"sts:ExternalId": "42"}}, True),
        ({"StringEquals": {"sts:ExternalId": "43"}}, False),
        ({"StringEquals": {"sts:RoleSessionName": "next"}}, True),
        ({"StringEquals": {"aws:RequestTag/team": "shop"}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["other"]}}, False),
    ]
    for condition, expected in conditions:
        target = world.role(trusting(first.role, **condition))
        asked: dict[str, Any] = {"ExternalId": "42", "Tags": [{"Key": "team", "Value": "shop"}]}
        call = partial(sts.assume_role, RoleArn=target, RoleSessionName="next", **asked)
        if expected:
            assert call(), condition
        else:
            assert code_of(call) == (403, "AccessDenied"), condition


def test_the_source_identity_cannot_be_changed_down_the_chain(world: World, first: Setup, sts: Any) -> None:
    target = world.role(trusting(first.role))

    same = sts.assume_role(RoleArn=target, RoleSessionName="next", SourceIdentity="CN=pod.shop")

    assert same["SourceIdentity"] == "CN=pod.shop"
    call = code_of(lambda: sts.assume_role(RoleArn=target, RoleSessionName="next", SourceIdentity="else"))
    assert call == (403, "AccessDenied")


def test_only_transitive_tags_go_on_down_the_chain(world: World, first: Setup, sts: Any) -> None:
    middle, third = inline(world, allow("sts:*")).role, f"third-{uuid4().hex[:8]}"
    trust = trusting(middle)
    iam = world.client("iam")
    iam.update_assume_role_policy(RoleName=middle.rpartition("/")[2], PolicyDocument=json.dumps(trusting(first.role)))
    last = iam.create_role(RoleName=third, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    own = {"Null": {"aws:PrincipalTag/kept": "false", "aws:PrincipalTag/dropped": "true"}}
    iam.put_role_policy(RoleName=third, PolicyName="p", PolicyDocument=policy(allow("iam:ListRoles", Condition=own)))
    tags = [{"Key": "kept", "Value": "1"}, {"Key": "dropped", "Value": "1"}]

    second = sts.assume_role(RoleArn=middle, RoleSessionName="two", Tags=tags, TransitiveTagKeys=["kept"])
    chained = world.client("sts", keys(second)).assume_role(RoleArn=last, RoleSessionName="three")

    assert world.client("iam", keys(chained)).list_roles()


def test_session_policies_cap_the_chained_session(world: World, first: Setup, sts: Any, bucket: str) -> None:
    target = world.role(trusting(first.role))
    managed = [{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}]

    assumed = sts.assume_role(
        RoleArn=target, RoleSessionName="next", Policy=policy(allow("s3:ListBucket")), PolicyArns=managed
    )

    s3 = world.client("s3", keys(assumed))
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert world.client("iam", keys(assumed)).list_roles()
    assert code_of(lambda: s3.get_object(Bucket=bucket, Key="folder/key")) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"RoleArn": "arn:aws:iam::222233334444:user/somebody"}, "ValidationError"),
        ({"RoleArn": "no ARN, though long enough"}, "ValidationError"),
        ({"RoleSessionName": "a/b"}, "ValidationError"),
        ({"DurationSeconds": 43_201}, "ValidationError"),
        ({"SourceIdentity": "a b"}, "ValidationError"),
        ({"ExternalId": "a b"}, "ValidationError"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "ValidationError"),
        ({"Tags": [{"Key": "a", "Value": "&"}]}, "ValidationError"),
        ({"TransitiveTagKeys": ["a"]}, "ValidationError"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/None"}]}, "ValidationError"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * 11}, "ValidationError"),
        ({"Policy": "{}"}, "MalformedPolicyDocument"),
        ({"Policy": " " * 2049}, "ValidationError"),
    ],
)
def test_a_malformed_request_is_refused(world: World, first: Setup, sts: Any, asked: dict[str, Any], code: str) -> None:
    valid = {"RoleArn": world.role(trusting(first.role)), "RoleSessionName": "next"}

    assert code_of(lambda: sts.assume_role(**{**valid, **asked})) == (400, code)


def test_sts_checks_who_signed(world: World, first: Setup) -> None:
    key = world.emulator.administrator
    wrong = world._new_client("sts", (key.access_key_id, "x" * 40, None), None)
    unknown = world.client("sts", AccessKey("AKIAUNKNOWNUNKNOWN00", "x" * 40))

    asked = {"RoleArn": first.role, "RoleSessionName": "next"}
    assert code_of(lambda: wrong.assume_role(**asked)) == (403, "SignatureDoesNotMatch")
    assert code_of(lambda: unknown.assume_role(**asked)) == (403, "InvalidClientTokenId")


def test_operations_of_sts_that_are_not_there_are_not_pretended(sts: Any) -> None:
    assert code_of(sts.get_session_token) == (501, "NotImplemented")
