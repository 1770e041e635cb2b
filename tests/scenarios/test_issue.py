"""What a permitted pod and ServiceAccount get."""

import configparser
import json
from datetime import timedelta

import pytest

from rolebound.clock import parse_rfc3339
from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]


def test_pod_gets_a_secret_that_is_the_role(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")

    keys = sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    who = aws.client_as("sts", keys).get_caller_identity()
    assert who["Arn"].endswith(f":assumed-role/{setup.name}/{sandbox.namespace}.api.api-1")
    assert keys["Expiration"].endswith("Z")
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    sandbox.wait_event("api-1", "Issued")


def test_secret_is_owned_typed_and_says_what_issued_it(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    issued = setup.issue()
    sandbox.certificate(setup.name, issued)
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")
    sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    secret = sandbox.get("secret", "api-1-aws")

    pod = sandbox.get("pod", "api-1")
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "api-1", "uid": pod["metadata"]["uid"]}
    assert secret["metadata"]["ownerReferences"] == [owner]
    assert secret["type"] == "rolebound.dev/credentials"
    assert secret["data"].keys() == {"credentials", "credentials.json", "credentials.static", "AWS_REGION"}
    annotations = secret["metadata"]["annotations"]
    assert annotations["rolebound.dev/certificate-serial"] == str(issued.certificate.serial_number)
    told = sandbox.keys("api-1-aws")["Expiration"]  # a minute before the end, for SDKs that ask again only then
    assert parse_rfc3339(annotations["rolebound.dev/expires-at"]) - parse_rfc3339(told) == timedelta(minutes=1)


def test_shared_secret_has_a_stable_name_and_environment_keys(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup), sessionScope="ServiceAccount", delivery={"type": "StaticFile"})

    data = sandbox.eventually("shared Secret", lambda: sandbox.secret("rolebound-reader-api"))

    assert data["AWS_REGION"] == "eu-central-1"
    keys = json.loads(data["credentials.json"])
    assert data["AWS_ACCESS_KEY_ID"] == keys["AccessKeyId"]
    file = configparser.ConfigParser()
    file.read_string(data["credentials"])
    assert dict(file["default"]) == {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    assert "credential_process" not in data["credentials"]


def test_process_file_names_the_mounted_json_and_the_profile(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup), delivery={"profile": "reports"})
    sandbox.pod("api-1")

    data = sandbox.eventually("credentials", lambda: sandbox.secret("api-1-aws"))

    file = configparser.ConfigParser()
    file.read_string(data["credentials"])
    command = "cat /var/run/secrets/rolebound.dev/aws/credentials.json"
    assert dict(file["reports"]) == {"credential_process": command}


def test_own_role_uses_the_certificate_of_its_namespace(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate("own", setup.issue(), namespace=sandbox.namespace)
    spec = {
        "roleARN": setup.role,
        "profileARN": setup.profile,
        "trustAnchorARN": setup.trust_anchor,
        "certificate": {"secretRef": {"name": "own"}},
        "endpointURL": aws.emulator.endpoint_url,
    }
    metadata = {"name": "own", "namespace": sandbox.namespace}
    sandbox.apply({"apiVersion": "rolebound.dev/v1alpha1", "kind": "AWSRole", "metadata": metadata, "spec": spec})
    sandbox.binding("own", roleRef={"kind": "AWSRole", "name": "own"})
    sandbox.pod("api-1")

    assert sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))
    sandbox.cluster.kubectl("wait", "--for=condition=Ready", "awsrole/own", "-n", sandbox.namespace, "--timeout=20s")


def test_intermediate_in_tls_crt_is_sent(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.ca.issue_ca("middle").issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")

    assert sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))


def test_all_three_kinds_can_be_waited_for(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))

    for what in (f"clusterawsrole/{setup.name}", "awsrolebinding/reader"):
        sandbox.cluster.kubectl("wait", "--for=condition=Ready", what, "-n", sandbox.namespace, "--timeout=20s")
    status = sandbox.get("clusterawsrole", setup.name)["status"]
    assert status["certificate"]["subject"] == f"CN=client of {setup.name}"
    assert status["observedGeneration"] == 1
    assert sandbox.condition("clusterawsrole", setup.name, "Assumable")["status"] == "Unknown"


def test_refused_session_name_is_left_out_and_said(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup(accept_names=False)
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")
    sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))
    sandbox.pod("api-2")
    sandbox.eventually("credentials", lambda: sandbox.keys("api-2-aws"))

    said = sandbox.wait_reason("clusterawsrole", setup.name, "SessionNameRefused", "Assumable")

    assert said["status"] == "True"
    assert "acceptRoleSessionName" in said["message"]
    sandbox.wait_event(setup.name, "SessionNameRefused")
    assert len(setup.calls()) == 3  # the refusal is remembered: the second pod costs one call


def test_status_counts_pods_and_is_written_seldom(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    before = sandbox.get("awsrolebinding", "reader")["metadata"]["resourceVersion"]
    for number in range(8):
        sandbox.pod(f"api-{number}")

    def all_counted() -> bool:
        status = sandbox.get("awsrolebinding", "reader")["status"]
        return bool(status.get("readyPods") == status.get("boundPods") == 8)

    sandbox.eventually("eight pods counted", all_counted)

    status = sandbox.get("awsrolebinding", "reader")["status"]
    assert status["earliestExpiry"] > status["lastRefresh"]
    watched = _writes_since(sandbox, before)
    assert watched <= 5, f"{watched} status writes for 8 pods"


def _writes_since(sandbox: Sandbox, resource_version: str) -> int:
    """How many versions of the binding there were since `resource_version`."""
    path = f"/apis/rolebound.dev/v1alpha1/namespaces/{sandbox.namespace}/awsrolebindings"
    query = f"?watch=true&resourceVersion={resource_version}&timeoutSeconds=1"
    events = sandbox.cluster.kubectl("get", "--raw", path + query).stdout
    return len(events.splitlines())
