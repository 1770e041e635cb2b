"""What a session may do once CreateSession has given it out, asked with boto3's own clients."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from rolebound.emulator import Emulator, Settings
from tests.emulator.world import READ_ONLY, Setup, World


def code_of(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


@pytest.fixture
def bucket(world: World) -> str:
    name = f"bucket-{uuid4().hex[:8]}"
    world.client("s3").create_bucket(Bucket=name)
    world.client("s3").put_object(Bucket=name, Key="folder/key", Body=b"content")
    return name


def test_a_session_is_the_role_under_the_custom_name(world: World, setup: Setup) -> None:
    credentials = setup.credentials(roleSessionName="shop.api.api-7c9d")

    identity = world.client("sts", credentials).get_caller_identity()

    role_name = setup.role.rpartition("/")[2]
    assert identity["Arn"] == f"arn:aws:sts::222233334444:assumed-role/{role_name}/shop.api.api-7c9d"
    assert identity["Account"] == "222233334444"
    assert identity["UserId"].endswith(":shop.api.api-7c9d")


def test_the_read_only_policies_allow_reading_and_refuse_writing(world: World, setup: Setup, bucket: str) -> None:
    s3 = world.client("s3", setup.credentials())

    assert s3.get_object(Bucket=bucket, Key="folder/key")["Body"].read() == b"content"
    assert s3.head_object(Bucket=bucket, Key="folder/key")["ContentLength"] == 7
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["folder/key"]
    assert bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert code_of(lambda: s3.put_object(Bucket=bucket, Key="new", Body=b"x")) == (403, "AccessDenied")
    assert code_of(lambda: s3.delete_object(Bucket=bucket, Key="folder/key")) == (403, "AccessDenied")
    assert code_of(lambda: s3.create_bucket(Bucket="another")) == (403, "AccessDenied")


def test_the_read_only_policies_hold_for_iam_too(world: World, setup: Setup) -> None:
    iam = world.client("iam", setup.credentials())
    name = setup.role.rpartition("/")[2]

    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]

    assert {one["PolicyName"] for one in attached} == set(READ_ONLY)
    assert code_of(lambda: iam.create_user(UserName="u")) == (403, "AccessDenied")


def test_a_role_without_policies_may_read_nothing(world: World, bucket: str) -> None:
    setup = world.setup()
    role = world.role(policies=())
    bent = Setup(world, setup.authority, setup.identity, setup.anchor, world.profile(role), role)
    s3 = world.client("s3", bent.credentials())

    assert code_of(lambda: s3.get_object(Bucket=bucket, Key="folder/key")) == (403, "AccessDenied")
    assert world.client("sts", bent.credentials()).get_caller_identity()


def test_an_inline_session_policy_caps_the_role(world: World, bucket: str) -> None:
    setup = world.setup(sessionPolicy=policy(allow("s3:GetObject", "s3:PutObject")))
    s3 = world.client("s3", setup.credentials())

    assert s3.get_object(Bucket=bucket, Key="folder/key")
    assert code_of(lambda: s3.list_objects_v2(Bucket=bucket)) == (403, "AccessDenied")
    # It caps and never adds.
    assert code_of(lambda: s3.put_object(Bucket=bucket, Key="new", Body=b"x")) == (403, "AccessDenied")


def test_managed_session_policies_cap_the_role(world: World, bucket: str) -> None:
    setup = world.setup(managedPolicyArns=["arn:aws:iam::aws:policy/IAMReadOnlyAccess"])
    credentials = setup.credentials()

    assert world.client("iam", credentials).list_roles()
    s3 = world.client("s3", credentials)
    assert code_of(lambda: s3.get_object(Bucket=bucket, Key="folder/key")) == (403, "AccessDenied")


def test_session_policies_add_up_before_they_cap(world: World, bucket: str) -> None:
    setup = world.setup(
        sessionPolicy=policy(allow("s3:GetObject")), managedPolicyArns=["arn:aws:iam::aws:policy/IAMReadOnlyAccess"]
    )
    credentials = setup.credentials()

    assert world.client("iam", credentials).list_roles()
    assert world.client("s3", credentials).get_object(Bucket=bucket, Key="folder/key")
    assert code_of(lambda: world.client("s3", credentials).list_buckets()) == (403, "AccessDenied")


def test_a_profile_that_changes_later_caps_no_session_of_before(world: World, bucket: str) -> None:
    setup = world.setup()
    before = setup.credentials()
    nothing = policy({"Effect": "Deny", "Action": "*", "Resource": "*"})
    world.client("rolesanywhere").update_profile(profileId=setup.profile, sessionPolicy=nothing)

    assert world.client("s3", before).get_object(Bucket=bucket, Key="folder/key")
    s3 = world.client("s3", setup.credentials())
    assert code_of(lambda: s3.get_object(Bucket=bucket, Key="folder/key")) == (403, "AccessDenied")


def inline(world: World, *statements: dict[str, Any]) -> Setup:
    """A set-up whose role has these statements and no other policy."""
    setup = world.setup()
    role = world.role(policies=())
    world.client("iam").put_role_policy(
        RoleName=role.rpartition("/")[2], PolicyName="p", PolicyDocument=policy(*statements)
    )
    return Setup(world, setup.authority, setup.identity, setup.anchor, world.profile(role), role)


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [("fol*/key", True), ("folder/k?y", True), ("folder.key", False), ("*", True), ("folder/ke", False)],
)
def test_resources_match_by_iams_wildcards(world: World, bucket: str, pattern: str, allowed: bool) -> None:
    setup = inline(world, allow("s3:GetObject", resource=f"arn:aws:s3:::{bucket}/{pattern}"))
    s3 = world.client("s3", setup.credentials())

    if allowed:
        assert s3.get_object(Bucket=bucket, Key="folder/key")
    else:
        assert code_of(lambda: s3.get_object(Bucket=bucket, Key="folder/key")) == (403, "AccessDenied")


def test_an_allow_whose_condition_is_not_met_is_no_deny(world: World, bucket: str) -> None:
    unmet = allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "other"}})
    setup = inline(world, unmet, allow("s3:GetObject"))

    assert world.client("s3", setup.credentials()).get_object(Bucket=bucket, Key="folder/key")


@pytest.mark.parametrize(("common_name", "allowed"), [("pod.shop", True), ("pod.other", False)])
def test_the_certificate_tags_the_session(world: World, bucket: str, common_name: str, allowed: bool) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/x509Subject/CN": common_name}}
    setup = inline(world, allow("s3:GetObject", Condition=condition))
    s3 = world.client("s3", setup.credentials())

    if allowed:
        assert s3.get_object(Bucket=bucket, Key="folder/key")
    else:
        assert code_of(lambda: s3.get_object(Bucket=bucket, Key="folder/key")) == (403, "AccessDenied")


def test_a_policy_variable_takes_the_sessions_tag(world: World) -> None:
    s3 = world.client("s3")
    name = f"bucket-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    for key in ("pod.shop/own", "pod.other/own"):
        s3.put_object(Bucket=name, Key=key, Body=b"x")
    resource = f"arn:aws:s3:::{name}/${{aws:PrincipalTag/x509Subject/CN}}/*"
    session = world.client("s3", inline(world, allow("s3:GetObject", resource=resource)).credentials())

    assert session.get_object(Bucket=name, Key="pod.shop/own")
    assert code_of(lambda: session.get_object(Bucket=name, Key="pod.other/own")) == (403, "AccessDenied")


def test_listing_can_be_held_to_a_prefix(world: World, bucket: str) -> None:
    condition = {"StringLike": {"s3:prefix": "folder/*"}}
    setup = inline(world, allow("s3:ListBucket", Condition=condition))
    s3 = world.client("s3", setup.credentials())

    assert s3.list_objects_v2(Bucket=bucket, Prefix="folder/k")["KeyCount"] == 1
    assert code_of(lambda: s3.list_objects_v2(Bucket=bucket)) == (403, "AccessDenied")


def test_a_session_whose_role_is_gone_may_do_nothing(world: World, bucket: str) -> None:
    setup = inline(world, allow("s3:GetObject"))
    s3 = world.client("s3", setup.credentials())
    name = setup.role.rpartition("/")[2]
    world.client("iam").delete_role_policy(RoleName=name, PolicyName="p")
    world.client("iam").delete_role(RoleName=name)

    assert code_of(lambda: s3.get_object(Bucket=bucket, Key="folder/key")) == (403, "AccessDenied")


def test_a_wrong_token_is_refused(world: World, setup: Setup) -> None:
    credentials = {**setup.credentials(), "sessionToken": "x"}

    assert code_of(world.client("s3", credentials).list_buckets)[1] == "InvalidToken"
    client = world._new_client("sts", (credentials["accessKeyId"], "x" * 40, setup.credentials()["sessionToken"]), None)
    assert code_of(client.get_caller_identity)[0] == 403


def test_an_expired_session_is_refused_in_each_services_form() -> None:
    with Emulator(Settings(account="444455556666", rate_limit=False)) as emulator:
        world = World(emulator)
        credentials = world.setup().credentials(durationSeconds=900)
        sts, s3, api = (world.client(name, credentials) for name in ("sts", "s3", "rolesanywhere"))
        emulator.clock.advance(timedelta(seconds=890))
        assert sts.get_caller_identity()
        assert s3.list_buckets()

        emulator.clock.advance(timedelta(seconds=15))

        assert code_of(sts.get_caller_identity) == (403, "ExpiredToken")
        assert code_of(s3.list_buckets) == (400, "ExpiredToken")
        assert code_of(api.list_profiles) == (403, "ExpiredTokenException")


def test_a_shorter_lifetime_than_asked_for_can_be_set() -> None:
    settings = Settings(account="444455556666", session_lifetime=timedelta(seconds=60))
    with Emulator(settings) as emulator:
        setup = World(emulator).setup()

        setup.credentials(durationSeconds=3600)

        [record] = emulator.requests()
        assert record.expires_at is not None
        # The answer tells whole seconds, and no key works longer than it says.
        assert 59 <= (record.expires_at - record.at).total_seconds() <= 60


def test_other_partitions_have_the_managed_policies_too() -> None:
    with Emulator(Settings(account="444455556666", region="us-gov-west-1")) as emulator:
        setup = World(emulator).setup()

        identity = World(emulator).client("sts", setup.credentials()).get_caller_identity()

        assert identity["Arn"].startswith("arn:aws-us-gov:sts::444455556666:assumed-role/")
