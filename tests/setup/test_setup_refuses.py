"""`rolebound setup` where it may not, or cannot: names, logins, rights, options."""

import json
import re

import pytest

from testbed.operator import ROOT
from tests.setup.person import Person, drift_anchor, drift_profile, drift_role


def test_a_name_that_is_taken_is_refused_before_anything_is_made(person: Person) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    arn = person.account.client("iam").create_role(RoleName=person.name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    err = person.say(status=1)[1]

    assert f"the role {arn} was not made by this set-up" in err
    assert "--role-name" in err
    assert person.anchor() is None
    assert person.arns("--role-name", f"{person.name}-2")["roleARN"] == f"{arn}-2"


def log_in_as_user(person: Person, policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    iam = person.account.client("iam")
    iam.create_user(UserName=person.name)
    iam.put_user_policy(UserName=person.name, PolicyName="some", PolicyDocument=policy)
    key = iam.create_access_key(UserName=person.name)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


def test_a_login_without_the_right_is_told_which(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = ["rolesanywhere:List*", "rolesanywhere:CreateTrustAnchor", "rolesanywhere:TagResource", "iam:Get*"]
    statement = {"Effect": "Allow", "Action": [*allowed, "iam:List*"], "Resource": "*"}
    log_in_as_user(person, json.dumps({"Version": "2012-10-17", "Statement": [statement]}), monkeypatch)

    err = person.say(status=1)[1]

    assert f"user/{person.name} may not do iam:CreateRole; give it that permission" in err
    assert f"done: create the trust anchor {person.name}" in err
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "create the trust anchor" not in person.plan()


def test_the_rights_that_the_guide_lists_are_enough(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (ROOT / "docs" / "howto" / "set-up-roles-anywhere.md").read_text()
    documents = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    log_in_as_user(person, documents[0], monkeypatch)

    person.setup()
    drift_profile(person)
    drift_anchor(person)
    drift_role(person)
    person.setup("--duration", "7200")
    person.setup("--delete")

    assert (person.anchor(), person.profile()) == (None, None)


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}, "there is no AWS login"),
        ({"AWS_ACCESS_KEY_ID": "AKIAWRONG", "AWS_SECRET_ACCESS_KEY": "wrong-secret"}, "does not accept your login"),
        ({"AWS_PROFILE": "nobody"}, "in no AWS configuration file"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "no AWS region is chosen"),
        ({"AWS_ENDPOINT_URL": "https://127.0.0.1:1"}, "got no answer"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "the endpoint or its answer cannot be used"),
    ],
)
def test_a_login_that_does_not_hold_is_told_in_one_line(
    person: Person, variables: dict[str, str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    err = person.say(status=1)[1]

    assert why in err
    assert err.count("\n") == 1
    assert "wrong-secret" not in err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--ca", "client-cert.pem"], "is not a CA"),
        (["--ca", "nowhere.pem"], "nowhere.pem cannot be read"),
        (["--ca", "root-key.pem"], "no certificate in PEM"),
        (["--pin", "web"], "pins nothing"),
        (["--duration", "60"], "900 to 43200"),
        (["--manifests", "--namespace", "Not_One"], "no Kubernetes name"),
        (["--delete", "--manifests"], "--delete makes nothing"),
    ],
)
def test_wrong_options_are_told_before_aws_is_called(person: Person, options: list[str], why: str) -> None:
    err = person.say(*options, status=1)[1]

    assert why in err
    assert "Plan" not in err
    assert err.count("\n") == 1
