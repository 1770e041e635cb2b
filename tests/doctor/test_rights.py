"""What the doctor may not read, it says; it guesses nothing, and still makes the call."""

import json
from pathlib import Path

import pytest

from tests.doctor.consultation import Doctor, Told
from tests.emulator.world import World

READS = {
    "rolesanywhere:GetTrustAnchor": ["chain", "anchor"],
    "rolesanywhere:GetProfile": ["profile", "role", "session-policy"],
    "iam:GetRole": ["trust-policy", "duration"],
    "rolesanywhere:ListCrls": ["revocation"],
}


def logged_in_as(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch, *actions: str) -> None:
    """Make a user who may do `actions`, and let it be the ordinary login."""
    iam = world.client("iam")
    name = f"reader-{abs(hash(actions)) % 10**8}"
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="reads", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    text = f"[default]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n"
    (folder / "login").write_text(text)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "login"))


def asked_about_a_good_set_up(doctor: Doctor, world: World) -> Told:
    return doctor.sees(world.setup())


@pytest.mark.parametrize("wanting", READS)
def test_each_permission_that_is_wanting_is_named(
    doctor: Doctor, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanting: str
) -> None:
    logged_in_as(world, tmp_path, monkeypatch, *(action for action in READS if action != wanting))

    told = asked_about_a_good_set_up(doctor, world)

    unread = [check for check in told.that_are("not checked") if wanting in told[check]["message"]]
    assert unread == READS[wanting]
    assert wanting in told[unread[0]]["remedy"]
    assert told.that_are("wrong") == []
    assert told.status == 0  # AWS gave a session: the call is the last word


def test_no_right_at_all_still_checks_what_needs_none(
    doctor: Doctor, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged_in_as(world, tmp_path, monkeypatch, "s3:ListBucket")

    told = asked_about_a_good_set_up(doctor, world)

    assert told.that_are("ok") == [
        *("files", "pair", "dates", "usages", "subject", "clock", "region", "session-name", "dns", "tls", "session")
    ]


def test_without_a_login_it_says_how_to_get_one(
    doctor: Doctor, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    told = asked_about_a_good_set_up(doctor, world)

    assert told["anchor"]["message"] == "there is no AWS login besides the certificate"
    assert "aws sso login" in told["anchor"]["remedy"]
    assert told.status == 0


def test_a_login_that_aws_does_not_take_is_told_as_that(
    doctor: Doctor, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["[default]", "aws_access_key_id = AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key = nobodys"]
    (tmp_path / "login").write_text("\n".join(lines))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "login"))

    told = asked_about_a_good_set_up(doctor, world)

    assert "AWS does not take the login" in told["profile"]["message"]


def test_a_login_whose_own_process_fails_is_told_as_that(
    doctor: Doctor, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\ncredential_process = false\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    told = asked_about_a_good_set_up(doctor, world)

    assert told["profile"]["message"] == "the AWS login cannot be used (CredentialRetrievalError)"
    assert told["session"]["verdict"] == "ok"


def test_a_login_of_another_account_reads_nothing_of_this_one(doctor: Doctor, world: World) -> None:
    elsewhere = "arn:aws:rolesanywhere:us-east-1:999988887777"
    arns = ["--trust-anchor-arn", f"{elsewhere}:trust-anchor/a", "--profile-arn", f"{elsewhere}:profile/p"]

    told = doctor.sees(world.setup(), *arns, "--role-arn", "arn:aws:iam::999988887777:role/r")

    assert told["anchor"]["message"] == "this AWS login is of account 333344445555"
    assert told["anchor"]["remedy"] == "log in to 999988887777"
    assert told.that_are("wrong") == ["session"]


def test_an_aws_profile_that_does_not_exist_cannot_be_asked_with(doctor: Doctor, world: World) -> None:
    told = doctor.sees(world.setup(), "--aws-profile", "nobody")

    assert told.status == 2
    assert "nobody" in told.text
