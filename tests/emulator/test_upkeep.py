"""The management API beyond creation and deletion: pages, aliases, tags, notification settings, attribute mappings."""

import json
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509

from rolebound.emulator import AccessKey
from tests.emulator import pki
from tests.emulator.bent import denied, trusting, unable, with_leaf
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


class TestMappings:
    NAMES = (
        x509.DNSName("first.shop"),
        x509.UniformResourceIdentifier("spiffe://shop/api"),
        x509.DirectoryName(pki.name(CN="inner", O="outer")),
    )

    def has_tag(self, setup: Setup, key: str) -> bool:
        """Whether a session of this set-up carries the tag, by the word of its role's trust policy."""
        role = setup.world.role(trusting(Null={f"aws:PrincipalTag/{key}": "false"}))
        setup.world.client("rolesanywhere").update_profile(profileId=setup.profile, roleArns=[role])
        bent = with_leaf(
            replace(setup, role=role), subject=pki.name(CN="pod.shop", OU="api"), alternative_names=self.NAMES
        )
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
    def test_only_what_is_mapped_becomes_a_tag(
        self, world: World, field: str, specifier: str, kept: str, dropped: str
    ) -> None:
        setup = world.setup()
        world.client("rolesanywhere").put_attribute_mapping(
            profileId=setup.profile, certificateField=field, mappingRules=[{"specifier": specifier}]
        )

        assert self.has_tag(setup, kept)
        assert not self.has_tag(setup, dropped)
        assert self.has_tag(setup, "x509Issuer/CN")

    def test_a_field_whose_mapping_is_deleted_tags_nothing(self, world: World) -> None:
        setup = world.setup()
        api = world.client("rolesanywhere")
        assert self.has_tag(setup, "x509Issuer/CN")

        api.delete_attribute_mapping(profileId=setup.profile, certificateField="x509Issuer")
        api.delete_attribute_mapping(profileId=setup.profile, certificateField="x509SAN", specifiers=["DNS"])

        assert not self.has_tag(setup, "x509Issuer/CN")
        assert not self.has_tag(setup, "x509SAN/DNS")
        assert self.has_tag(setup, "x509SAN/URI")
        shown = api.get_profile(profileId=setup.profile)["profile"]["attributeMappings"]
        assert [one["certificateField"] for one in shown] == ["x509SAN", "x509Subject"]
        assert (
            refusal(lambda: api.delete_attribute_mapping(profileId=setup.profile, certificateField="x509Issuer"))[:2]
            == INVALID
        )

    def test_a_condition_on_what_is_not_mapped_fails_and_its_opposite_holds(self, world: World) -> None:
        for operator, status in (("StringEquals", 403), ("StringNotEquals", 201)):
            setup = world.setup(trusting(**{operator: {"aws:PrincipalTag/x509Subject/CN": "pod.shop"}}))
            world.client("rolesanywhere").delete_attribute_mapping(
                profileId=setup.profile, certificateField="x509Subject"
            )

            assert setup.create_session().status == status

    @pytest.mark.parametrize(
        ("field", "specifier"),
        [("x509Subject", "DNS/CN"), ("x509SAN", "CN"), ("x509SAN", "Name/"), ("x509Issuer", ""), ("x509Mine", "CN")],
    )
    def test_a_wrong_rule_is_refused(self, api: Any, setup: Setup, field: str, specifier: str) -> None:
        rules = [{"specifier": specifier}]

        call = refusal(
            lambda: api.put_attribute_mapping(profileId=setup.profile, certificateField=field, mappingRules=rules)
        )

        assert call[:2] == INVALID

    def test_attributes_that_make_no_tag_are_named_where_the_trust_policy_refuses(self, world: World) -> None:
        setup = world.setup(trusting(StringEquals={"aws:PrincipalTag/x509Subject/O": "R&D"}))
        bent = with_leaf(setup, subject=pki.name(CN="pod.shop", O="R&D"))

        assert setup.create_session().refusal == unable(setup.role)
        assert bent.create_session().refusal == denied(
            f"Unable to assume role for {setup.role}. Some attributes failed to be mapped into session tags. "
            "Issuer: [  ]; Subject: [ O ]; SAN: [  ]"
        )


class TestSubjects:
    def test_a_subject_shows_the_last_call_of_each_certificate(self, world: World) -> None:
        setup = world.setup(acceptRoleSessionName=True)
        first, second = (with_leaf(setup, subject=pki.name(CN="seen", OU=uuid4().hex)) for _ in range(2))
        renewed = with_leaf(setup, subject=first.identity.certificate.subject)
        arn = first.create_session().document["subjectArn"]
        ident = arn.rpartition("/")[2]
        api = world.client("rolesanywhere")

        before = api.get_subject(subjectId=ident)["subject"]
        assert second.create_session(instanceProperties={"rack": "7"}).document["subjectArn"] != arn
        renewed.create_session(instanceProperties={"rack": "8"})
        first.create_session(roleArn=f"{setup.role}-missing")
        after = api.get_subject(subjectId=ident)["subject"]

        assert before["x509Subject"] == after["x509Subject"] == first.identity.certificate.subject.rfc4514_string()
        assert before["createdAt"] == after["createdAt"] <= after["lastSeenAt"]
        assert [(one["serialNumber"], one["failed"]) for one in before["credentials"]] == [serial(first, failed=False)]
        assert [(one["serialNumber"], one["failed"]) for one in after["credentials"]] == [
            serial(first, failed=True),
            serial(renewed, failed=False),
        ]
        assert after["credentials"][1]["x509CertificateData"] == renewed.identity.pem
        [properties] = after["instanceProperties"]
        assert properties["properties"] == {"rack": "8"}
        listed = [page["subjects"] for page in api.get_paginator("list_subjects").paginate()]
        assert ident in [one["subjectId"] for subjects in listed for one in subjects]

    def test_a_certificate_that_leads_nowhere_is_no_subject(self, world: World) -> None:
        here = "ap-south-1"
        api = world.client("rolesanywhere", region=here)
        setup = world.setup()
        anchor = api.create_trust_anchor(name="a", source=source(pki.root().pem), enabled=True)["trustAnchor"]
        stranger = pki.root(replace(pki.AUTHORITY, key=pki.key("p384"))).issue(pki.Form())

        bent = replace(setup, anchor=anchor["trustAnchorArn"], identity=stranger)

        assert bent.create_session().status == 403
        assert api.list_subjects()["subjects"] == []

    def test_a_revoked_certificate_is_seen_as_failed(self, world: World) -> None:
        setup = world.setup()
        api = world.client("rolesanywhere")
        ident = setup.create_session().document["subjectArn"].rpartition("/")[2]
        crl = pki.revocation_list(setup.authority, setup.identity.certificate.serial_number).encode()
        api.import_crl(name="crl", crlData=crl, trustAnchorArn=setup.anchor, enabled=True)

        assert setup.create_session().status == 403

        [one] = api.get_subject(subjectId=ident)["subject"]["credentials"]
        assert one["failed"]


def serial(setup: Setup, *, failed: bool) -> tuple[str, bool]:
    return str(setup.identity.certificate.serial_number), failed


class TestLists:
    def test_a_trust_anchor_has_at_most_two(self, world: World) -> None:
        setup = world.setup()
        api = world.client("rolesanywhere")
        crl = pki.revocation_list(setup.authority).encode()
        for _ in range(2):
            api.import_crl(name="crl", crlData=crl, trustAnchorArn=setup.anchor)

        assert refusal(lambda: api.import_crl(name="crl", crlData=crl, trustAnchorArn=setup.anchor))[:2] == INVALID
