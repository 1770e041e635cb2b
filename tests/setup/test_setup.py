"""`rolebound setup` against the stand-in, with boto3's ordinary clients."""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from rolebound.cli.pki import main as pki
from rolebound.cli.setup import main
from rolebound.errors import SessionDenied
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, Session, SessionRequest
from rolebound.provision.desired import TAG
from rolebound.rolesanywhere.client import RolesAnywhere
from testbed.operator import ROOT
from tests.support import aws as aws_support
from tests.support.aws import REGION, Aws


@dataclass
class Person:
    """Runs the command under a name of the test's own, and looks at what came of it."""

    account: Aws
    folder: Path
    capsys: pytest.CaptureFixture[str]
    name: str

    def setup(self, *options: str, status: int = 0) -> str:
        """Standard output."""
        return self.say(*options, status=status)[0]

    def plan(self, *options: str) -> str:
        """Standard error, where the plan is."""
        return self.say(*options)[1]

    def say(self, *options: str, status: int = 0) -> tuple[str, str]:
        self.capsys.readouterr()
        given = main(["--name", self.name, *options])
        told = self.capsys.readouterr()
        assert given == status, told.err
        return told.out, told.err

    def arns(self, *options: str) -> dict[str, str]:
        loaded: dict[str, str] = json.loads(self.setup("--output", "json", *options))
        return loaded

    def anchor(self) -> Any:
        return self._one("list_trust_anchors", "trustAnchors")

    def profile(self) -> Any:
        return self._one("list_profiles", "profiles")

    def role(self) -> Any:
        return self.account.client("iam").get_role(RoleName=self.name)["Role"]

    def policies(self) -> set[str]:
        attached = self.account.client("iam").list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]
        return {each["PolicyName"] for each in attached}

    def session(self, arns: dict[str, str], folder: str = ".") -> Session:
        """A session with the client certificate in `folder`."""
        pair = [(self.folder / folder / name).read_bytes() for name in ("client-cert.pem", "client-key.pem")]
        request = SessionRequest(
            trust_anchor=TrustAnchorArn.parse(arns["trustAnchorARN"]),
            profile=ProfileArn.parse(arns["profileARN"]),
            role=RoleArn.parse(arns["roleARN"]),
            duration=timedelta(hours=1),
            session_name="shop.web.web-1",
        )
        endpoint = Endpoint(REGION, self.account.emulator.endpoint_url)
        return RolesAnywhere().create_session(SigningIdentity.from_pem(*pair), request, endpoint)

    def _one(self, operation: str, several: str) -> Any:
        listed = getattr(self.account.client("rolesanywhere"), operation)()[several]
        named = [each for each in listed if each["name"] == self.name]
        assert len(named) <= 1
        return named[0] if named else None


@pytest.fixture
def person(account: Aws, shell: Path, capsys: pytest.CaptureFixture[str]) -> Person:
    assert pki(["init"]) == 0
    assert pki(["issue", "--subject", "CN=web,OU=shop", "--dns", "web.example"]) == 0
    return Person(account, shell, capsys, f"set-up-{uuid.uuid4().hex[:8]}")


def test_a_certificate_becomes_the_role_and_reads_and_does_not_write(person: Person) -> None:
    arns = person.arns("--pin", "CN=web", "--pin", "OU=shop", "--pin", "DNS=web.example")

    keys = person.session(arns).credentials
    session = {"AccessKeyId": keys.access_key_id, "SecretAccessKey": keys.secret_access_key}
    session["SessionToken"] = keys.session_token

    who = person.account.client_as("sts", session).get_caller_identity()["Arn"]
    assert who.endswith(f"assumed-role/{person.name}/shop.web.web-1")
    person.account.client_as("s3", session).list_buckets()
    with pytest.raises(ClientError, match="AccessDenied"):
        person.account.client_as("s3", session).create_bucket(Bucket="stolen")


@pytest.mark.parametrize("pin", ["CN=other", "OU=stock", "DNS=other.example", "URI=spiffe://example/web"])
def test_another_certificate_of_the_same_ca_does_not_become_it(person: Person, pin: str) -> None:
    arns = person.arns("--pin", pin)

    with pytest.raises(SessionDenied):
        person.session(arns)


def test_everything_is_as_in_the_walk_through(person: Person) -> None:
    person.setup()

    assert person.policies() == {"ReadOnlyAccess", "IAMAccessAnalyzerReadOnlyAccess"}
    profile = person.profile()
    assert {arn.rpartition("/")[2] for arn in profile["managedPolicyArns"]} == person.policies()
    assert (profile["durationSeconds"], profile["acceptRoleSessionName"], profile["enabled"]) == (3600, True, True)
    trust = person.role()["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Condition"] == {"ArnEquals": {"aws:SourceArn": person.anchor()["trustAnchorArn"]}}
    assert {each["Key"]: each["Value"] for each in person.role()["Tags"]} == {TAG: person.name}


def test_a_second_run_does_nothing_and_prints_the_same(person: Person) -> None:
    first = person.setup()
    calls = person.anchor(), person.profile(), person.role()

    out, err = person.say()

    assert out == first
    assert "nothing: all is as it should be" in err
    assert (person.anchor(), person.profile(), person.role()) == calls


def test_a_second_run_finds_its_own_among_many_others(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(variable, "eu-west-1")
    client = boto3.session.Session().client("rolesanywhere")
    for number in range(101):
        client.create_profile(name=f"other-{number}", roleArns=[])

    person.setup()

    assert "nothing: all is as it should be" in person.plan()


def test_the_arns_are_lines_that_a_shell_reads(person: Person) -> None:
    lines = dict(line.split("=", 1) for line in person.setup().splitlines())

    assert list(lines) == ["TRUST_ANCHOR_ARN", "PROFILE_ARN", "ROLE_ARN"]
    assert lines["ROLE_ARN"] == person.role()["Arn"]


def test_a_dry_run_shows_the_plan_and_makes_nothing(person: Person) -> None:
    out, err = person.say("--dry-run")

    assert out == ""
    assert f"create the trust anchor {person.name}" in err
    assert "as arn:aws:iam::444455556666:user/administrator" in err
    assert "done:" not in err
    assert person.anchor() is None


def test_other_policies_and_a_longer_session(person: Person) -> None:
    person.setup("--policy", "AmazonS3ReadOnlyAccess", "--no-session-policy", "--duration", "7200")

    assert person.policies() == {"AmazonS3ReadOnlyAccess"}
    assert person.profile()["managedPolicyArns"] == []
    assert (person.profile()["durationSeconds"], person.role()["MaxSessionDuration"]) == (7200, 7200)


def drift_anchor(person: Person) -> None:
    anchor = person.anchor()["trustAnchorId"]
    person.account.client("rolesanywhere").disable_trust_anchor(trustAnchorId=anchor)


def drift_profile(person: Person) -> None:
    profile = person.profile()["profileId"]
    person.account.client("rolesanywhere").update_profile(
        profileId=profile, roleArns=[], managedPolicyArns=[], durationSeconds=900, acceptRoleSessionName=False
    )


def drift_role(person: Person) -> None:
    iam = person.account.client("iam")
    iam.attach_role_policy(RoleName=person.name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.detach_role_policy(RoleName=person.name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    open_to_all = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam.update_assume_role_policy(RoleName=person.name, PolicyDocument=json.dumps(open_to_all))


@pytest.mark.parametrize("drift", [drift_anchor, drift_profile, drift_role])
def test_drift_is_repaired_in_place(person: Person, drift: Callable[[Person], None]) -> None:
    arns = person.arns("--pin", "CN=web")
    person.session(arns)
    policies, trust = person.policies(), person.role()["AssumeRolePolicyDocument"]
    drift(person)

    assert person.arns("--pin", "CN=web") == arns

    person.session(arns)
    assert (person.policies(), person.role()["AssumeRolePolicyDocument"]) == (policies, trust)


def test_a_new_ca_is_added_beside_the_old_one(person: Person) -> None:
    arns = person.arns()
    pki(["init", "--dir", "new"])
    pki(["issue", "--dir", "new", "--subject", "web"])
    Path("both.pem").write_bytes(Path("root-cert.pem").read_bytes() + Path("new/root-cert.pem").read_bytes())

    assert person.arns("--ca", "both.pem") == arns

    person.session(arns)
    person.session(arns, "new")


def test_delete_takes_away_exactly_what_was_made(person: Person) -> None:
    iam = person.account.client("iam")
    iam.create_role(RoleName=f"{person.name}-theirs", AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    person.setup()

    err = person.plan("--delete")

    assert f"done: delete the role {person.name}" in err
    assert (person.anchor(), person.profile()) == (None, None)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        person.role()
    assert iam.get_role(RoleName=f"{person.name}-theirs")
    assert "nothing" in person.plan("--delete")


def test_delete_after_a_dry_run_is_still_to_do(person: Person) -> None:
    person.setup()

    assert f"delete the trust anchor {person.name}" in person.plan("--delete", "--dry-run")
    assert person.anchor() is not None


def test_delete_leaves_what_somebody_else_made_by_the_same_name(person: Person) -> None:
    client = person.account.client("rolesanywhere")
    client.create_profile(name=person.name, roleArns=["arn:aws:iam::444455556666:role/theirs"], enabled=True)

    assert "nothing" in person.plan("--delete")
    assert person.profile() is not None


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


def test_manifests_name_what_was_made(person: Person) -> None:
    out = person.setup("--manifests", "--namespace", "shop", "--service-account", "web", "--secret", "tls")

    role, binding = yaml.safe_load_all(out)
    assert role["spec"]["roleARN"] == person.role()["Arn"]
    assert role["spec"]["profileARN"] == person.profile()["profileArn"]
    assert role["spec"]["trustAnchorARN"] == person.anchor()["trustAnchorArn"]
    assert role["spec"]["certificate"] == {"secretRef": {"name": "tls"}}
    assert role["spec"]["allowedNamespaces"] == {"names": ["shop"]}
    assert binding["metadata"] == {"name": person.name, "namespace": "shop"}
    assert binding["spec"]["subjects"] == [{"kind": "ServiceAccount", "name": "web"}]
    assert f"# ROLE_ARN={person.role()['Arn']}" in out


def test_another_partition_has_its_own_policies(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    china = aws_support.start(account="777788889999", region="cn-north-1")
    try:
        monkeypatch.setenv("AWS_ENDPOINT_URL", china.endpoint_url)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(china.ca_file))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(china.credentials_file))
        monkeypatch.setenv("AWS_REGION", "cn-north-1")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-north-1")

        arns = person.arns()
        attached = (
            boto3.session.Session().client("iam").list_attached_role_policies(RoleName=person.name)["AttachedPolicies"]
        )
    finally:
        china.stop()

    assert {arn.split(":")[1] for arn in arns.values()} == {"aws-cn"}
    assert "arn:aws-cn:iam::aws:policy/ReadOnlyAccess" in {each["PolicyArn"] for each in attached}
