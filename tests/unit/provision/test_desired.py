"""What may be asked for, and what a person is told instead."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebound.errors import CommandRefused
from rolebound.provision.desired import Desired, Names, policy_arns
from rolebound.provision.trust import Pin, trust_policy

NAMES = Names("readers", "readers")


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("CN=web", "x509Subject/CN", "web"),
        ("OU=shop", "x509Subject/OU", "shop"),
        ("DNS=web.example", "x509SAN/DNS", "web.example"),
        ("URI=spiffe://example/ns/shop/sa/web", "x509SAN/URI", "spiffe://example/ns/shop/sa/web"),
        ("x509SAN/Name/CN=web", "x509SAN/Name/CN", "web"),
        ("x509Issuer/CN=the CA", "x509Issuer/CN", "the CA"),
        ("CN=a=b", "x509Subject/CN", "a=b"),
    ],
)
def test_a_pin_is_a_session_tag(text: str, tag: str, value: str) -> None:
    assert Pin.parse(text) == Pin(tag, value)


@pytest.mark.parametrize("text", ["", "web", "=web", "x509Other/CN=web", "C N=web", "aws:PrincipalTag/x=y"])
def test_what_pins_nothing_is_refused_with_a_right_one(text: str) -> None:
    with pytest.raises(CommandRefused, match="write CN=web"):
        Pin.parse(text)


@pytest.mark.parametrize("value", ["", "a*b", "${aws:username}", "a,b", "x" * 257])
def test_a_value_that_aws_makes_no_tag_of_is_refused(value: str) -> None:
    with pytest.raises(CommandRefused, match="cannot be pinned"):
        Pin.parse(f"CN={value}")


@given(st.text())
def test_any_text_is_a_pin_or_is_refused(text: str) -> None:
    try:
        pin = Pin.parse(text)
    except CommandRefused:
        return
    assert "$" not in pin.value
    assert pin.value in text


def test_values_for_one_tag_are_alternatives_and_tags_must_all_hold() -> None:
    pins = [Pin.parse(text) for text in ("CN=web", "OU=shop", "OU=stock")]

    condition = trust_policy("ARN", pins)["Statement"][0]["Condition"]

    assert condition["StringEquals"] == {
        "aws:PrincipalTag/x509Subject/CN": "web",
        "aws:PrincipalTag/x509Subject/OU": ["shop", "stock"],
    }


def test_the_anchor_is_always_pinned() -> None:
    assert trust_policy("ARN", [])["Statement"][0]["Condition"] == {"ArnEquals": {"aws:SourceArn": "ARN"}}


def test_a_name_is_a_policy_of_awss_and_an_arn_is_itself() -> None:
    own = "arn:aws-cn:iam::111122223333:policy/own"

    assert policy_arns(["ReadOnlyAccess", own, "ReadOnlyAccess"], "aws-cn") == [
        "arn:aws-cn:iam::aws:policy/ReadOnlyAccess",
        own,
    ]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"duration": timedelta(seconds=899)}, "900 to 43200 seconds, not 899"),
        ({"duration": timedelta(seconds=43201)}, "not 43201"),
        ({"session_policies": tuple(f"P{number}" for number in range(11))}, "11 session policies; AWS takes 10"),
        ({"policies": ("arn:aws:s3:::bucket",)}, "neither a managed policy's ARN"),
        ({"policies": ("not a name",)}, "neither a managed policy's ARN"),
    ],
)
def test_what_aws_would_refuse_is_refused_before_it_is_called(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(CommandRefused, match=why):
        Desired(NAMES, "PEM\n", **changes)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "é"])
def test_a_name_that_aws_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(CommandRefused, match="no name of a set-up"):
        Names(name, "role")
    with pytest.raises(CommandRefused, match="no name of a role"):
        Names("setup", name)
