"""The webhook as the API server calls it: by its Service, with the certificate that the operator made."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from testbed.cluster import Cluster
from testbed.operator import NAMESPACE, WEBHOOK, Operator
from tests.scenarios.webhook import IMAGE, LABEL, bound, claim, create, is_injected, plain_pod
from tests.support.aws import Aws
from tests.support.kubernetes import NOWHERE, Sandbox
from tests.support.mesh import mesh
from tests.support.pki import CA

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("webhook")]


def test_labelled_pod_gets_everything_and_its_secret_comes(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    bound(sandbox, setup)

    pod, said = create(sandbox, plain_pod(initContainers=[{"name": "migrate", "image": IMAGE}]))

    assert said == ""
    assert is_injected(pod)
    keys = sandbox.eventually("credentials", lambda: sandbox.keys(claim(pod)))
    assert aws.client_as("sts", keys).get_caller_identity()["Arn"].endswith(f"{sandbox.namespace}.api.web")


def test_namespace_that_opted_in_labels_its_pods(aws: Aws, sandbox: Sandbox) -> None:
    bound(sandbox, aws.setup())
    sandbox.cluster.kubectl("label", "namespace", sandbox.namespace, "rolebound.dev/inject=enabled")

    pod, _ = create(sandbox, plain_pod(labels=None))
    opted_out, _ = create(sandbox, plain_pod("other", labels={"rolebound.dev/inject": "false"}))

    assert is_injected(pod)
    assert pod["metadata"]["labels"] == LABEL
    assert "rolebound-aws" not in str(opted_out)


def test_pod_that_did_not_opt_in_is_left_alone(aws: Aws, sandbox: Sandbox) -> None:
    bound(sandbox, aws.setup())

    pod, said = create(sandbox, plain_pod(labels=None))

    assert said == ""
    assert "rolebound-aws" not in str(pod)
    assert pod["metadata"].get("annotations", {}) == {}


def test_kubectl_run_is_injected(aws: Aws, sandbox: Sandbox) -> None:
    bound(sandbox, aws.setup())
    overrides = json.dumps({"spec": {"serviceAccountName": "api", "nodeSelector": NOWHERE}})
    run = ["run", "tool", f"--image={IMAGE}", "--labels=rolebound.dev/inject=true", f"--overrides={overrides}"]

    sandbox.cluster.kubectl(*run, "-n", sandbox.namespace)

    assert is_injected(sandbox.get("pod", "tool"))


def test_each_pod_of_a_deployment_has_a_secret_of_its_own(aws: Aws, sandbox: Sandbox) -> None:
    bound(sandbox, aws.setup())
    pod = plain_pod(labels=LABEL | {"app": "web"})
    template = {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]}
    metadata = {"name": "web", "namespace": sandbox.namespace}
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    sandbox.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})

    pods = sandbox.eventually("three pods", lambda: three(pods_of(sandbox)))

    claims = {claim(pod) for pod in pods}
    assert len(claims) == 3
    sandbox.eventually("three Secrets", lambda: all(sandbox.keys(name) for name in claims))


def pods_of(sandbox: Sandbox) -> list[dict[str, Any]]:
    listed = sandbox.cluster.kubectl("get", "pods", "-n", sandbox.namespace, "-o", "json").stdout
    found: list[dict[str, Any]] = json.loads(listed)["items"]
    return found


def three(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return found if len(found) == 3 else []


def test_binding_and_pod_may_come_in_one_file(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    role = sandbox.cluster_role(setup)
    binding: dict[str, Any] = {
        "apiVersion": "rolebound.dev/v1alpha1",
        "kind": "AWSRoleBinding",
        "metadata": {"name": "reader"},
        "spec": {
            "subjects": [{"kind": "ServiceAccount", "name": "api"}],
            "roleRef": {"kind": "ClusterAWSRole", "name": role},
        },
    }
    pods = [plain_pod(f"web-{number}") for number in range(3)]
    both = {"apiVersion": "v1", "kind": "List", "items": [binding, *pods]}

    done = sandbox.cluster.kubectl("create", "-n", sandbox.namespace, "-f", "-", stdin=json.dumps(both))

    assert "Warning" not in done.stderr
    assert all(is_injected(pod) for pod in three(pods_of(sandbox)))


def test_injected_pod_that_comes_again_stays_as_it_is(aws: Aws, sandbox: Sandbox) -> None:
    bound(sandbox, aws.setup())
    first, _ = create(sandbox, plain_pod())
    kept = {"labels": first["metadata"]["labels"], "annotations": first["metadata"]["annotations"]}
    again = first | {"metadata": {"name": "again", **kept}, "status": {}}

    second, said = create(sandbox, again, "--dry-run=server")

    assert said == ""
    assert second["spec"] == first["spec"]
    assert second["metadata"]["annotations"] == first["metadata"]["annotations"]


@pytest.mark.parametrize("opted_in", ["pod", "namespace"])
def test_container_of_a_later_webhook_is_equipped_too(
    aws: Aws, sandbox: Sandbox, tmp_path: Path, opted_in: str
) -> None:
    bound(sandbox, aws.setup())
    if opted_in == "namespace":
        sandbox.cluster.kubectl("label", "namespace", sandbox.namespace, "rolebound.dev/inject=enabled")
    labels = LABEL if opted_in == "pod" else None
    with mesh(sandbox, tmp_path):
        pod = sandbox.eventually("the other webhook is called", lambda: meshed(sandbox, labels))

    assert is_injected(pod)
    assert [each["name"] for each in pod["spec"]["volumes"]].count("rolebound-aws") == 1


def meshed(sandbox: Sandbox, labels: dict[str, str] | None) -> dict[str, Any]:
    pod, _ = create(sandbox, plain_pod(labels=labels), "--dry-run=server")
    is_whole = len(pod["spec"]["containers"]) == 2 and "rolebound-aws" in str(pod)
    return pod if is_whole else {}


def test_ephemeral_container_of_an_injected_pod_sees_the_credentials(aws: Aws, sandbox: Sandbox) -> None:
    bound(sandbox, aws.setup())
    create(sandbox, plain_pod())

    debug = ["debug", "web", f"--image={IMAGE}", "--container=debugger", "--attach=false"]
    sandbox.cluster.kubectl(*debug, "-n", sandbox.namespace)

    [container] = sandbox.get("pod", "web")["spec"]["ephemeralContainers"]
    assert [each["mountPath"] for each in container["volumeMounts"]] == ["/var/run/secrets/rolebound.dev/aws"]
    assert "AWS_SHARED_CREDENTIALS_FILE" in {each["name"] for each in container["env"]}


def test_unbound_account_is_warned_of_by_name_and_the_pod_starts(sandbox: Sandbox) -> None:
    pod, said = create(sandbox, plain_pod())

    assert "Warning: no AWSRoleBinding in namespace" in said
    assert f"{sandbox.namespace} names ServiceAccount api" in said
    assert "rolebound-aws" not in str(pod)


@pytest.mark.parametrize(
    ("pod", "sentence"),
    [
        (
            plain_pod(annotations={"rolebound.dev/delivery": "Pigeon"}),
            "annotation rolebound.dev/delivery is 'Pigeon'; it may be CredentialProcess, StaticFile, Endpoint",
        ),
        (
            plain_pod(annotations={"rolebound.dev/containers": "../app\n[default]"}),
            r"'../app\n[default]' is not a container's name",
        ),
        (plain_pod(os={"name": "windows"}), "rolebound does not serve Windows pods"),
        (
            plain_pod(hostNetwork=True, annotations={"rolebound.dev/delivery": "Endpoint"}),
            "which a pod with hostNetwork shares with every process of its node",
        ),
    ],
    ids=["delivery", "containers", "windows", "hostNetwork"],
)
def test_what_cannot_be_is_refused_in_words(
    aws: Aws, sandbox: Sandbox, webhook: Operator, pod: dict[str, Any], sentence: str
) -> None:
    bound(sandbox, aws.setup())

    admitted, said = create(sandbox, pod)

    assert admitted == {}
    assert 'admission webhook "pod.inject.rolebound.dev" denied the request: ' in said
    assert sentence in said
    refusals = [line for line in webhook.log().splitlines() if sandbox.namespace in line and "pod_refused" in line]
    assert [json.loads(line)["reason"] for line in refusals] == ["SpecInvalid"]
    assert "failed permanently" not in webhook.log()


def test_dry_run_leaves_nothing(aws: Aws, sandbox: Sandbox, webhook: Operator) -> None:
    bound(sandbox, aws.setup())
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")

    pod, _ = create(sandbox, plain_pod(), "--dry-run=server")
    real, _ = create(sandbox, plain_pod("real"))

    assert is_injected(pod)
    sandbox.eventually("credentials of the real one", lambda: sandbox.keys(claim(real)))
    listed = sandbox.cluster.kubectl("get", "secrets", "-n", sandbox.namespace, "-o", "name").stdout
    assert listed.split() == [f"secret/{claim(real)}"]
    assert "admission_failed" not in webhook.log()


@pytest.mark.parametrize("op", ["remove", "replace"])
def test_ca_bundle_that_somebody_changed_is_mended(cluster: Cluster, sandbox: Sandbox, op: str) -> None:
    right = ca_bundles(cluster)
    another = base64.b64encode(CA.root().pem).decode()
    paths = [f"/webhooks/{number}/clientConfig/caBundle" for number in (0, 1)]
    change = [{"op": op, "path": path} | ({"value": another} if op == "replace" else {}) for path in paths]

    cluster.kubectl("patch", "mutatingwebhookconfiguration", WEBHOOK, "--type=json", "-p", json.dumps(change))

    assert ca_bundles(cluster) != right
    sandbox.eventually("mended", lambda: ca_bundles(cluster) == right, 15)
    assert len(right) == 1
    sandbox.eventually("admitted", lambda: create(sandbox, plain_pod(), "--dry-run=server")[0])


def ca_bundles(cluster: Cluster) -> set[str]:
    listed = cluster.kubectl("get", "mutatingwebhookconfiguration", WEBHOOK, "-o", "json").stdout
    return {each["clientConfig"].get("caBundle", "") for each in json.loads(listed)["webhooks"]}


def test_key_is_in_the_secret_alone(cluster: Cluster, webhook: Operator) -> None:
    secret = json.loads(cluster.kubectl("get", "secret", WEBHOOK, "-n", NAMESPACE, "-o", "json").stdout)

    assert secret["type"] == "kubernetes.io/tls"
    assert sorted(secret["data"]) == ["ca.crt", "tls.crt", "tls.key"]
    assert "PRIVATE KEY" not in webhook.log()
    assert secret["data"]["tls.key"][100:140] not in webhook.log()
