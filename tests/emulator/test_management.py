"""The management API through boto3's own client, which speaks AWS's wire format and no other."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rolebound.emulator import AccessKey
from tests.emulator import pki
from tests.emulator.world import Setup, World

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def source(pem: str, kind: str = "CERTIFICATE_BUNDLE") -> dict[str, Any]:
    return {"sourceType": kind, "sourceData": {"x509CertificateData": pem}}


def refusal(call: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


@pytest.fixture(scope="module")
def api(world: World) -> Any:
    return world.client("rolesanywhere")


def test_a_trust_anchor_lives_from_creation_to_deletion(api: Any) -> None:
    pem = pki.root().pem
    made = api.create_trust_anchor(name="one", source=source(pem))["trustAnchor"]
    ident = made["trustAnchorId"]

    assert made["trustAnchorArn"] == f"arn:aws:rolesanywhere:us-east-1:222233334444:trust-anchor/{ident}"
    assert not made["enabled"]
    assert made["source"] == source(pem)
    assert api.enable_trust_anchor(trustAnchorId=ident)["trustAnchor"]["enabled"]
    assert api.get_trust_anchor(trustAnchorId=made["trustAnchorArn"])["trustAnchor"]["enabled"]
    assert ident in [one["trustAnchorId"] for one in api.list_trust_anchors()["trustAnchors"]]
    assert not api.disable_trust_anchor(trustAnchorId=ident)["trustAnchor"]["enabled"]
    other = pki.root().pem
    updated = api.update_trust_anchor(trustAnchorId=ident, name="two", source=source(other))["trustAnchor"]
    assert (updated["name"], updated["source"]) == ("two", source(other))
    assert updated["createdAt"] == made["createdAt"]
    assert api.delete_trust_anchor(trustAnchorId=ident)["trustAnchor"]["trustAnchorId"] == ident
    assert refusal(lambda: api.get_trust_anchor(trustAnchorId=ident))[:2] == (404, "ResourceNotFoundException")


def test_a_profile_lives_from_creation_to_deletion(api: Any, world: World) -> None:
    role = world.role()
    made = api.create_profile(name="one", roleArns=[role])["profile"]
    ident = made["profileId"]

    assert made["profileArn"] == f"arn:aws:rolesanywhere:us-east-1:222233334444:profile/{ident}"
    assert (made["enabled"], made["durationSeconds"], made["acceptRoleSessionName"]) == (False, 3600, False)
    assert made["createdBy"] == "arn:aws:iam::222233334444:user/administrator"
    assert {mapping["certificateField"] for mapping in made["attributeMappings"]} == {
        "x509Subject",
        "x509Issuer",
        "x509SAN",
    }
    updated = api.update_profile(
        profileId=ident,
        name="two",
        sessionPolicy=POLICY,
        managedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        durationSeconds=900,
        acceptRoleSessionName=True,
    )["profile"]
    assert (updated["name"], updated["sessionPolicy"], updated["durationSeconds"]) == ("two", POLICY, 900)
    assert (updated["roleArns"], updated["acceptRoleSessionName"]) == ([role], True)
    assert api.enable_profile(profileId=ident)["profile"]["enabled"]
    assert api.get_profile(profileId=ident)["profile"]["enabled"]
    assert ident in [one["profileId"] for one in api.list_profiles()["profiles"]]
    assert not api.disable_profile(profileId=ident)["profile"]["enabled"]
    api.delete_profile(profileId=ident)
    assert refusal(lambda: api.get_profile(profileId=ident))[:2] == (404, "ResourceNotFoundException")


def test_a_revocation_list_lives_from_import_to_deletion(api: Any, setup: Setup) -> None:
    first, second = (pki.revocation_list(setup.authority, serial).encode() for serial in (1, 2))
    made = api.import_crl(name="one", crlData=first, trustAnchorArn=setup.anchor)["crl"]
    ident = made["crlId"]

    assert (made["crlData"], made["trustAnchorArn"], made["enabled"]) == (first, setup.anchor, False)
    assert api.update_crl(crlId=ident, crlData=second)["crl"]["crlData"] == second
    assert api.enable_crl(crlId=ident)["crl"]["enabled"]
    assert api.get_crl(crlId=ident)["crl"]["enabled"]
    assert ident in [one["crlId"] for one in api.list_crls()["crls"]]
    api.delete_crl(crlId=ident)
    assert refusal(lambda: api.get_crl(crlId=ident))[:2] == (404, "ResourceNotFoundException")


def test_an_update_keeps_what_it_does_not_name(api: Any, world: World) -> None:
    role = world.role()
    made = api.create_profile(name="one", roleArns=[role], sessionPolicy=POLICY, durationSeconds=900)["profile"]

    updated = api.update_profile(profileId=made["profileId"], name="two")["profile"]

    assert (updated["roleArns"], updated["sessionPolicy"], updated["durationSeconds"]) == ([role], POLICY, 900)


def test_regions_do_not_see_each_others_resources(api: Any, world: World) -> None:
    made = api.create_profile(name="here", roleArns=[])["profile"]
    elsewhere = world.client("rolesanywhere", region="eu-west-1")

    assert elsewhere.list_profiles()["profiles"] == [] or made["profileId"] not in str(elsewhere.list_profiles())
    assert refusal(lambda: elsewhere.get_profile(profileId=made["profileId"]))[0] == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ca": False}, "Incorrect basic constraints for CA certificate"),
        ({"ca": None}, "Incorrect basic constraints for CA certificate"),
        ({"key_cert_sign": False}, "Incorrect key usage for CA certificate"),
    ],
)
def test_a_trust_anchor_must_be_an_authority(api: Any, change: dict[str, Any], message: str) -> None:
    pem = pki.root(replace(pki.AUTHORITY, **change)).pem

    call = refusal(lambda: api.create_trust_anchor(name="a", source=source(pem)))

    assert call == (400, "ValidationException", message)


def test_a_bundle_is_at_most_two_certificates(api: Any) -> None:
    two = pki.root().pem + pki.root().pem

    assert api.create_trust_anchor(name="a", source=source(two))
    status, code, _ = refusal(lambda: api.create_trust_anchor(name="a", source=source(two + pki.root().pem)))
    assert (status, code) == (400, "ValidationException")


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("create_trust_anchor", {"name": "a", "source": source("no certificate")}),
        ("create_trust_anchor", {"name": "a", "source": source("x" * 16_001)}),
        ("create_trust_anchor", {"name": "a", "source": {"sourceType": "CERTIFICATE_BUNDLE"}}),
        ("create_trust_anchor", {"name": "a", "source": {"sourceType": "AWS_ACM_PCA"}}),
        ("create_trust_anchor", {"name": "a/b", "source": source(pki.root().pem)}),
        ("create_trust_anchor", {"name": "", "source": source(pki.root().pem)}),
        ("create_profile", {"name": "a", "roleArns": ["no ARN"]}),
        ("create_profile", {"name": "a", "roleArns": ["arn:aws:iam::222233334444:role/r"] * 251}),
        ("create_profile", {"name": "a", "roleArns": [], "durationSeconds": 899}),
        ("create_profile", {"name": "a", "roleArns": [], "durationSeconds": 43_201}),
        ("create_profile", {"name": "a", "roleArns": [], "sessionPolicy": "{}"}),
        ("get_profile", {"profileId": "no-uuid"}),
        ("import_crl", {"name": "a", "crlData": b"none", "trustAnchorArn": "arn:aws:rolesanywhere:r:1:trust-anchor/a"}),
    ],
)
def test_what_the_model_does_not_allow_is_a_validation_exception(
    world: World, operation: str, parameters: dict[str, Any]
) -> None:
    # botocore would stop some of these itself.
    client = world._new_client("rolesanywhere", _keys(world), None)
    client.meta.events.register("before-parameter-build", lambda **_: None)
    client._serializer = _Unvalidated(client._serializer)

    status, code, _ = refusal(lambda: getattr(client, operation)(**parameters))

    assert (status, code) == (400, "ValidationException")


def test_a_list_for_no_trust_anchor_is_refused(api: Any, setup: Setup) -> None:
    crl = pki.revocation_list(setup.authority, 1).encode()
    missing = setup.anchor[:-12] + "000000000000"

    status, _, _ = refusal(lambda: api.import_crl(name="a", crlData=crl, trustAnchorArn=missing))

    assert status == 404


def test_a_wrong_secret_key_is_refused(world: World) -> None:
    stranger = AccessKey(world.emulator.administrator.access_key_id, "x" * 40)
    client = world._new_client("rolesanywhere", (stranger.access_key_id, stranger.secret_access_key, None), None)

    assert refusal(client.list_profiles)[:2] == (403, "InvalidSignatureException")


def test_an_unknown_key_is_refused(world: World) -> None:
    client = world._new_client("rolesanywhere", ("AKIAUNKNOWNUNKNOWN00", "x" * 40, None), None)

    assert refusal(client.list_profiles)[:2] == (403, "UnrecognizedClientException")


def test_a_session_may_manage_only_what_its_role_allows(world: World, setup: Setup) -> None:
    client = world.client("rolesanywhere", setup.credentials())

    assert setup.profile in [profile["profileArn"] for profile in client.list_profiles()["profiles"]]
    status, code, message = refusal(lambda: client.create_profile(name="a", roleArns=[]))
    assert (status, code) == (403, "AccessDeniedException")
    assert "rolesanywhere:CreateProfile" in message


def test_who_may_not_pass_a_role_makes_no_profile_of_it(world: World) -> None:
    iam = world.client("iam")
    iam.create_user(UserName="clerk")
    allowed = {"Effect": "Allow", "Action": "rolesanywhere:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_user_policy(UserName="clerk", PolicyName="p", PolicyDocument=document)
    made = iam.create_access_key(UserName="clerk")["AccessKey"]
    client = world.client("rolesanywhere", AccessKey(made["AccessKeyId"], made["SecretAccessKey"]))
    role = world.role()

    assert client.create_profile(name="a", roleArns=[])
    status, code, message = refusal(lambda: client.create_profile(name="a", roleArns=[role]))
    assert (status, code) == (403, "AccessDeniedException")
    assert "iam:PassRole" in message


def test_a_body_without_end_is_a_validation_exception(world: World) -> None:
    client = world._new_client("rolesanywhere", _keys(world), None)
    deep = b"[" * 100_000
    client.meta.events.register("before-call.rolesanywhere", lambda params, **_: params.update(body=deep))

    status, code, _ = refusal(lambda: client.create_profile(name="a", roleArns=[]))

    assert (status, code) == (400, "ValidationException")


class _Unvalidated:
    """A serializer without botocore's own validation in front."""

    def __init__(self, validating: Any) -> None:
        self._serializer = validating._serializer

    def serialize_to_request(self, parameters: Any, operation: Any) -> Any:
        return self._serializer.serialize_to_request(parameters, operation)


def _keys(world: World) -> tuple[str, str, None]:
    key = world.emulator.administrator
    return key.access_key_id, key.secret_access_key, None
