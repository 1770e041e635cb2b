"""What the chart installs, and what each value changes in it."""

import hashlib
import json
from typing import Any

import pytest
import yaml

from rolebound.settings import read_settings
from testbed.cluster import Cluster
from tests.chart.rendering import CHART, NAMESPACE, render
from tests.support.pki import CA

pytestmark = pytest.mark.controlplane

DEFAULT_KINDS = {
    "CustomResourceDefinition": 3,
    "ServiceAccount": 1,
    "ClusterRole": 1,
    "ClusterRoleBinding": 1,
    "Role": 1,
    "RoleBinding": 1,
    "Deployment": 1,
    "Service": 1,
    "MutatingWebhookConfiguration": 1,
}


def without(*kinds: str) -> dict[str, int]:
    return {kind: count for kind, count in DEFAULT_KINDS.items() if kind not in kinds}


def test_defaults_install_the_operator_its_rights_and_the_kinds(cluster: Cluster) -> None:
    assert render(cluster).kinds == DEFAULT_KINDS


def test_every_namespaced_object_is_in_the_releases_namespace(cluster: Cluster) -> None:
    rendered = render(cluster, aws={"caBundle": "pem"})

    namespaced = [each for kind in ("ServiceAccount", "Deployment", "ConfigMap") for each in rendered.all_of(kind)]
    assert {each["metadata"]["namespace"] for each in namespaced} == {NAMESPACE}


def test_crds_can_be_left_out(cluster: Cluster) -> None:
    assert render(cluster, crds={"install": False}).kinds == without("CustomResourceDefinition")


@pytest.mark.parametrize(("keep", "policy"), [(True, "keep"), (False, None)])
def test_crds_stay_on_uninstall_unless_told_otherwise(cluster: Cluster, keep: bool, policy: str | None) -> None:
    for crd in render(cluster, crds={"keep": keep}).all_of("CustomResourceDefinition"):
        assert crd["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == policy


def test_service_account_can_be_somebody_elses(cluster: Cluster) -> None:
    rendered = render(cluster, serviceAccount={"create": False, "name": "theirs"})

    assert rendered.kinds == without("ServiceAccount")
    assert rendered.pod["spec"]["serviceAccountName"] == "theirs"
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        [subject] = rendered.one(kind)["subjects"]
        assert subject == {"kind": "ServiceAccount", "name": "theirs", "namespace": NAMESPACE}


def test_rights_can_be_given_by_somebody_else(cluster: Cluster) -> None:
    assert render(cluster, rbac={"create": False}).kinds == without(
        "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"
    )


def test_pod_binding_and_account_are_the_same_by_default(cluster: Cluster) -> None:
    rendered = render(cluster)

    name = rendered.one("ServiceAccount")["metadata"]["name"]
    assert rendered.pod["spec"]["serviceAccountName"] == name
    for kind in ("ClusterRole", "Role"):
        binding = rendered.one(f"{kind}Binding")
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}]
        assert binding["roleRef"]["name"] == rendered.one(kind)["metadata"]["name"]


def test_ca_bundle_is_mounted_and_trusted(cluster: Cluster) -> None:
    pem = CA.root().pem.decode()

    rendered = render(cluster, aws={"caBundle": pem})

    config = rendered.one("ConfigMap")
    assert config["data"] == {"ca.crt": pem}
    [volume] = [each for each in rendered.pod["spec"]["volumes"] if "configMap" in each]
    [mount] = [each for each in rendered.container["volumeMounts"] if each["name"] == volume["name"]]
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    assert rendered.environment["AWS_CA_BUNDLE"] == f"{mount['mountPath']}/ca.crt"


def test_new_ca_bundle_makes_a_new_pod(cluster: Cluster) -> None:
    annotation = "checksum/ca-bundle"

    first, second = (render(cluster, aws={"caBundle": pem}).pod["metadata"]["annotations"] for pem in ("a", "b"))

    assert first[annotation] == hashlib.sha256(b"a").hexdigest()
    assert first[annotation] != second[annotation]


def test_proxy_is_for_calls_to_aws(cluster: Cluster) -> None:
    proxy = {"httpsProxy": "http://proxy.internal:3128", "noProxy": "10.96.0.1,.svc"}

    environment = render(cluster, proxy=proxy).environment

    assert environment["HTTPS_PROXY"] == "http://proxy.internal:3128"
    assert environment["NO_PROXY"] == "10.96.0.1,.svc"


def test_neither_proxy_nor_bundle_is_set_unasked(cluster: Cluster) -> None:
    names = {each["name"] for each in render(cluster, injection={"mode": "none"}).container["env"]}

    ours = {f"ROLEBOUND_{name}" for name in ("LEASE", "LOG_FORMAT", "LOG_LEVEL", "SESSIONS_PER_SECOND")}
    assert names == {"POD_NAMESPACE", "POD_NAME"} | ours


def test_settings_reach_the_operator_as_it_reads_them(cluster: Cluster) -> None:
    environment = render(cluster, logFormat="text", logLevel="debug", sessionsPerSecond=2.5).environment

    read = read_settings(environment | {"POD_NAMESPACE": NAMESPACE})

    assert (read.log_format, read.log_level, read.sessions_per_second) == ("text", "debug", 2.5)


def test_probes_ask_the_port_on_which_the_operator_listens(cluster: Cluster) -> None:
    container = render(cluster).container

    read = read_settings({"POD_NAMESPACE": "x"})
    assert container["ports"] == [
        {"name": "http", "containerPort": read.http_port},
        {"name": "webhook", "containerPort": read.webhook_port},
    ]
    probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("liveness", "readiness")}
    assert probes == {"liveness": {"path": "/livez", "port": "http"}, "readiness": {"path": "/readyz", "port": "http"}}


DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({}, "ghcr.io/rolebound/rolebound:{app_version}"),
        ({"tag": "v9"}, "ghcr.io/rolebound/rolebound:v9"),
        ({"tag": "v9", "digest": DIGEST}, f"ghcr.io/rolebound/rolebound@{DIGEST}"),
        ({"repository": "mirror.internal/rolebound"}, "mirror.internal/rolebound:{app_version}"),
    ],
    ids=["default", "tag", "digest", "repository"],
)
def test_image_is_a_digest_or_a_tag_or_the_charts_version(
    cluster: Cluster, image: dict[str, str], expected: str
) -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]

    assert render(cluster, image=image).container["image"] == expected.format(app_version=version)


SCHEDULING: dict[str, Any] = {
    "imagePullSecrets": [{"name": "mirror"}],
    "priorityClassName": "system-cluster-critical",
    "nodeSelector": {"pool": "platform"},
    "tolerations": [{"key": "platform", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}],
}


@pytest.mark.parametrize("value", SCHEDULING)
def test_pods_own_fields_are_passed_on(cluster: Cluster, value: str) -> None:
    assert render(cluster, **{value: SCHEDULING[value]}).pod["spec"][value] == SCHEDULING[value]


def test_pods_and_containers_additions_are_passed_on(cluster: Cluster) -> None:
    extra, resources = [{"name": "AWS_RETRY_MODE", "value": "adaptive"}], {"limits": {"memory": "1Gi"}}
    added = {"podLabels": {"team": "platform"}, "podAnnotations": {"scrape": "yes"}}

    rendered = render(cluster, extraEnv=extra, resources=resources, **added)

    assert extra[0] in rendered.container["env"]
    assert rendered.container["resources"]["limits"] == {"memory": "1Gi"}
    assert rendered.pod["metadata"]["labels"]["team"] == "platform"
    assert rendered.pod["metadata"]["annotations"]["scrape"] == "yes"


def test_names_follow_the_override(cluster: Cluster) -> None:
    rendered = render(cluster, fullnameOverride="aws-access", aws={"caBundle": "pem"})

    ours = [each for each in rendered.objects if each["kind"] != "CustomResourceDefinition"]
    assert all(each["metadata"]["name"].startswith("aws-access") for each in ours)


def test_several_replicas_are_spread_and_drained_one_at_a_time(cluster: Cluster) -> None:
    rendered = render(cluster, replicas=2)

    deployment, budget = rendered.one("Deployment")["spec"], rendered.one("PodDisruptionBudget")["spec"]
    assert deployment["replicas"] == 2
    assert budget == {"maxUnavailable": 1, "selector": deployment["selector"]}
    [spread] = rendered.pod["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"] == deployment["selector"]
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway", "two replicas on a single node are better than one"


def test_single_replica_keeps_no_node_from_being_drained(cluster: Cluster) -> None:
    assert render(cluster).all_of("PodDisruptionBudget") == []


def test_new_replica_is_there_before_an_old_one_ends(cluster: Cluster) -> None:
    strategy = render(cluster).one("Deployment")["spec"]["strategy"]

    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_lease_is_the_one_that_the_operator_may_take(cluster: Cluster) -> None:
    rendered = render(cluster, fullnameOverride="aws-access")

    lease = read_settings(rendered.environment | {"POD_NAMESPACE": NAMESPACE}).lease
    assert [rule.get("resourceNames") for rule in rendered.one("Role")["rules"]] == [[lease], None]


def test_everything_at_once_is_valid_to_the_api_server(cluster: Cluster) -> None:
    values = SCHEDULING | {"aws": {"caBundle": CA.root().pem.decode()}, "fullnameOverride": "other"}
    rendered = render(cluster, replicas=3, proxy={"httpsProxy": "http://p:1", "noProxy": "a"}, **values)
    # Helm owns the CRDs of the test's cluster already.
    ours = [each for each in rendered.objects if each["kind"] != "CustomResourceDefinition"]
    documents = {"apiVersion": "v1", "kind": "List", "items": ours}

    done = cluster.kubectl("create", "--dry-run=server", "-f", "-", "-o", "name", stdin=json.dumps(documents))

    assert len(done.stdout.splitlines()) == len(ours) == 10
