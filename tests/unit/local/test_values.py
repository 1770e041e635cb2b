"""Flags, variables and the configuration file: which wins, and what is said where something is wrong."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebound.errors import SettingsError
from rolebound.local.flags import CACHED_FLAGS, FLAGS
from rolebound.local.settings import session_settings
from rolebound.local.values import Values, layered
from tests.support.builders import ANCHOR, PROFILE, ROLE

GOOD = {"role-arn": ROLE, "profile-arn": PROFILE, "trust-anchor-arn": ANCHOR, "certificate": "client.pem"}


def values(tmp_path: Path, said: dict[str, str], text: str = "", **environ: str) -> Values:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return layered(CACHED_FLAGS, said, {"ROLEBOUND_CONFIG": str(path)} | environ)


def test_command_line_wins_over_variables_and_they_over_the_file(tmp_path: Path) -> None:
    text = 'region = "file"\nendpoint = "file"\nsession-duration = 900\nno-cache = true\n'

    read = values(tmp_path, {"region": "flag"}, text, ROLEBOUND_REGION="variable", ROLEBOUND_ENDPOINT="variable")

    assert (read.text("region"), read.text("endpoint")) == ("flag", "variable")
    assert read.number("session-duration", 1, 1000) == 900
    assert read.switch("no-cache")
    assert read.text("profile-arn") == ""


def test_empty_variable_says_nothing(tmp_path: Path) -> None:
    assert values(tmp_path, {}, 'region = "file"', ROLEBOUND_REGION="").text("region") == "file"


@pytest.mark.parametrize(("said", "on"), [("T", True), ("1", True), ("TRUE", True), ("f", False), ("0", False)])
def test_switch_says_what_it_says_to_the_helper(tmp_path: Path, said: str, *, on: bool) -> None:
    assert values(tmp_path, {"no-verify-ssl": said}).switch("no-verify-ssl") is on


@pytest.mark.parametrize("said", [{"reuse-pin": "false"}, {"pkcs11-lib": ""}, {"no-tpm-key-password": "F"}])
def test_what_is_refused_may_be_said_not_to_be_wanted(tmp_path: Path, said: dict[str, str]) -> None:
    values(tmp_path, said)


def test_setting_of_another_command_is_no_mistake(tmp_path: Path) -> None:
    values(tmp_path, {}, 'port = 1234\nregion = "x"\n')


def test_configuration_is_looked_for_in_the_home_directory(tmp_path: Path) -> None:
    (tmp_path / "rolebound").mkdir()
    (tmp_path / "rolebound" / "config.toml").write_text('region = "home"\n')

    assert layered(CACHED_FLAGS, {}, {"XDG_CONFIG_HOME": str(tmp_path)}).text("region") == "home"


def test_home_directory_that_cannot_be_looked_into_has_no_configuration() -> None:
    # The system refuses a name as long as this one to root, too; a closed /root it refuses to others alone.
    assert layered(CACHED_FLAGS, {}, {"XDG_CONFIG_HOME": f"/{'x' * 300}"}).given == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("role_arn = 'x'", "no setting 'role_arn'; did you mean role-arn?"),
        ("config = 'x'", "no setting 'config'$"),
        ("[role-arn]\nx = 1", "role-arn in .*: it may be a string, a number, true or false"),
        ("region =", "is not TOML"),
        ("tpm-key-password = 'x'", "keys in a TPM are not supported"),
    ],
)
def test_mistake_in_the_file_is_named_with_the_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        values(tmp_path, {}, text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"role-arn": "arn:aws:iam::1:user/x"}, "--role-arn: .*role ARN like"),
        ({"profile-arn": PROFILE.replace("eu-central-1", "eu-west-1")}, "--profile-arn: .* one account and region"),
        ({"profile-arn": PROFILE.replace("111122223333", "111122224444")}, "--profile-arn: .* one account and region"),
        ({"role-arn": ROLE.replace("arn:aws:", "arn:aws-cn:")}, "--role-arn: .* one partition"),
        ({"session-duration": "899"}, "--session-duration: .* from 900 to 43200"),
        ({"session-duration": "1h"}, "--session-duration: .* from 900 to 43200"),
        ({"session-duration": "٣٦٠٠"}, "--session-duration: .* from 900 to 43200"),
        ({"role-session-name": "a b"}, "--role-session-name: .* 2 to 64"),
        ({"role-session-name": "x"}, "--role-session-name: .* 2 to 64"),
        ({"no-verify-ssl": "perhaps"}, "--no-verify-ssl: it may be true or false"),
    ],
)
def test_what_cannot_be_is_said_with_its_flag(tmp_path: Path, change: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        session_settings(values(tmp_path, GOOD | change))


def test_wrong_variable_is_named_as_a_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ROLEBOUND_SESSION_DURATION: "):
        session_settings(values(tmp_path, GOOD, ROLEBOUND_SESSION_DURATION="soon"))


def test_region_is_the_trust_anchors_unless_said_otherwise(tmp_path: Path) -> None:
    assert session_settings(values(tmp_path, GOOD)).endpoint.region == "eu-central-1"
    assert session_settings(values(tmp_path, GOOD | {"region": "eu-west-1"})).endpoint.region == "eu-west-1"


def test_no_value_is_shown_in_a_repr(tmp_path: Path) -> None:
    assert "sesame" not in repr(values(tmp_path, {"pkcs8-password": "sesame"}))


def test_variables_are_unique() -> None:
    assert len({flag.variable for flag in FLAGS.values()}) == len(FLAGS)


def toml(said: dict[str, str | int | bool]) -> bytes:
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in said.items()).encode()


SAID = st.dictionaries(st.sampled_from(sorted(FLAGS)), st.one_of(st.text(max_size=20), st.integers(), st.booleans()))


@given(st.one_of(st.binary(max_size=100), st.text(max_size=100).map(str.encode), SAID.map(toml)))
def test_any_file_is_used_or_refused_by_a_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)

    try:
        session_settings(layered(CACHED_FLAGS, GOOD | {"config": str(path)}, {}))
    except SettingsError as error:
        assert str(error)  # noqa: PT017 - either outcome is right; an error of another kind would fail the test
