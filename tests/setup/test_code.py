"""`rolebound setup --format`: the same as code, and no AWS."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from rolebound.cli.pki import main as pki
from rolebound.cli.setup import main
from rolebound.provision.code import code
from rolebound.provision.desired import WALK_THROUGH_POLICIES, Desired, Names
from rolebound.provision.trust import Pin, trust_policy

OWN = "arn:aws:iam::111122223333:policy/own"
DESIRED = Desired(
    Names("readers", "reading"),
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    policies=("ReadOnlyAccess", OWN),
    pins=(Pin.parse("CN=web"),),
)
TAGS = [{"Key": "rolebound.dev/setup", "Value": "readers"}]


@pytest.fixture
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(code(DESIRED, "cloudformation"))
    return loaded


@pytest.fixture
def terraform() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(code(DESIRED, "terraform"))
    return loaded


def test_cloudformation_says_what_setup_would_make(template: dict[str, Any]) -> None:
    anchor, role, profile = (template["Resources"][name]["Properties"] for name in ("TrustAnchor", "Role", "Profile"))

    arn = {"Fn::GetAtt": ["TrustAnchor", "TrustAnchorArn"]}
    assert anchor["Source"]["SourceData"] == {"X509CertificateData": DESIRED.bundle}
    assert role["AssumeRolePolicyDocument"] == trust_policy(arn, DESIRED.pins)
    assert role["ManagedPolicyArns"] == [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess"}, OWN]
    assert [policy["Fn::Sub"].rpartition("/")[2] for policy in profile["ManagedPolicyArns"]] == [*WALK_THROUGH_POLICIES]
    assert (profile["DurationSeconds"], profile["AcceptRoleSessionName"]) == (3600, True)
    assert anchor["Tags"] == role["Tags"] == profile["Tags"] == TAGS
    assert (role["RoleName"], anchor["Name"], profile["Name"]) == ("reading", "readers", "readers")


def test_cloudformation_refers_to_nothing_that_is_not_there(template: dict[str, Any]) -> None:
    text = json.dumps(template)

    referred = {part.split('"')[1] for part in text.split('"Fn::GetAtt": [')[1:]}
    assert referred == set(template["Resources"])


def test_terraform_says_what_setup_would_make(terraform: dict[str, Any]) -> None:
    resources = terraform["resource"]
    anchor = resources["aws_rolesanywhere_trust_anchor"]["this"]
    role = resources["aws_iam_role"]["this"]
    profile = resources["aws_rolesanywhere_profile"]["this"]

    arn = "${aws_rolesanywhere_trust_anchor.this.arn}"
    assert anchor["source"]["source_data"] == {"x509_certificate_data": DESIRED.bundle}
    assert json.loads(role["assume_role_policy"]) == trust_policy(arn, DESIRED.pins)
    attached = [each["policy_arn"] for each in resources["aws_iam_role_policy_attachment"].values()]
    assert attached == ["arn:${data.aws_partition.current.partition}:iam::aws:policy/ReadOnlyAccess", OWN]
    assert (profile["duration_seconds"], profile["accept_role_session_name"]) == (3600, True)
    assert anchor["tags"] == role["tags"] == profile["tags"] == {"rolebound.dev/setup": "readers"}


@pytest.mark.parametrize("form", ["cloudformation", "terraform"])
def test_code_needs_no_login(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:1")
    pki(["init", "--unencrypted"])
    capsys.readouterr()

    assert main(["--format", form, "--pin", "CN=web"]) == 0

    assert "x509Subject/CN" in capsys.readouterr().out
