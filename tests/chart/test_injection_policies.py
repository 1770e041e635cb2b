"""The admission policies as the chart renders them: where, for whom, and when not."""

import json
from typing import Any

import pytest

from testbed.cluster import Cluster
from tests.chart.rendering import NAMESPACE, POLICY_API, Object, Rendered, render, template

pytestmark = pytest.mark.controlplane

KINDS = {
    "MutatingAdmissionPolicy": 2,
    "MutatingAdmissionPolicyBinding": 4,
    "ValidatingAdmissionPolicy": 3,
    "ValidatingAdmissionPolicyBinding": 6,
}


def policies(rendered: Rendered) -> list[Object]:
    return [each for each in rendered.objects if each["kind"].endswith("AdmissionPolicy")]


def kinds(rendered: Rendered) -> dict[str, int]:
    return {kind: count for kind, count in rendered.kinds.items() if "AdmissionPolicy" in kind}


def mode(value: str, **injection: Any) -> Object:
    return {"injection": {"mode": value, **injection}}


@pytest.mark.parametrize("chosen", ["auto", "policy"])
def test_policies_are_installed_where_the_cluster_has_them(cluster: Cluster, chosen: str) -> None:
    assert kinds(render(cluster, POLICY_API, **mode(chosen))) == KINDS


@pytest.mark.parametrize("chosen", ["webhook", "none"])
def test_policies_are_left_out_where_they_are_not_wanted(cluster: Cluster, chosen: str) -> None:
    assert kinds(render(cluster, POLICY_API, **mode(chosen))) == {}


def test_older_cluster_gets_none_by_itself(cluster: Cluster) -> None:
    assert kinds(render(cluster)) == {}


def test_older_cluster_cannot_have_what_was_asked_for(cluster: Cluster) -> None:
    printed, said = template(cluster, mode("policy"), check=False)

    assert printed == ""
    assert (
        f"does not serve {POLICY_API}, as Kubernetes 1.36 and later do: set injection.mode to webhook or auto" in said
    )


def test_no_policy_matches_the_clusters_pods_or_the_operators(cluster: Cluster) -> None:
    excluded = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", NAMESPACE]}

    for policy in policies(render(cluster, POLICY_API)):
        assert policy["spec"]["matchConstraints"]["namespaceSelector"]["matchExpressions"] == [excluded]


def test_every_binding_selects_pods_that_asked(cluster: Cluster) -> None:
    rendered = render(cluster, POLICY_API)
    bindings = [each for each in rendered.objects if each["kind"].endswith("AdmissionPolicyBinding")]

    asked = [each["spec"]["matchResources"] for each in bindings]
    assert all("rolebound.dev/inject" in json.dumps(selectors) for selectors in asked)
    named = [(each["kind"].removesuffix("Binding"), each["spec"]["policyName"]) for each in bindings]
    assert set(named) == {(each["kind"], each["metadata"]["name"]) for each in policies(rendered)}


def test_policies_that_only_warn_are_never_in_the_way(cluster: Cluster) -> None:
    rendered = render(cluster, POLICY_API)
    actions = {
        each["spec"]["policyName"]: each["spec"]["validationActions"]
        for each in rendered.all_of("ValidatingAdmissionPolicyBinding")
    }

    for policy in policies(rendered):
        warns = actions.get(policy["metadata"]["name"]) == ["Warn"]
        assert policy["spec"]["failurePolicy"] == ("Ignore" if warns else "Fail")


def test_port_and_image_reach_the_pods(cluster: Cluster) -> None:
    values = mode("policy", endpoint={"port": 10001}) | {
        "image": {"repository": "mirror.internal/rolebound", "tag": "9"}
    }

    text = json.dumps(policies(render(cluster, POLICY_API, **values)))

    assert "http://127.0.0.1:10001/v1/credentials" in text
    assert "'--port', '10001'" in text
    assert "mirror.internal/rolebound:9" in text
    assert "9913" not in text


def test_only_beside_the_webhook_are_bindings_of_one_pod_left_to_it(cluster: Cluster) -> None:
    alone, beside = (json.dumps(policies(render(cluster, POLICY_API, **mode(chosen)))) for chosen in ("policy", "auto"))

    assert "['secret', '']" in beside
    assert "['secret', '']" not in alone
    assert "is-not-the-webhooks" not in alone


def test_policies_follow_the_charts_name(cluster: Cluster) -> None:
    rendered = render(cluster, POLICY_API, fullnameOverride="aws-access")

    assert all(each["metadata"]["name"].startswith("aws-access-inject") for each in policies(rendered))
