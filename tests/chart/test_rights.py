"""What the operator may do and what it may not, as the chart says and as the API server judges."""

import json
from itertools import product

import pytest

from testbed.cluster import Cluster
from tests.chart.rendering import NAMESPACE, Object, render

pytestmark = pytest.mark.controlplane

IDENTITY = f"system:serviceaccount:{NAMESPACE}:rolebound"
Right = tuple[str, str, str]


def rights(group: str, resources: str, verbs: str) -> set[Right]:
    return set(product([group], resources.split(), verbs.split()))


OURS = (
    rights("rolebound.dev", "clusterawsroles awsroles awsrolebindings", "list watch")
    | rights("rolebound.dev", "clusterawsroles/status awsroles/status awsrolebindings/status", "patch")
    | rights("", "pods namespaces", "list watch")
    | rights("", "secrets", "get list watch create patch delete")
    | rights("", "events", "create")
    | rights("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "get patch")
)
# In its own namespace alone: the Lease of its leader.
OWN_NAMESPACES = rights("coordination.k8s.io", "leases", "get patch create")
LEASE = "rolebound"
WEBHOOK = "rolebound-webhook"
# What Kubernetes gives to everybody who is authenticated: to ask who they are and what they may.
EVERYBODYS = rights("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create") | rights(
    "authentication.k8s.io", "selfsubjectreviews", "create"
)


def flat(rules: list[Object]) -> set[Right]:
    listed = [product(rule["apiGroups"], rule["resources"], rule["verbs"]) for rule in rules]
    return {right for each in listed for right in each}


def test_cluster_role_is_this_list_and_nothing_else(cluster: Cluster) -> None:
    rules = render(cluster).one("ClusterRole")["rules"]

    assert flat(rules) == OURS
    assert named(rules) == {"mutatingwebhookconfigurations": [WEBHOOK]}


def test_role_in_its_own_namespace_is_for_one_lease(cluster: Cluster) -> None:
    role = render(cluster).one("Role")

    assert role["metadata"]["namespace"] == NAMESPACE
    assert flat(role["rules"]) == OWN_NAMESPACES
    assert named(role["rules"]) == {"leases": [LEASE]}


def named(rules: list[Object]) -> dict[str, list[str]]:
    """The objects that a rule is narrowed to, by the rule's resources."""
    assert {key for rule in rules for key in rule} <= {"apiGroups", "resources", "verbs", "resourceNames"}
    return {" ".join(rule["resources"]): rule["resourceNames"] for rule in rules if "resourceNames" in rule}


@pytest.mark.parametrize("mode", ["none"])
def test_without_a_webhook_there_is_no_right_for_one(cluster: Cluster, mode: str) -> None:
    rules = render(cluster, injection={"mode": mode}).one("ClusterRole")["rules"]

    assert flat(rules) == {right for right in OURS if right[0] != "admissionregistration.k8s.io"}


def test_chart_gives_rights_to_the_operator_alone(cluster: Cluster) -> None:
    rendered = render(cluster)

    assert len(rendered.one("ClusterRoleBinding")["subjects"]) == 1
    assert len(rendered.one("RoleBinding")["subjects"]) == 1


@pytest.mark.parametrize("namespace", [NAMESPACE, "kube-system", "default"])
def test_api_server_grants_the_same_everywhere_and_the_lease_at_home(cluster: Cluster, namespace: str) -> None:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"

    answer = cluster.kubectl("create", "--raw", path, f"--as={IDENTITY}", "-f", "-", stdin=json.dumps(review)).stdout

    status = json.loads(answer)["status"]
    assert not status["incomplete"]
    at_home = namespace == NAMESPACE
    assert flat(status["resourceRules"]) == OURS | EVERYBODYS | (OWN_NAMESPACES if at_home else set())
    narrowed = [each["resourceNames"] for each in status["resourceRules"] if "resourceNames" in each]
    assert sorted(narrowed) == sorted([[WEBHOOK], *([[LEASE]] if at_home else [])])


def may(cluster: Cluster, verb: str, what: str, *more: str) -> bool:
    answer = cluster.kubectl("auth", "can-i", verb, what, f"--as={IDENTITY}", *more, check=False).stdout.strip()
    assert answer in {"yes", "no"}
    return answer == "yes"


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        ("create", "pods"),
        ("get", "pods"),
        ("patch", "pods"),
        ("delete", "pods"),
        ("create", "pods/exec"),
        ("get", "pods/exec"),
        ("create", "pods/attach"),
        ("create", "pods/portforward"),
        ("create", "pods/eviction"),
        ("get", "pods/log"),
        ("patch", "pods/ephemeralcontainers"),
        ("patch", "pods/status"),
        ("create", "deployments.apps"),
        ("create", "jobs.batch"),
        ("update", "secrets"),
        ("deletecollection", "secrets"),
        ("get", "configmaps"),
        ("get", "nodes"),
        ("list", "nodes"),
        ("get", "nodes/proxy"),
        ("patch", "namespaces"),
        ("delete", "namespaces"),
        ("impersonate", "users"),
        ("impersonate", "groups"),
        ("impersonate", "serviceaccounts"),
        ("create", "serviceaccounts/token"),
        ("create", "certificatesigningrequests.certificates.k8s.io"),
        ("create", "customresourcedefinitions.apiextensions.k8s.io"),
        ("list", "customresourcedefinitions.apiextensions.k8s.io"),
        ("patch", "customresourcedefinitions.apiextensions.k8s.io"),
        ("create", "mutatingwebhookconfigurations.admissionregistration.k8s.io"),
        ("get", "mutatingwebhookconfigurations.admissionregistration.k8s.io"),
        ("patch", "mutatingwebhookconfigurations.admissionregistration.k8s.io"),
        ("patch", "mutatingwebhookconfigurations.admissionregistration.k8s.io/another"),
        ("delete", "mutatingwebhookconfigurations.admissionregistration.k8s.io/rolebound-webhook"),
        ("patch", "validatingwebhookconfigurations.admissionregistration.k8s.io/rolebound-webhook"),
        ("get", "clusterroles.rbac.authorization.k8s.io"),
        ("create", "clusterroles.rbac.authorization.k8s.io"),
        ("escalate", "clusterroles.rbac.authorization.k8s.io"),
        ("bind", "clusterroles.rbac.authorization.k8s.io"),
        ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
        ("create", "roles.rbac.authorization.k8s.io"),
        ("create", "rolebindings.rbac.authorization.k8s.io"),
        ("create", "awsrolebindings.rolebound.dev"),
        ("patch", "awsrolebindings.rolebound.dev"),
        ("patch", "clusterawsroles.rolebound.dev"),
        ("delete", "awsroles.rolebound.dev"),
        ("get", "leases.coordination.k8s.io"),
        ("patch", "leases.coordination.k8s.io/kube-scheduler"),
        ("delete", "leases.coordination.k8s.io"),
        ("list", "events"),
        ("delete", "events"),
        ("get", "/metrics"),
        ("get", "/logs"),
    ],
)
def test_operator_may_not(cluster: Cluster, verb: str, what: str) -> None:
    everywhere = [] if what.startswith("/") else ["--all-namespaces"]

    assert not may(cluster, verb, what, *everywhere)


@pytest.mark.parametrize("verb", ["get", "patch"])
def test_operator_may_change_its_own_webhook_configuration(cluster: Cluster, verb: str) -> None:
    assert may(cluster, verb, f"mutatingwebhookconfigurations.admissionregistration.k8s.io/{WEBHOOK}")


@pytest.mark.parametrize("verb", ["get", "list", "watch", "create", "patch", "delete"])
def test_rights_over_secrets_reach_every_namespace_and_this_is_known(cluster: Cluster, verb: str) -> None:
    """A binding may stand in any namespace, and RBAC cannot say "Secrets of our type": the code keeps to them."""
    assert may(cluster, verb, "secrets", "-n", "kube-system")
