"""States of a set-up that AWS refuses, each with what the doctor should say of it.

A state is made through boto3, as an administrator would have made it by mistake; `reaches` tells whether the
certificate still can sign, so that AWS is asked and refuses too.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from tests.emulator import pki
from tests.emulator.bent import trusting, with_leaf
from tests.emulator.pki import Form
from tests.emulator.world import TRUST_POLICY, Setup, World

Bend = Callable[[World], Setup]


@dataclass(frozen=True)
class State:
    """One mistake: which check finds it, in which words, with which remedy."""

    name: str
    bend: Bend
    check: str
    says: str
    remedy: str
    arguments: tuple[str, ...] = ()
    asked: Mapping[str, object] = field(default_factory=dict)
    """The arguments as the fields of a CreateSession."""
    also: tuple[str, ...] = ()
    """Further checks that the mistake makes fail."""
    signs: bool = True
    """Whether the client would sign with this certificate at all."""


def leaf(**changes: Any) -> Bend:
    return lambda world: with_leaf(world.setup(), **changes)


def trust(policy: Mapping[str, Any]) -> Bend:
    return lambda world: world.setup(policy)


def statement(**changes: Any) -> dict[str, Any]:
    return {**TRUST_POLICY, "Statement": [{**TRUST_POLICY["Statement"][0], **changes}]}


def _another_authority(world: World) -> Setup:
    other = pki.root(replace(pki.AUTHORITY, subject=pki.name(CN="elsewhere"), key=pki.key("p384")))
    return replace(world.setup(), identity=other.issue(Form()))


def _authority_made_anew(world: World) -> Setup:
    anew = pki.root(replace(pki.AUTHORITY, key=pki.key("p521")))
    return replace(world.setup(), identity=anew.issue(Form()))


def _missing_intermediate(world: World) -> Setup:
    setup = world.setup()
    identity = setup.authority.issue(pki.intermediate_form("middle")).issue(Form())
    return replace(setup, identity=replace(identity, chain=()))


def intermediate(**changes: Any) -> Bend:
    def bend(world: World) -> Setup:
        setup = world.setup()
        return replace(setup, identity=setup.authority.issue(replace(pki.intermediate_form(), **changes)).issue(Form()))

    return bend


def _too_long_a_path(world: World) -> Setup:
    narrow = pki.root(replace(pki.AUTHORITY, path_length=0))
    identity = narrow.issue(pki.intermediate_form()).issue(Form())
    return replace(world.setup(), anchor=world.anchor(narrow), identity=identity)


def _expired_authority(world: World) -> Setup:
    old = pki.root(replace(pki.AUTHORITY, not_after=datetime(2026, 6, 1, tzinfo=UTC)))
    return replace(world.setup(), anchor=world.anchor(old), identity=old.issue(Form()))


def _revoked(world: World) -> Setup:
    setup = world.setup()
    crl = pki.revocation_list(setup.authority, setup.identity.certificate.serial_number)
    world.client("rolesanywhere").import_crl(
        name="crl", crlData=crl.encode(), trustAnchorArn=setup.anchor, enabled=True
    )
    return setup


def _disabled_anchor(world: World) -> Setup:
    setup = world.setup()
    return replace(setup, anchor=world.anchor(setup.authority, enabled=False))


def _missing_anchor(world: World) -> Setup:
    setup = world.setup()
    world.client("rolesanywhere").delete_trust_anchor(trustAnchorId=setup.anchor.rpartition("/")[2])
    return setup


def _disabled_profile(world: World) -> Setup:
    setup = world.setup()
    return replace(setup, profile=world.profile(setup.role, enabled=False))


def _missing_profile(world: World) -> Setup:
    setup = world.setup()
    world.client("rolesanywhere").delete_profile(profileId=setup.profile.rpartition("/")[2])
    return setup


def _profile_elsewhere(world: World) -> Setup:
    setup = world.setup()
    made = world.client("rolesanywhere", region="eu-west-1").create_profile(
        name="elsewhere", roleArns=[setup.role], enabled=True
    )
    return replace(setup, profile=made["profile"]["profileArn"])


def _role_outside(world: World) -> Setup:
    return replace(world.setup(), role=world.role())


def _missing_role(world: World) -> Setup:
    missing = f"arn:aws:iam::{world.emulator.settings.account}:role/missing"
    return replace(world.setup(), role=missing, profile=world.profile(missing))


def _role_without_its_path(world: World) -> Setup:
    role = world.role(Path="/team/").replace("/team/", "/")
    return replace(world.setup(), role=role, profile=world.profile(role))


def _another_account(world: World) -> Setup:
    return replace(world.setup(), role="arn:aws:iam::999988887777:role/theirs")


def _denied(world: World) -> Setup:
    deny = {
        **TRUST_POLICY["Statement"][0],
        "Sid": "NotThisOne",
        "Effect": "Deny",
        "Condition": {"StringLike": {"aws:PrincipalTag/x509Subject/CN": "pod.*"}},
    }
    return world.setup({**TRUST_POLICY, "Statement": [*TRUST_POLICY["Statement"], deny]})


def _unmapped(world: World) -> Setup:
    setup = world.setup(trusting(StringEquals={"aws:PrincipalTag/x509Subject/CN": "pod.shop"}))
    return with_leaf(setup, subject=pki.name(CN="pod;shop"))


def _left_out_by_the_profile(world: World) -> Setup:
    setup = world.setup(trusting(StringEquals={"aws:PrincipalTag/x509Subject/CN": "pod.shop"}))
    profile = setup.profile.rpartition("/")[2]
    world.client("rolesanywhere").delete_attribute_mapping(profileId=profile, certificateField="x509Subject")
    return setup


def _long_session_policy(world: World) -> Setup:
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{'bucket' * 400}/*"}
    return world.setup(sessionPolicy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))


STATES = [
    State("no digitalSignature", leaf(digital_signature=False), "usages", "digitalSignature", "keyUsage", signs=False),
    State("no key usage", leaf(key_usage=False), "usages", "digitalSignature", "keyUsage", signs=False),
    State("a CA", leaf(ca=True), "usages", "is a CA", "CA:FALSE", signs=False),
    State("a strange curve", leaf(key=pki.key("k1")), "files", "secp256k1", "certificate", signs=False),
    State("empty subject", leaf(subject=x509.Name([])), "subject", "empty", "common name", signs=False),
    State("expired", leaf(not_after=datetime(2026, 6, 1, tzinfo=UTC)), "dates", "2026-06-01T00:00:00Z", "new cert"),
    State("not yet valid", leaf(not_before=datetime(2045, 6, 1, tzinfo=UTC)), "dates", "only from 2045", "wait"),
    State("another CA", _another_authority, "chain", "'CN=elsewhere'", "trust anchor"),
    State("a CA made anew", _authority_made_anew, "chain", "made anew", "trust anchor"),
    State("no intermediate", _missing_intermediate, "chain", "'CN=middle'", "every intermediate"),
    State("intermediate is no CA", intermediate(ca=False), "chain", "is not a CA", "issue the chain anew"),
    State("intermediate may not sign", intermediate(key_cert_sign=False), "chain", "keyCertSign", "issue the chain"),
    State("too long a path", _too_long_a_path, "chain", "allows 0 intermediates", "issue the chain anew"),
    State("expired CA", _expired_authority, "chain", "not in date", "issue the chain anew"),
    State("revoked", _revoked, "revocation", "serial", "issue a new one"),
    State("disabled anchor", _disabled_anchor, "anchor", "disabled", "enable-trust-anchor"),
    State("no such anchor", _missing_anchor, "anchor", "does not exist", "a trust anchor that exists"),
    State("disabled profile", _disabled_profile, "profile", "disabled", "enable-profile"),
    State("no such profile", _missing_profile, "profile", "does not exist", "a profile that exists"),
    State("profile elsewhere", _profile_elsewhere, "region", "eu-west-1", "trust anchor's region"),
    State("another account", _another_account, "region", "999988887777", "one account", also=("role",)),
    State("role outside of the profile", _role_outside, "role", "not one of them", "update-profile"),
    State("no such role", _missing_role, "trust-policy", "does not exist", "create the role"),
    State(
        "role without its path",
        _role_without_its_path,
        "trust-policy",
        "is arn:aws:iam::333344445555:role/team/",
        "ARN",
    ),
    State(
        "session name",
        lambda world: world.setup(acceptRoleSessionName=False),
        "session-name",
        "does not accept",
        "acceptRoleSessionName",
        arguments=("--role-session-name", "shop.api"),
        asked={"roleSessionName": "shop.api"},
    ),
    State(
        "duration",
        lambda world: world.setup(durationSeconds=7200),
        "duration",
        "the role allows 3600 s at most",
        "shorter session",
        arguments=("--session-duration", "7200"),
        asked={"durationSeconds": 7200},
    ),
    State(
        "an action is missing",
        trust(statement(Action=["sts:AssumeRole", "sts:TagSession"])),
        "trust-policy",
        "does not allow sts:SetSourceIdentity: statement 1",
        "sts:SetSourceIdentity",
    ),
    State(
        "another principal",
        trust(statement(Principal={"Service": "ec2.amazonaws.com"})),
        "trust-policy",
        "Principal",
        "rolesanywhere.amazonaws.com",
    ),
    State(
        "another anchor",
        trust(trusting(ArnEquals={"aws:SourceArn": "arn:aws:rolesanywhere:us-east-1:333344445555:trust-anchor/x"})),
        "trust-policy",
        "aws:SourceArn",
        "trust anchor",
    ),
    State(
        "another common name",
        trust(trusting(StringEquals={"aws:PrincipalTag/x509Subject/CN": "pod.other"})),
        "trust-policy",
        "for 'pod.other', and this session has 'pod.shop'",
        "this certificate",
    ),
    State(
        "a name that no tag can hold",
        _unmapped,
        "trust-policy",
        "no value, because a session tag cannot hold its characters",
        "this certificate",
    ),
    State(
        "a tag that the profile leaves out",
        _left_out_by_the_profile,
        "trust-policy",
        "no value, because the profile's attribute mappings leave it out",
        "this certificate",
    ),
    State("a long session policy", _long_session_policy, "session-policy", "STS takes 2048", "shorten it"),
    State("denied", _denied, "trust-policy", "statement 2 (NotThisOne) denies", "this certificate"),
]
