import configparser
import json
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

import pytest

from rolebound.planning.decisions import Facts, pod_credential, shared_credential
from rolebound.planning.rendering import secret_manifest
from tests.support.builders import a_binding, a_pod, a_role, a_session

FACTS = Facts(role=a_role(), namespace_labels={})


def rendered(scope: str, delivery: str) -> dict[str, str]:
    binding = a_binding(sessionScope=scope, delivery={"type": delivery})
    credential = pod_credential(binding, a_pod(), FACTS) if scope == "Pod" else shared_credential(binding, "api", FACTS)
    data = secret_manifest(credential, a_session(), 42)["data"]
    return {key: b64decode(value).decode() for key, value in data.items()}


def test_pods_read_the_expiry_by_awss_clock_and_the_operator_by_its_own() -> None:
    session = replace(a_session(), behind=timedelta(minutes=10))

    manifest = secret_manifest(pod_credential(a_binding(), a_pod(), FACTS), session, 42)

    annotations = manifest["metadata"]["annotations"]
    assert annotations["rolebound.dev/issued-at"] == "2026-11-23T11:50:00Z"
    assert annotations["rolebound.dev/expires-at"] == "2026-11-23T12:50:00Z"
    assert json.loads(b64decode(manifest["data"]["credentials.json"]))["Expiration"] == "2026-11-23T12:59:00Z"


@pytest.mark.parametrize("scope", ["Pod", "ServiceAccount"])
@pytest.mark.parametrize("delivery", ["CredentialProcess", "StaticFile", "Endpoint"])
def test_profile_never_holds_both_keys_and_a_process(scope: str, delivery: str) -> None:
    file = configparser.ConfigParser()
    file.read_string(rendered(scope, delivery)["credentials"])

    keys = set(file["default"])

    assert ("credential_process" in keys) != ("aws_access_key_id" in keys)
    assert ("aws_access_key_id" in keys) == (delivery == "StaticFile")


def test_json_is_what_a_credential_process_prints() -> None:
    assert json.loads(rendered("Pod", "CredentialProcess")["credentials.json"]) == {
        "Version": 1,
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "not-a-secret-key",
        "SessionToken": "not-a-token",
        "Expiration": "2026-11-23T12:59:00Z",  # a minute before AWS's
    }


def test_environment_keys_are_for_shared_secrets_only() -> None:
    assert rendered("ServiceAccount", "StaticFile")["AWS_REGION"] == "eu-central-1"
    assert [key for key in rendered("Pod", "StaticFile") if key.startswith("AWS_")] == ["AWS_REGION"]


@pytest.mark.parametrize("delivery", ["CredentialProcess", "StaticFile", "Endpoint"])
def test_injector_finds_static_keys_whatever_the_binding_delivers(delivery: str) -> None:
    text = rendered("Pod", delivery)["credentials.static"]

    parsed = configparser.ConfigParser()
    parsed.read_string(text)
    assert parsed["default"].keys() == {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}


def test_owner_does_not_block_its_own_deletion() -> None:
    manifest = secret_manifest(pod_credential(a_binding(), a_pod(), FACTS), a_session(), 42)

    (owner,) = manifest["metadata"]["ownerReferences"]
    assert owner.keys() == {"apiVersion", "kind", "name", "uid"}


def test_no_credential_stands_in_metadata() -> None:
    manifest = secret_manifest(pod_credential(a_binding(), a_pod(), FACTS), a_session(), 42)

    text = json.dumps(manifest["metadata"])
    assert "not-a-secret-key" not in text
    assert "not-a-token" not in text


def test_session_does_not_print_its_secrets() -> None:
    assert "not-a" not in repr(a_session())
