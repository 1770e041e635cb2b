"""The management API beyond creation and deletion: pages, aliases, tags, notification settings, limits."""

import json
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from rolebound.emulator import AccessKey
from tests.emulator import pki
from tests.emulator.test_management import refusal, source
from tests.emulator.world import Setup, World

INVALID = (400, "ValidationException")


@pytest.fixture(scope="module")
def api(world: World) -> Any:
    return world.client("rolesanywhere")


def profile_id(api: Any, **more: Any) -> str:
    return str(api.create_profile(name="one", roleArns=[], **more)["profile"]["profileId"])


class TestPages:
    def test_pages_show_every_resource_once_whatever_happens_in_between(self, world: World) -> None:
        here = world.client("rolesanywhere", region="eu-west-3")
        made = [profile_id(here) for _ in range(5)]
        seen: list[str] = []
        token: dict[str, str] = {}

        for _ in range(3):
            answer = here.list_profiles(pageSize=2, **token)
            seen += [one["profileId"] for one in answer["profiles"]]
            token = {"nextToken": answer["nextToken"]} if "nextToken" in answer else {}
            if len(seen) == 2:
                here.delete_profile(profileId=seen[1])

        assert seen == made
        assert not token

    @pytest.mark.parametrize("operation", ["list_profiles", "list_trust_anchors", "list_crls", "list_subjects"])
    def test_a_token_of_nobody_is_refused(self, api: Any, operation: str) -> None:
        for token in ("nonsense", "bnVsbA==", "WzEsIDJd"):
            assert refusal(partial(getattr(api, operation), nextToken=token))[:2] == INVALID

    def test_a_page_has_at_least_one(self, api: Any) -> None:
        assert refusal(lambda: api.list_profiles(pageSize=0))[:2] == INVALID

    def test_boto3s_paginator_finds_what_one_page_does_not_hold(self, world: World) -> None:
        here = world.client("rolesanywhere", region="eu-north-1")
        made = {profile_id(here) for _ in range(101)}

        assert len(here.list_profiles()["profiles"]) == 100
        pages = here.get_paginator("list_profiles").paginate()
        assert {one["profileId"] for page in pages for one in page["profiles"]} == made


class TestAliases:
    def test_an_alias_stands_for_its_resource(self, api: Any, setup: Setup) -> None:
        name = f"team/{uuid4().hex}"
        made = api.create_profile(name="one", roleArns=[], aliasName=name)["profile"]

        assert made["aliasArn"] == made["profileArn"].rpartition(":")[0] + f":alias/profile/{name}"
        assert api.get_profile(profileId=made["aliasArn"])["profile"]["profileArn"] == made["profileArn"]
        crl = pki.revocation_list(setup.authority).encode()
        imported = api.import_crl(name="a", crlData=crl, trustAnchorArn=setup.anchor, aliasName=name)["crl"]
        assert api.delete_crl(crlId=imported["aliasArn"])["crl"]["crlId"] == imported["crlId"]

    def test_an_update_changes_keeps_and_removes_it(self, api: Any) -> None:
        first, second = f"a{uuid4().hex}", f"b{uuid4().hex}"
        ident = profile_id(api, aliasName=first)

        kept = api.update_profile(profileId=ident, name="two")["profile"]
        changed = api.update_profile(profileId=ident, aliasName=second)["profile"]
        removed = api.update_profile(profileId=ident, aliasName="")["profile"]

        assert (kept["aliasName"], "previousAliasName" in kept) == (first, False)
        assert (changed["aliasName"], changed["previousAliasName"]) == (second, first)
        assert ("aliasName" in removed, removed["previousAliasName"]) == (False, second)
        assert profile_id(api, aliasName=first)

    @pytest.mark.parametrize("name", ["aws/mine", "AWS/mine", "1st", "ends/", "a//b"])
    def test_a_reserved_or_malformed_one_is_refused(self, api: Any, name: str) -> None:
        assert refusal(lambda: api.create_profile(name="a", roleArns=[], aliasName=name))[:2] == INVALID

    def test_two_of_a_kind_share_none(self, api: Any) -> None:
        name = f"a{uuid4().hex}"
        profile_id(api, aliasName=name)
        other = profile_id(api)

        assert refusal(lambda: api.create_profile(name="a", roleArns=[], aliasName=name))[:2] == INVALID
        assert refusal(lambda: api.update_profile(profileId=other, aliasName=name))[:2] == INVALID
        pem = pki.root().pem
        assert api.create_trust_anchor(name="a", source=source(pem), aliasName=name)["trustAnchor"]["aliasName"] == name

    def test_a_revocation_list_takes_no_alias_of_a_trust_anchor(self, api: Any) -> None:
        name = f"a{uuid4().hex}"
        made = api.create_trust_anchor(name="a", source=source(pki.root().pem), aliasName=name)["trustAnchor"]
        crl = pki.revocation_list(pki.root()).encode()

        call = refusal(lambda: api.import_crl(name="a", crlData=crl, trustAnchorArn=made["aliasArn"]))

        assert call[:2] == (404, "ResourceNotFoundException")


class TestTags:
    def test_tags_are_put_listed_and_taken_away(self, api: Any) -> None:
        made = api.create_profile(name="a", roleArns=[], tags=[{"key": "team", "value": "shop"}])["profile"]
        arn = made["profileArn"]

        api.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "pay"}, {"key": "Team", "value": ""}])
        assert api.list_tags_for_resource(resourceArn=arn)["tags"] == [
            {"key": "team", "value": "pay"},
            {"key": "Team", "value": ""},
        ]
        api.untag_resource(resourceArn=arn, tagKeys=["team", "absent"])
        assert api.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "Team", "value": ""}]

    def test_fifty_are_the_most(self, api: Any) -> None:
        tags = [{"key": f"k{number}", "value": ""} for number in range(51)]
        arn = api.create_profile(name="a", roleArns=[], tags=tags[:50])["profile"]["profileArn"]

        call = refusal(lambda: api.tag_resource(resourceArn=arn, tags=tags[50:]))

        assert call[:2] == (400, "TooManyTagsException")
        assert len(api.list_tags_for_resource(resourceArn=arn)["tags"]) == 50

    @pytest.mark.parametrize("keys", [["a", "a"], ["aws:mine"]])
    def test_a_key_twice_or_of_aws_is_refused(self, api: Any, keys: list[str]) -> None:
        tags = [{"key": key, "value": ""} for key in keys]

        assert refusal(lambda: api.create_profile(name="a", roleArns=[], tags=tags))[:2] == INVALID

    def test_what_is_no_resource_of_the_service_has_none(self, api: Any) -> None:
        for arn in ("arn:aws:iam::222233334444:role/r", "no ARN"):
            assert refusal(partial(api.list_tags_for_resource, resourceArn=arn))[:2] == INVALID

    def test_iam_sees_the_tags_of_resource_and_request(self, world: World) -> None:
        iam = world.client("iam")
        name = f"clerk-{uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        own = {"StringEquals": {"aws:ResourceTag/team": "shop"}}
        asked = {"StringEquals": {"aws:RequestTag/team": "shop"}}
        statements = [
            {"Effect": "Allow", "Action": "rolesanywhere:DeleteProfile", "Resource": "*", "Condition": own},
            {"Effect": "Allow", "Action": "rolesanywhere:CreateProfile", "Resource": "*", "Condition": asked},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        clerk = world.client("rolesanywhere", AccessKey(key["AccessKeyId"], key["SecretAccessKey"]))
        other = profile_id(world.client("rolesanywhere"), tags=[{"key": "team", "value": "pay"}])

        ident = profile_id(clerk, tags=[{"key": "team", "value": "shop"}])

        assert refusal(lambda: profile_id(clerk))[:2] == (403, "AccessDeniedException")
        assert refusal(lambda: clerk.delete_profile(profileId=other))[:2] == (403, "AccessDeniedException")
        assert clerk.delete_profile(profileId=ident)


class TestNotifications:
    def test_a_refusal_names_the_member_of_the_list(self, api: Any) -> None:
        ident = api.create_trust_anchor(name="a", source=source(pki.root().pem))["trustAnchor"]["trustAnchorId"]
        wrong = [{"event": "CA_CERTIFICATE_EXPIRY", "enabled": True, "threshold": 361}]

        _, _, message = refusal(lambda: api.put_notification_settings(trustAnchorId=ident, notificationSettings=wrong))

        assert "Value at 'notificationSettings.1.member.threshold' failed to satisfy constraint" in message

    def test_a_setting_is_aws_own_until_it_is_put_and_after_it_is_reset(self, api: Any) -> None:
        made = api.create_trust_anchor(name="a", source=source(pki.root().pem))["trustAnchor"]
        default = {"enabled": True, "threshold": 45, "channel": "ALL", "configuredBy": "rolesanywhere.amazonaws.com"}
        both = [{"event": f"{kind}_CERTIFICATE_EXPIRY", **default} for kind in ("CA", "END_ENTITY")]
        assert made["notificationSettings"] == both
        ident = made["trustAnchorId"]

        put = api.put_notification_settings(
            trustAnchorId=ident,
            notificationSettings=[{"event": "CA_CERTIFICATE_EXPIRY", "enabled": True, "threshold": 10}],
        )["trustAnchor"]
        reset = api.reset_notification_settings(
            trustAnchorId=ident, notificationSettingKeys=[{"event": "CA_CERTIFICATE_EXPIRY"}]
        )["trustAnchor"]

        assert put["notificationSettings"][0] == {**both[0], "threshold": 10, "configuredBy": "222233334444"}
        assert put["notificationSettings"][1] == both[1]
        assert reset["notificationSettings"] == both

    @pytest.mark.parametrize(
        "settings",
        [
            [{"event": "CA_CERTIFICATE_EXPIRY", "enabled": True}],
            [{"event": "CA_CERTIFICATE_EXPIRY", "enabled": False}] * 2,
            [{"event": "CA_CERTIFICATE_EXPIRY", "enabled": True, "threshold": 361}],
            [{"event": "LUNCH", "enabled": False}],
        ],
        ids=["no threshold", "twice", "too early", "no event"],
    )
    def test_a_wrong_setting_is_refused(self, api: Any, settings: list[dict[str, Any]]) -> None:
        pem = pki.root().pem

        call = refusal(lambda: api.create_trust_anchor(name="a", source=source(pem), notificationSettings=settings))

        assert call[:2] == INVALID


class TestLists:
    def test_a_trust_anchor_has_at_most_two(self, world: World) -> None:
        setup = world.setup()
        api = world.client("rolesanywhere")
        crl = pki.revocation_list(setup.authority).encode()
        for _ in range(2):
            api.import_crl(name="crl", crlData=crl, trustAnchorArn=setup.anchor)

        assert refusal(lambda: api.import_crl(name="crl", crlData=crl, trustAnchorArn=setup.anchor))[:2] == INVALID
