"""The doctor's judgement of trust policies, held against the stand-in's, which shares no code with it.

Wherever the doctor says yes or no, AWS's rules as the stand-in has them must say the same; where it says that it
cannot know, the reason must be one.
"""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolebound.diagnosis.policies import UnreadablePolicy, judged
from rolebound.diagnosis.tags import DEFAULT_MAPPINGS, Context, context
from rolebound.emulator.policies import AccessRequest, Decision, evaluate
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.session import SessionRequest
from tests.emulator import pki
from tests.emulator.pki import Form
from tests.emulator.world import TRUST_POLICY
from tests.support.builders import ANCHOR, PROFILE, ROLE

ACTION = "sts:TagSession"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
REQUEST = SessionRequest(
    RoleArn.parse(ROLE), ProfileArn.parse(PROFILE), TrustAnchorArn.parse(ANCHOR), timedelta(hours=1), "shop.api"
)
LEAF = pki.root().issue(
    replace(
        Form(),
        subject=pki.name(CN="pod.shop", OU="one|two", O="R&D"),
        alternative_names=(x509.DNSName("first.shop"), x509.UniformResourceIdentifier("spiffe://shop/[api]")),
    )
)
SCENE = context(LEAF.certificate, REQUEST, DEFAULT_MAPPINGS, NOW)

KEYS = [
    "aws:SourceArn",
    "aws:sourceaccount",
    "aws:PrincipalTag/x509Subject/CN",
    "aws:PrincipalTag/x509Subject/OU",
    "aws:PrincipalTag/x509Subject/O",
    "aws:PrincipalTag/x509Issuer/CN",
    "aws:PrincipalTag/x509SAN/DNS",
    "aws:PrincipalTag/x509SAN/URI",
    "aws:RequestTag/x509Subject/CN",
    "aws:PrincipalTag/team",
    "sts:SourceIdentity",
    "sts:RoleSessionName",
    "sts:ExternalId",
    "aws:CurrentTime",
    "aws:EpochTime",
]
OPERATORS = [
    *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    *("StringLike", "StringNotLike", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null"),
    *("StringEqualsIfExists", "StringNotLikeIfExists", "ArnLikeIfExists"),
    *("ForAnyValue:StringEquals", "ForAllValues:StringLike", "ForAnyValue:StringNotEquals"),
    *("ForAllValues:StringNotLike", "ForAnyValue:StringLikeIfExists"),
]
VALUES = [
    *(
        "pod.shop",
        "POD.SHOP",
        "pod.*",
        "pod.[s]hop",
        "*",
        "?od.shop",
        "one/two",
        "R&D",
        "test root",
        "first.shop",
        "CN=pod.shop",
    ),
    *("spiffe://shop/[api]", "spiffe://*", ANCHOR, ANCHOR[:-1] + "?", "arn:aws:rolesanywhere:*:*:trust-anchor/*"),
    *(
        "arn:*",
        "111122223333",
        "${aws:SourceAccount}",
        "${sts:RoleSessionName}",
        "${aws:PrincipalTag/team, 'pod.shop'}",
    ),
    *("${aws:SourceArn}", "${*}", "shop.api", "", "true", "false", "${aws:PrincipalTag/x509Subject/CN}"),
]
CONDITION = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(
        st.sampled_from(KEYS), st.sampled_from(VALUES) | st.lists(st.sampled_from(VALUES), max_size=3), max_size=2
    ),
    max_size=2,
)
STATEMENT = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Allow", "Deny"]), "Condition": CONDITION},
).flatmap(
    lambda base: st.builds(
        lambda action, principal: {**base, **action, **principal},
        st.sampled_from(
            [{"Action": "sts:*"}, {"Action": ["STS:tagsession", "s3:Get"]}, {"Action": "s3:*"}, {"NotAction": "s3:*"}]
        ),
        st.sampled_from(
            [
                {"Principal": {"Service": "rolesanywhere.amazonaws.com"}},
                {"Principal": {"Service": ["ec2.amazonaws.com", "rolesanywhere.amazonaws.com"]}},
                {"Principal": {"Service": "ec2.amazonaws.com"}},
                {"Principal": "*"},
                {"NotPrincipal": {"Service": "rolesanywhere.amazonaws.com"}},
            ]
        ),
    )
)
POLICY = st.fixed_dictionaries(
    {"Version": st.sampled_from(["2012-10-17", "2008-10-17"]), "Statement": st.lists(STATEMENT, min_size=1, max_size=3)}
)


def by_the_stand_in(policy: object, scene: Context = SCENE) -> bool:
    principals = {"Service": frozenset({"rolesanywhere.amazonaws.com"})}
    request = AccessRequest(ACTION, "*", dict(scene.values), principals)
    return evaluate([json.dumps(policy)], request) is Decision.ALLOWED


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policy=POLICY)
def test_doctor_and_stand_in_agree_wherever_the_doctor_judges(policy: dict[str, Any]) -> None:
    judgement = judged(policy, ACTION, SCENE)

    assert judgement.allowed is not None, judgement.reasons
    assert judgement.allowed == by_the_stand_in(policy), judgement.reasons
    assert judgement.allowed or judgement.reasons


def test_a_bracket_in_a_pattern_is_itself() -> None:
    policy = policy_with({"StringLike": {"aws:PrincipalTag/x509Subject/CN": "pod.[s]hop"}})

    assert judged(policy, ACTION, SCENE).allowed is by_the_stand_in(policy) is False


@pytest.mark.parametrize("operator", ["StringLike", "ArnLike"])
def test_the_value_of_a_variable_is_no_pattern(operator: str) -> None:
    leaf = pki.root().issue(replace(Form(), subject=pki.name(CN="*")))
    scene = context(leaf.certificate, replace(REQUEST, session_name="CN=shop"), DEFAULT_MAPPINGS, NOW)
    for asked, allowed in (("${sts:SourceIdentity}", False), ("CN=*", operator == "StringLike")):
        policy = policy_with({operator: {"sts:RoleSessionName": asked}})

        assert judged(policy, ACTION, scene).allowed is by_the_stand_in(policy, scene) is allowed


def policy_with(condition: dict[str, Any]) -> dict[str, Any]:
    return {**TRUST_POLICY, "Statement": [{**TRUST_POLICY["Statement"][0], "Condition": condition}]}


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"StringEquals": {"aws:SourceOrgID": "o-1"}},
        {"StringEquals": {"aws:PrincipalTag/x509Subject/emailAddress": "a@b"}},
        {"NoSuchOperator": {"aws:SourceAccount": "1"}},
        {"StringEquals": {"aws:SourceAccount": "${aws:SourceVpc}"}},
        {"StringEquals": {"aws:TagKeys": "x509Subject/CN"}},
        {"DateLessThan": {"aws:CurrentTime": "soon"}},
        {"Some:StringEquals": {"aws:SourceAccount": "1"}},
        {"StringEquals": "text"},
        "text",
    ],
    ids=str,
)
def test_what_cannot_be_judged_is_said_with_its_reason(condition: Any) -> None:
    judgement = judged(policy_with(condition), ACTION, SCENE)

    assert judgement.allowed is None
    assert judgement.reasons[0].startswith("statement 1: ")


def test_an_unknown_deny_keeps_an_allow_in_doubt() -> None:
    deny = {**TRUST_POLICY["Statement"][0], "Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    policy = {**TRUST_POLICY, "Statement": [*TRUST_POLICY["Statement"], deny]}

    assert judged(policy, ACTION, SCENE).allowed is None


def test_a_mapping_that_the_profile_leaves_out_is_named() -> None:
    scene = context(LEAF.certificate, REQUEST, {"x509Subject": frozenset({"OU"})}, NOW)
    policy = policy_with({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "pod.shop"}})

    judgement = judged(policy, ACTION, scene)

    assert judgement.allowed is False
    assert "attribute mappings leave it out" in judgement.reasons[0]
    assert judged(policy_with({"StringLike": {"aws:PrincipalTag/x509Subject/OU": "one/*"}}), ACTION, scene).allowed


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(VALUES),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Statement", "Effect", "Allow", "Deny", "Action", "Principal", "Condition", "Null", "Sid"])
            | st.sampled_from(OPERATORS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(document=JSON | st.builds(lambda one: {"Statement": one}, JSON))
def test_no_document_ends_in_a_traceback(document: object) -> None:
    with suppress(UnreadablePolicy):
        judgement = judged(document, ACTION, SCENE)
        assert all("\n" not in reason for reason in judgement.reasons)
