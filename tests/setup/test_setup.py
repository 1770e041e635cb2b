"""`rolebound setup` against the stand-in, with boto3's ordinary clients."""

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from rolebound.errors import SessionDenied
from rolebound.provision.desired import TAG
from tests.setup.person import Person
from tests.support import aws as aws_support


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
