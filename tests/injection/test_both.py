"""`injection.mode: auto` on a cluster with admission policies: each of the two injectors does its part of a pod."""

import re
from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster
from testbed.operator import Operator
from testbed.webhook import webhook_in_force
from tests.injection.api import Api, Object
from tests.injection.policies import policies_in_force
from tests.injection.webhook import SETTINGS
from tests.support.injection import cases
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.controlplane

POD = next(case.pod for case in cases() if case.name == "credential-process")


@pytest.fixture(scope="module")
def both(cluster: Cluster) -> Iterator[Operator]:
    """The webhook's operator, beside the policies."""
    with (
        policies_in_force(cluster, "auto"),
        webhook_in_force(cluster, cluster.control_plane.ca_file, SETTINGS, mode="auto") as operator,
    ):
        yield operator


def sources(pod: Object) -> set[str]:
    """The files that Secrets give to the injected volume."""
    [volume] = [each for each in pod["spec"].get("volumes", []) if each["name"] == "rolebound-aws"] or [{}]
    projected = volume.get("projected", {}).get("sources", [])
    return {each["secret"]["items"][0]["path"] for each in projected if "secret" in each}


def decided(operator: Operator) -> float:
    """How many pods the webhook was asked about."""
    return sum(
        float(count) for count in re.findall(r"^rolebound_admissions_total{.*} (.*)$", operator.metrics(), re.MULTILINE)
    )


def test_pod_that_the_policy_has_served_never_reaches_the_webhook(api: Api, sandbox: Sandbox, both: Operator) -> None:
    sandbox.binding("readers", sessionScope="ServiceAccount")

    def served_by_the_policy() -> bool:
        before = decided(both)
        pod = api.try_pod(sandbox.namespace, POD).document
        return sources(pod) == {"default.json"} and decided(both) == before

    assert sandbox.eventually("served by the policy alone", served_by_the_policy)


def test_pod_with_bindings_of_both_scopes_gets_both(api: Api, sandbox: Sandbox, both: Operator) -> None:
    sandbox.binding("readers", sessionScope="ServiceAccount")
    sandbox.binding("writers", "writer", sessionScope="Pod", delivery={"profile": "writer"})

    def complete() -> Object:
        pod = api.try_pod(sandbox.namespace, POD).document
        by_policy = "rolebound-reader-api" in str(pod["spec"].get("volumes"))
        return pod if by_policy and sources(pod) == {"default.json", "writer.json"} else {}

    pod = sandbox.eventually("both", complete)

    annotations = pod["metadata"]["annotations"]
    assert re.fullmatch(r"writer=rolebound\.[0-9a-f]{16}", annotations["rolebound.dev/secret"])
    assert annotations["rolebound.dev/credentials-file"].count("credential_process") == 2
    assert decided(both) > 0
