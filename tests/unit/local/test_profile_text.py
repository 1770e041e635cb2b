"""One profile is changed and nothing else; Python's configparser, by which botocore reads the file, is the judge."""

from configparser import Error, RawConfigParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebound.local.profile_text import with_profile

KEYS = {"aws_access_key_id": "ASIANEW", "aws_secret_access_key": "new/secret", "aws_session_token": "new=token"}


def parsed(text: str) -> dict[str, dict[str, str]]:
    make: Any = RawConfigParser  # the stubs do not know that there need be no default section
    parser = make(default_section=None)  # as botocore does
    parser.read_string(text)
    return {name: dict(parser.items(name)) for name in parser.sections()}


def test_file_that_is_not_there_gets_the_profile() -> None:
    text = with_profile("", "work", KEYS)

    assert text.splitlines()[0] == "[work]"
    assert parsed(text) == {"work": KEYS}


def test_everything_else_stays_byte_for_byte() -> None:
    before = (
        "# mine\n"
        "[default]\n"
        "aws_access_key_id=OLD ; not a comment\n"
        "aws_secret_access_key : old\n"
        "region = eu-central-1\n"
        "s3 =\n"
        "    aws_session_token = of s3, whatever that is\n"
        "\n"
        "; the other one\n"
        "[other]\n"
        "aws_access_key_id = KEEP"
    )

    after = with_profile(before, "default", KEYS)

    assert after == (
        "# mine\n"
        "[default]\n"
        "aws_access_key_id = ASIANEW\n"
        "aws_secret_access_key = new/secret\n"
        "region = eu-central-1\n"
        "s3 =\n"
        "    aws_session_token = of s3, whatever that is\n"
        "aws_session_token = new=token\n"
        "\n"
        "; the other one\n"
        "[other]\n"
        "aws_access_key_id = KEEP"
    )


@pytest.mark.parametrize("text", ["[default]", "[default]\nregion = x", "[other]\na = b", "[other]\na = b\n", "# x"])
def test_missing_line_end_is_no_trap(text: str) -> None:
    after = with_profile(text, "default", KEYS)

    assert parsed(after)["default"].items() >= KEYS.items()
    assert after.startswith(text)


def test_windows_line_ends_stay() -> None:
    after = with_profile("[default]\r\nregion = x\r\n", "default", KEYS)

    assert after.count("\n") == after.count("\r\n") == 5


def test_value_over_several_lines_is_replaced_whole() -> None:
    after = with_profile("[default]\naws_session_token = a\n  b\n  c\nregion = x\n", "default", KEYS)

    assert parsed(after)["default"] == KEYS | {"region": "x"}


NAMES = st.sampled_from(["default", "work", "other one"])
LINES = [
    *("[default]", "[work]", " [work]", "   [other one]", "[default] # x"),
    *("aws_access_key_id = a", "AWS_Session_Token=b", " aws_secret_access_key: c", "   aws_session_token = d"),
    *(
        "region = x",
        "output=json",
        "  region:y",
        "s3 =",
        "    aws_access_key_id = of s3",
        "      max = 5",
        "   further",
    ),
    *("", "   ", "# comment", "; [default]", "  # aws_session_token = x", "\t[work]", "\taws_access_key_id = tab"),
]
FILES = st.builds(
    lambda first, lines, end, last: end.join([first, *lines]) + last,
    st.sampled_from(["[default]", "[work]", "  [default]", "# mine"]),
    st.lists(st.sampled_from(LINES), unique=True, max_size=10),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n"]),
)


@given(FILES, NAMES)
def test_sdks_read_the_new_keys_and_everything_else_as_before(text: str, profile: str) -> None:
    try:
        before = parsed(text)
    except Error:
        return  # no SDK reads this either
    after = parsed(with_profile(text, profile, KEYS))

    assert after.pop(profile).items() >= KEYS.items()
    mine = before.pop(profile, {})
    assert after == before
    kept = {name: value for name, value in mine.items() if name not in KEYS}
    again = parsed(with_profile(text, profile, KEYS))[profile]
    assert {name: value for name, value in again.items() if name not in KEYS} == kept


@given(FILES, NAMES)
def test_second_write_of_the_same_changes_nothing(text: str, profile: str) -> None:
    try:
        parsed(text)
    except Error:
        return
    once = with_profile(text, profile, KEYS)

    assert with_profile(once, profile, KEYS) == once
