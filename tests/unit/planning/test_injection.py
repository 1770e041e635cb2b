"""The change that injection makes; whole pods before and after it stand in tests/vectors/injection."""

import copy
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolebound.errors import SpecInvalid
from rolebound.model.objects import Binding
from rolebound.planning.injection import Injection, injected
from rolebound.planning.podparts import Sidecar
from tests.support.builders import NOON, a_binding

SIDECAR = Sidecar("example.com/rolebound:1", "IfNotPresent", 9913)
AWS = "/var/run/secrets/rolebound.dev/aws"
DELIVERIES = ("CredentialProcess", "StaticFile", "Endpoint")


def a_new_pod(**changes: Any) -> dict[str, Any]:
    """A pod as the API server shows it to an injector: without a name, as a ReplicaSet makes it."""
    metadata = {"generateName": "api-", "namespace": "shop", "labels": {"rolebound.dev/inject": "true"}}
    metadata |= {"annotations": {f"rolebound.dev/{name}": text for name, text in changes.pop("asks", {}).items()}}
    spec = {"serviceAccountName": "api", "containers": [{"name": "app", "image": "x"}]}
    return {"metadata": metadata | changes.pop("metadata", {}), "spec": spec | changes}


def numbered() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"rolebound.{next(numbers):016x}"


def inject(pod: dict[str, Any], *bindings: Binding) -> Injection:
    return injected(pod, bindings or (a_binding(),), numbered(), SIDECAR)


def env(container: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value") for each in container["env"]}


def shared(**changes: Any) -> Binding:
    return a_binding(sessionScope="ServiceAccount", **changes)


def test_pod_of_a_bound_account_reads_its_own_secret() -> None:
    done = inject(a_new_pod())

    assert done.warnings == ()
    annotations = done.pod["metadata"]["annotations"]
    assert annotations["rolebound.dev/secret"] == "reader=rolebound.0000000000000001"
    assert annotations["rolebound.dev/credentials-file"] == (
        f"[default]\ncredential_process = cat {AWS}/default.json\n"
    )
    (container,) = done.pod["spec"]["containers"]
    assert env(container)["AWS_SHARED_CREDENTIALS_FILE"] == f"{AWS}/credentials"
    assert container["volumeMounts"] == [{"name": "rolebound-aws", "mountPath": AWS, "readOnly": True}]


def test_shared_secret_is_no_claim() -> None:
    done = inject(a_new_pod(), shared())

    assert "rolebound.dev/secret" not in done.pod["metadata"]["annotations"]
    sources = done.pod["spec"]["volumes"][0]["projected"]["sources"]
    assert [each["secret"]["name"] for each in sources if "secret" in each] == ["rolebound-reader-api"]


def test_the_given_pod_is_not_changed() -> None:
    pod = a_new_pod()
    before = copy.deepcopy(pod)

    inject(pod)

    assert pod == before


def test_several_bindings_are_profiles_of_one_file_with_default_first() -> None:
    audit = a_binding(name="audit", created=NOON - timedelta(days=1), delivery={"profile": "audit"})

    done = inject(a_new_pod(), audit, a_binding(), shared(name="logs", delivery={"profile": "logs"}))

    text = done.pod["metadata"]["annotations"]["rolebound.dev/credentials-file"]
    assert [line for line in text.splitlines() if line.startswith("[")] == ["[default]", "[audit]", "[logs]"]
    assert done.pod["metadata"]["annotations"]["rolebound.dev/secret"].count("=") == 2
    assert len(done.pod["spec"]["volumes"]) == 1


def test_older_binding_wins_its_profile() -> None:
    older = a_binding(name="older", created=NOON - timedelta(days=1))

    done = inject(a_new_pod(), a_binding(), older)

    assert done.pod["metadata"]["annotations"]["rolebound.dev/secret"].startswith("older=")


def test_sidecar_comes_before_the_init_containers_and_alone_sees_the_keys() -> None:
    pod = a_new_pod(asks={"delivery": "Endpoint"}, initContainers=[{"name": "migrate", "image": "x"}])

    spec = inject(pod).pod["spec"]

    sidecar, migrate = spec["initContainers"]
    assert (sidecar["name"], sidecar["restartPolicy"]) == ("rolebound-endpoint", "Always")
    assert "rolebound-aws" in {mount["name"] for mount in sidecar["volumeMounts"]}
    for container in (migrate, *spec["containers"]):
        assert [mount["name"] for mount in container["volumeMounts"]] == ["rolebound-endpoint"]
        assert env(container)["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "http://127.0.0.1:9913/v1/credentials"


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("binding", [a_binding(), shared()], ids=["Pod", "ServiceAccount"])
def test_injecting_twice_equals_injecting_once(delivery: str, binding: Binding) -> None:
    once = inject(a_new_pod(asks={"delivery": delivery}), binding)

    assert inject(once.pod, binding) == once


def test_container_that_came_after_the_first_injection_gets_its_share() -> None:
    pod = inject(a_new_pod()).pod
    pod["spec"]["containers"].append({"name": "mesh", "image": "x"})

    again = inject(pod).pod

    assert env(again["spec"]["containers"][1]) == env(again["spec"]["containers"][0])


def test_what_another_injector_left_out_is_added() -> None:
    by_policy = inject(a_new_pod(), shared()).pod

    done = inject(by_policy, shared(), a_binding(name="mine", delivery={"profile": "mine"}))

    assert done.pod["metadata"]["annotations"]["rolebound.dev/secret"].startswith("mine=")
    assert "[mine]" in done.pod["metadata"]["annotations"]["rolebound.dev/credentials-file"]


@pytest.mark.parametrize("delivery", ["StaticFile", "Endpoint"])
def test_second_profile_is_left_out_where_only_one_can_be_given(delivery: str) -> None:
    done = inject(a_new_pod(asks={"delivery": delivery}), a_binding(name="audit", delivery={"profile": "a"}), shared())

    assert len(done.warnings) == 1
    assert "AWSRoleBinding audit is left out" in done.warnings[0]
    assert "rolebound.dev/profiles" in done.warnings[0]


def test_binding_with_another_delivery_is_left_out() -> None:
    audit = a_binding(name="audit", delivery={"profile": "audit", "type": "StaticFile"})

    done = inject(a_new_pod(), a_binding(), audit)

    assert "AWSRoleBinding audit delivers by StaticFile" in done.warnings[0]


def test_annotation_chooses_profiles() -> None:
    audit = a_binding(name="audit", delivery={"profile": "audit"})

    done = inject(a_new_pod(asks={"profiles": "audit, nobodys"}), a_binding(), audit)

    assert "[default]" not in done.pod["metadata"]["annotations"]["rolebound.dev/credentials-file"]
    assert done.warnings == (
        "annotation rolebound.dev/profiles names 'nobodys', which no AWSRoleBinding gives ServiceAccount api",
    )


def test_annotation_chooses_containers() -> None:
    pod = a_new_pod(asks={"containers": "app,gone"}, initContainers=[{"name": "migrate", "image": "x"}])

    done = inject(pod)

    assert "env" not in done.pod["spec"]["initContainers"][0]
    assert env(done.pod["spec"]["containers"][0])
    assert "'gone', and the pod has no such container" in done.warnings[0]


def test_account_without_a_binding_is_named_and_its_pod_unchanged() -> None:
    pod = a_new_pod(serviceAccountName="other")

    done = inject(pod)

    assert done.pod == pod
    assert "no AWSRoleBinding in namespace shop names ServiceAccount other" in done.warnings[0]


@pytest.mark.parametrize("region", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_region_of_the_pod_stays(region: str) -> None:
    containers = [{"name": "app", "image": "x", "env": [{"name": region, "value": "eu-west-3"}]}]

    (container,) = inject(a_new_pod(containers=containers)).pod["spec"]["containers"]

    assert [each["name"] for each in container["env"] if "REGION" in each["name"]] == [region]


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"labels": {"rolebound.dev/inject": "false"}}, "opted out"),
        ({"annotations": {"kubernetes.io/config.mirror": "x"}}, "mirror pod"),
        ({"annotations": {"rolebound.dev/secret": "api-1-aws"}}, "mounts by hand"),
    ],
)
def test_pod_is_left_alone(metadata: dict[str, Any], why: str) -> None:
    pod = a_new_pod(metadata=metadata)

    assert inject(pod) == Injection(pod), why


HOSTILE = ["../x", "a\nb", "x" * 5000, "", "[default]", "a,,b", ",".join("a" * 200)]


@pytest.mark.parametrize("annotation", ["delivery", "containers", "profiles"])
@pytest.mark.parametrize("text", HOSTILE)
def test_annotation_out_of_form_is_refused_in_one_short_line(annotation: str, text: str) -> None:
    with pytest.raises(SpecInvalid, match=f"annotation rolebound.dev/{annotation}") as refused:
        inject(a_new_pod(asks={annotation: text}))

    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "spec",
    [
        {"os": {"name": "windows"}},
        {"nodeSelector": {"kubernetes.io/os": "windows"}},
    ],
)
def test_windows_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(SpecInvalid, match="does not serve Windows"):
        inject(a_new_pod(**spec))


def test_endpoint_on_the_nodes_own_network_is_refused() -> None:
    with pytest.raises(SpecInvalid, match="hostNetwork"):
        inject(a_new_pod(asks={"delivery": "Endpoint"}, hostNetwork=True))

    assert inject(a_new_pod(hostNetwork=True)).warnings == ()


def test_root_pod_does_not_make_the_sidecar_root() -> None:
    pod = a_new_pod(asks={"delivery": "Endpoint"}, securityContext={"runAsUser": 0})

    sidecar = inject(pod).pod["spec"]["initContainers"][0]

    assert sidecar["securityContext"]["runAsUser"] == 65532


def test_volume_of_the_same_name_is_left_alone_and_named() -> None:
    pod = a_new_pod(volumes=[{"name": "rolebound-aws", "emptyDir": {}}])

    done = inject(pod)

    assert done.pod == pod
    assert "has a volume 'rolebound-aws' of its own" in done.warnings[0]


def test_claim_to_be_injected_already_does_not_make_a_foreign_volume_ours() -> None:
    pod = a_new_pod(asks={"injected": "Endpoint"}, volumes=[{"name": "rolebound-aws", "emptyDir": {}}])

    assert inject(pod).pod == pod


CONFLICTING = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SHARED_CREDENTIALS_FILE": "/elsewhere",
    "AWS_ROLE_ARN": "x",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "x",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "AWS_PROFILE": "another",
}


@pytest.mark.parametrize(("name", "value"), CONFLICTING.items())
def test_variable_that_wins_stays_and_is_named(name: str, value: str) -> None:
    containers = [{"name": "app", "image": "x", "env": [{"name": name, "value": value}]}]

    done = inject(a_new_pod(containers=containers))

    assert env(done.pod["spec"]["containers"][0])[name] == value
    assert len(done.warnings) == 1
    assert f"container 'app' sets {name}" in done.warnings[0]
    assert "remove" in done.warnings[0]


def test_mount_at_our_path_stays_and_is_named() -> None:
    mount = {"name": "mine", "mountPath": f"{AWS}/"}

    done = inject(a_new_pod(containers=[{"name": "app", "image": "x", "volumeMounts": [mount]}]))

    assert done.pod["spec"]["containers"][0]["volumeMounts"] == [mount]
    assert "mounts 'mine' at" in done.warnings[0]


TEXTS = st.text(max_size=30) | st.sampled_from([*DELIVERIES, "default", "app", "audit,default", "reader=a,b"])


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a busy machine, which says nothing of the code
@given(st.dictionaries(st.sampled_from(["delivery", "containers", "profiles", "secret", "injected"]), TEXTS))
def test_whatever_annotations_say_a_pod_is_refused_or_injected_for_good(asks: dict[str, str]) -> None:
    bindings = (a_binding(), shared(name="audit", delivery={"profile": "audit"}))
    new_name = numbered()
    try:
        once = injected(a_new_pod(asks=asks), bindings, new_name, SIDECAR)
    except SpecInvalid:
        return

    assert injected(once.pod, bindings, new_name, SIDECAR) == once
