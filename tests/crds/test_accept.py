"""Objects that the API server takes, and what it fills in."""

from typing import Any

import pytest

from testbed.cluster import Cluster
from tests.crds.objects import KINDS, ROLE_KINDS, accepted, full, minimal

pytestmark = pytest.mark.controlplane


@pytest.mark.parametrize("kind", KINDS)
def test_full_object_is_stored_as_it_is(cluster: Cluster, kind: str) -> None:
    body = full(kind)

    assert accepted(cluster, body)["spec"] == body["spec"]


@pytest.mark.parametrize("kind", ROLE_KINDS)
def test_minimal_role_gets_an_hour_and_a_name_that_tells_the_pod(cluster: Cluster, kind: str) -> None:
    body = minimal(kind)

    filled = {"sessionDurationSeconds": 3600, "sessionName": "{namespace}.{serviceAccount}.{pod}"}
    assert accepted(cluster, body)["spec"] == body["spec"] | filled


def test_minimal_binding_gives_each_pod_a_session_by_process(cluster: Cluster) -> None:
    body = minimal("AWSRoleBinding")

    filled = {"sessionScope": "Pod", "delivery": {"type": "CredentialProcess", "profile": "default"}}
    assert accepted(cluster, body)["spec"] == body["spec"] | filled


def test_subject_is_a_service_account_unless_it_says_something_else(cluster: Cluster) -> None:
    stored = accepted(cluster, minimal("AWSRoleBinding", subjects=[{"name": "api"}]))

    assert stored["spec"]["subjects"] == [{"kind": "ServiceAccount", "name": "api"}]


@pytest.mark.parametrize("kind", ROLE_KINDS)
@pytest.mark.parametrize(("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-east-1")])
def test_other_partitions_are_as_good(cluster: Cluster, kind: str, partition: str, region: str) -> None:
    anywhere = f"arn:{partition}:rolesanywhere:{region}:111122223333"
    spec = {
        "roleARN": f"arn:{partition}:iam::111122223333:role/team/readers",
        "profileARN": f"{anywhere}:profile/0a1b2c3d-0000-4000-8000-000000000002",
        "trustAnchorARN": f"{anywhere}:trust-anchor/0a1b2c3d-0000-4000-8000-000000000001",
    }

    assert accepted(cluster, minimal(kind, **spec))["spec"].items() >= spec.items()


@pytest.mark.parametrize("kind", ROLE_KINDS)
@pytest.mark.parametrize(
    "spec",
    [
        {"sessionDurationSeconds": 900},
        {"sessionName": ""},
        {"sessionName": "fixed"},
        {"region": ""},
        {"endpointURL": ""},
        {"endpointURL": "http://10.0.0.1:8080"},
        {"roleARN": "arn:aws:iam::111122223333:role/" + "r" * (640 - 31)},
        {"certificate": {"secretRef": {"name": "a" * 253}}},
    ],
    ids=",".join,
)
def test_value_at_the_edge_of_what_is_allowed_is_taken(cluster: Cluster, kind: str, spec: dict[str, Any]) -> None:
    assert accepted(cluster, minimal(kind, **spec))["spec"].items() >= spec.items()


@pytest.mark.parametrize("allowed", [{}, {"names": []}, {"selector": {}}, {"selector": {"matchLabels": {"a": ""}}}])
def test_allowed_namespaces_may_list_few_or_nothing(cluster: Cluster, allowed: dict[str, Any]) -> None:
    stored = accepted(cluster, minimal("ClusterAWSRole", allowedNamespaces=allowed))

    assert stored["spec"]["allowedNamespaces"] == allowed


def test_binding_takes_a_hundred_subjects(cluster: Cluster) -> None:
    subjects = [{"kind": "ServiceAccount", "name": f"api-{number}"} for number in range(100)]

    assert len(accepted(cluster, minimal("AWSRoleBinding", subjects=subjects))["spec"]["subjects"]) == 100
