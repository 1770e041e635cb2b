"""What is the admission policies' own: what they cannot do is said."""

import copy
import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from testbed.cluster import Cluster
from testbed.operator import NAMESPACE
from tests.injection.api import Answer, Api, Object
from tests.injection.policies import policies_in_force
from tests.support.injection import cases, comparable
from tests.support.kubernetes import Sandbox
from tests.support.mesh import mesh

pytestmark = pytest.mark.controlplane

POD = next(case.pod for case in cases() if case.name == "credential-process")


@pytest.fixture(scope="module", autouse=True)
def policies(cluster: Cluster) -> Iterator[None]:
    with policies_in_force(cluster):
        yield


def answer(api: Api, sandbox: Sandbox, *told: str) -> Answer:
    """What becomes of a pod, once the bindings are known by what is told of them."""

    def known() -> Answer | None:
        found = api.try_pod(sandbox.namespace, POD)
        return found if all(any(word in text for text in found.warnings) for word in told) else None

    found: Answer = sandbox.eventually(f"warnings of {told}", known)
    return found


def injected(document: Object) -> list[str]:
    """The Secrets that the pod mounts, of credentials."""
    volumes = [each for each in document["spec"]["volumes"] if each["name"] == "rolebound-aws"]
    sources = [source for volume in volumes for source in volume["projected"]["sources"]]
    return [source["secret"]["name"] for source in sources if "secret" in source]


@pytest.mark.parametrize("delivery", ["StaticFile", "Endpoint"])
def test_second_profile_of_one_is_left_out_by_name(api: Api, sandbox: Sandbox, delivery: str) -> None:
    for name in ("reader", "writer"):
        sandbox.binding("any", name, sessionScope="ServiceAccount", delivery={"type": delivery, "profile": name})

    found = answer(api, sandbox, "is left out")

    [taken] = injected(found.document)
    [left] = {"reader", "writer"} - {taken.split("-")[1]}
    [told] = found.warnings
    assert f"AWSRoleBinding {left} is left out: {delivery} gives a pod one profile" in told
    assert "rolebound.dev/profiles" in told


def test_binding_of_another_delivery_is_left_out_by_name(api: Api, sandbox: Sandbox) -> None:
    sandbox.binding("any", "reader", sessionScope="ServiceAccount")
    sandbox.binding("any", "writer", sessionScope="ServiceAccount", delivery={"type": "Endpoint", "profile": "writer"})

    found = answer(api, sandbox, "AWSRoleBinding")

    [taken] = injected(found.document)
    [told] = found.warnings
    assert ("writer delivers by Endpoint" if "reader" in taken else "reader delivers by CredentialProcess") in told


def test_binding_of_one_pod_alone_is_named_with_what_to_do(api: Api, sandbox: Sandbox) -> None:
    sandbox.binding("any", "mine", sessionScope="Pod")

    found = answer(api, sandbox, "AWSRoleBinding mine is left out: its sessionScope is Pod")

    assert injected(found.document) == []
    assert "rolebound.dev/injected" not in found.document["metadata"].get("annotations", {})


def test_names_too_long_for_a_policy_are_named(api: Api, sandbox: Sandbox) -> None:
    sandbox.binding("any", "n" * 241, sessionScope="ServiceAccount")

    found = answer(api, sandbox, "too long for an admission policy")

    assert injected(found.document) == []


def test_same_profile_twice_is_mounted_once(api: Api, sandbox: Sandbox) -> None:
    """Until the operator has said which of them has lost it, either may win; never both, which no pod could mount."""
    for name in ("first", "second"):
        sandbox.binding("any", name, sessionScope="ServiceAccount")

    found = answer(api, sandbox, "another AWSRoleBinding gives the profile default")

    assert found.status == HTTPStatus.CREATED
    assert len(injected(found.document)) == 1


@pytest.mark.parametrize("namespace", ["kube-system", NAMESPACE])
def test_pods_of_the_cluster_and_of_the_operator_are_never_touched(api: Api, sandbox: Sandbox, namespace: str) -> None:
    pod = POD | {"spec": POD["spec"] | {"serviceAccountName": "default", "os": {"name": "windows"}}}

    found = api.try_pod(namespace, pod)

    assert found.status == HTTPStatus.CREATED, found.message
    assert api.try_pod(sandbox.namespace, pod).denied


def test_pods_of_a_deployment_are_injected(api: Api, sandbox: Sandbox) -> None:
    sandbox.binding("any", sessionScope="ServiceAccount")
    template = {"metadata": {"labels": {"app": "web", "rolebound.dev/inject": "true"}}, "spec": POD["spec"]}
    sandbox.eventually("binding known", lambda: injected(api.try_pod(sandbox.namespace, POD).document))
    sandbox.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": sandbox.namespace},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        }
    )

    def pods() -> list[Object]:
        listed = sandbox.cluster.kubectl("get", "pods", "-n", sandbox.namespace, "-o", "json").stdout
        items: list[Object] = json.loads(listed)["items"]
        return items if len(items) == 2 else []

    for pod in sandbox.eventually("two pods", pods):
        assert injected(pod) == ["rolebound-reader-api"]


@pytest.mark.parametrize(
    "lost", ["label", "credentials file", "variable", "region", "mount"], ids=lambda lost: lost.replace(" ", "-")
)
def test_injected_pod_that_comes_again_gets_back_what_it_lost(api: Api, sandbox: Sandbox, lost: str) -> None:
    sandbox.binding("any", sessionScope="ServiceAccount")
    sandbox.cluster.kubectl("label", "namespace", sandbox.namespace, "rolebound.dev/inject=enabled")
    whole = sandbox.eventually("binding known", lambda: whole_pod(api, sandbox))
    pod = copy.deepcopy(whole)
    [container] = pod["spec"]["containers"]
    match lost:
        case "label":
            del pod["metadata"]["labels"]["rolebound.dev/inject"]
        case "credentials file":
            del pod["metadata"]["annotations"]["rolebound.dev/credentials-file"]
        case "variable":
            container["env"] = [each for each in container["env"] if each["name"] != "AWS_SHARED_CREDENTIALS_FILE"]
        case "region":
            container["env"] = [each for each in container["env"] if "REGION" not in each["name"]]
        case "mount":
            container["volumeMounts"] = [each for each in container["volumeMounts"] if each["name"] != "rolebound-aws"]
    assert pod != whole

    again = api.try_pod(sandbox.namespace, pod).document

    assert with_sorted_variables(again) == with_sorted_variables(whole)


def with_sorted_variables(document: Object) -> Object:
    found = comparable(document)
    for container in found["spec"]["containers"]:
        container["env"].sort(key=lambda variable: variable["name"])
    return found


def whole_pod(api: Api, sandbox: Sandbox) -> Object | None:
    """An injected pod as somebody may take it from the cluster and create it anew."""
    document = api.try_pod(sandbox.namespace, POD).document
    metadata = {key: document["metadata"][key] for key in ("generateName", "labels", "annotations")}
    return {"metadata": metadata, "spec": document["spec"]} if injected(document) else None


@pytest.mark.parametrize("opted_in", ["pod", "namespace"])
def test_container_of_a_webhook_is_equipped_too(api: Api, sandbox: Sandbox, tmp_path: Path, opted_in: str) -> None:
    sandbox.binding("any", sessionScope="ServiceAccount")
    pod = POD
    if opted_in == "namespace":
        sandbox.cluster.kubectl("label", "namespace", sandbox.namespace, "rolebound.dev/inject=enabled")
        pod = POD | {"metadata": {"generateName": "api-"}}

    def meshed() -> list[Object]:
        document = api.try_pod(sandbox.namespace, pod).document
        containers: list[Object] = document["spec"]["containers"]
        return containers if injected(document) and "mesh" in {each["name"] for each in containers} else []

    with mesh(sandbox, tmp_path):
        containers = sandbox.eventually("the webhook is called", meshed)

    for each in containers:
        assert "AWS_SHARED_CREDENTIALS_FILE" in {variable["name"] for variable in each.get("env", [])}, each["name"]


def test_debug_container_that_runs_already_is_not_changed(api: Api, sandbox: Sandbox) -> None:
    """The API server would refuse it, and with it every further debug container of the pod."""
    pod = next(case.patched for case in cases() if case.name == "credential-process") or {}
    without_label = pod | {"metadata": {"generateName": "api-", "annotations": pod["metadata"]["annotations"]}}
    path = f"/api/v1/namespaces/{sandbox.namespace}/pods"
    path += "/" + api.create(path, without_label)["metadata"]["name"]
    debug(api, path, "first")
    api.send("PATCH", path, {"metadata": {"labels": pod["metadata"]["labels"]}}, "application/merge-patch+json")

    found = debug(api, path, "second")

    equipped = {each["name"]: "env" in each for each in found.document["spec"]["ephemeralContainers"]}
    assert equipped == {"first": False, "second": True}


def debug(api: Api, pod: str, name: str) -> Answer:
    patch = {"spec": {"ephemeralContainers": [{"name": name, "image": "example.com/debug"}]}}
    answer = api.send("PATCH", f"{pod}/ephemeralcontainers", patch, "application/strategic-merge-patch+json")
    assert answer.status == HTTPStatus.OK, answer.message
    return answer
