"""The webhook's part of the chart."""

import base64
import json
from typing import Any

import pytest

from rolebound.model.objects import ObjectName
from rolebound.planning.serving import serving_names
from rolebound.settings import read_settings
from testbed.cluster import Cluster
from testbed.operator import install_rights
from tests.chart.rendering import CHART, NAMESPACE, POLICY_API, render
from tests.support.pki import CA

pytestmark = pytest.mark.controlplane

WEBHOOK = "rolebound-webhook"
BUNDLE = base64.b64encode(CA.root().pem).decode()


def test_service_secret_and_configuration_have_the_name_that_the_operator_is_given(cluster: Cluster) -> None:
    rendered = render(
        cluster, fullnameOverride="aws-access", image={"tag": "v9"}, injection={"endpoint": {"port": 9000}}
    )

    settings = read_settings(rendered.environment | {"POD_NAMESPACE": NAMESPACE})
    assert settings.webhook == "aws-access-webhook"
    assert settings.sidecar_image == rendered.container["image"]
    assert settings.endpoint_port == 9000
    service = rendered.one("Service")
    configuration = rendered.one("MutatingWebhookConfiguration")
    assert service["metadata"]["name"] == configuration["metadata"]["name"] == settings.webhook
    reached = {"name": settings.webhook, "namespace": NAMESPACE, "path": "/inject", "port": 443}
    assert [each["clientConfig"] for each in configuration["webhooks"]] == [{"service": reached}] * 2


def test_service_leads_to_the_operators_pod(cluster: Cluster) -> None:
    rendered = render(cluster)

    service = rendered.one("Service")["spec"]
    assert service["selector"].items() <= rendered.pod["metadata"]["labels"].items()
    assert service["ports"][0]["targetPort"] in {each["name"] for each in rendered.container["ports"]}


def test_service_does_not_become_a_setting(cluster: Cluster) -> None:
    assert render(cluster).pod["spec"]["enableServiceLinks"] is False


@pytest.mark.parametrize("mode", ["none"])
def test_mode_without_a_webhook_renders_none_and_serves_none(cluster: Cluster, mode: str) -> None:
    rendered = render(cluster, injection={"mode": mode})

    assert {"Service", "MutatingWebhookConfiguration"}.isdisjoint(rendered.kinds)
    assert read_settings(rendered.environment | {"POD_NAMESPACE": NAMESPACE}).webhook == ""
    assert {"volumes", "volumeMounts"}.isdisjoint(rendered.pod["spec"].keys() | rendered.container.keys())


def test_key_passes_through_memory_alone(cluster: Cluster) -> None:
    rendered = render(cluster)

    [volume], [mount] = rendered.pod["spec"]["volumes"], rendered.container["volumeMounts"]
    assert volume["emptyDir"]["medium"] == "Memory"
    assert (mount["name"], mount["mountPath"]) == (volume["name"], "/tmp")  # noqa: S108 - the pod's own


def test_each_of_the_two_ways_in_keeps_away_from_the_cluster_and_from_itself(cluster: Cluster) -> None:
    for webhook in render(cluster).one("MutatingWebhookConfiguration")["webhooks"]:
        never = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", NAMESPACE]}
        assert never in webhook["namespaceSelector"]["matchExpressions"]
        assert webhook["failurePolicy"] == "Fail"
        assert webhook["timeoutSeconds"] == 5
        assert webhook["sideEffects"] == "None"
        assert webhook["reinvocationPolicy"] == "IfNeeded"
        assert "caBundle" not in webhook["clientConfig"]


def test_only_auto_leaves_pods_to_the_policy(cluster: Cluster) -> None:
    def conditions(mode: str, *apis: str) -> list[str]:
        webhooks = render(cluster, *apis, injection={"mode": mode}).one("MutatingWebhookConfiguration")["webhooks"]
        return [each["name"] for each in webhooks[0]["matchConditions"]]

    assert conditions("webhook") == ["not-a-mirror-of-a-static-pod"]
    assert conditions("auto", POLICY_API) == ["not-a-mirror-of-a-static-pod", "not-injected-by-the-policy"]
    assert conditions("auto") == ["not-a-mirror-of-a-static-pod"], "without the policy, nobody else serves them"


def test_cert_manager_makes_the_secret_that_the_operator_reads(cluster: Cluster) -> None:
    rendered = render(cluster, injection={"webhook": {"certManager": {"enabled": True}}})

    assert rendered.environment["ROLEBOUND_WEBHOOK_CERTIFICATE"] == "cert-manager"
    authority, leaf = sorted(rendered.all_of("Certificate"), key=lambda each: not each["spec"].get("isCA"))
    assert leaf["spec"]["secretName"] == rendered.environment["ROLEBOUND_WEBHOOK"]
    assert set(leaf["spec"]["dnsNames"]) == serving_names(ObjectName(NAMESPACE, WEBHOOK))
    issuers: dict[str, Any] = {each["metadata"]["name"]: each["spec"] for each in rendered.all_of("Issuer")}
    assert issuers[authority["spec"]["issuerRef"]["name"]] == {"selfSigned": {}}
    assert issuers[leaf["spec"]["issuerRef"]["name"]] == {"ca": {"secretName": authority["spec"]["secretName"]}}


@pytest.mark.parametrize("way", ["true", "false"], ids=["server-side apply", "three-way merge"])
def test_upgrade_keeps_the_bundle_that_the_operator_set(cluster: Cluster, way: str) -> None:
    upgrade = ["upgrade", "rolebound", str(CHART), "-n", NAMESPACE, f"--server-side={way}"]
    configuration = ["mutatingwebhookconfiguration", WEBHOOK]
    patch = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": BUNDLE}]
    try:
        cluster.helm(*upgrade, "--set", "injection.mode=webhook")
        cluster.kubectl("patch", *configuration, "--type=json", "--field-manager=rolebound", "-p", json.dumps(patch))

        cluster.helm(*upgrade, "--set", "injection.mode=webhook,injection.webhook.timeoutSeconds=7")

        shown = "jsonpath={.webhooks[0].clientConfig.caBundle} {.webhooks[0].timeoutSeconds}"
        assert cluster.kubectl("get", *configuration, "-o", shown).stdout == f"{BUNDLE} 7"
    finally:
        install_rights(cluster)
