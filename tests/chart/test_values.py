"""Values that the chart refuses, by the name of the value that is wrong."""

from typing import Any

import pytest
import yaml

from testbed.cluster import Cluster
from tests.chart.rendering import CHART, template

pytestmark = pytest.mark.controlplane

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"replica": 3}, "at '': additional properties 'replica' not allowed"),
    ({"replicas": 0}, "at '/replicas': minimum: got 0, want 1"),
    ({"replicas": "2"}, "at '/replicas': got string, want integer"),
    ({"image": {"name": "rolebound"}}, "at '/image': additional properties 'name' not allowed"),
    ({"image": {"repository": ""}}, "at '/image/repository': minLength"),
    ({"image": {"repository": None}}, "at '/image': missing property 'repository'"),
    ({"image": {"tag": 1.5}}, "at '/image/tag': got number, want string"),
    ({"image": {"digest": "sha256:12"}}, "at '/image/digest': 'sha256:12' does not match pattern"),
    ({"image": {"pullPolicy": "always"}}, "at '/image/pullPolicy': value must be one of 'Always'"),
    ({"imagePullSecrets": ["mirror"]}, "at '/imagePullSecrets/0': got string, want object"),
    ({"imagePullSecrets": [{"secret": "mirror"}]}, "at '/imagePullSecrets/0': missing property 'name'"),
    ({"nameOverride": "n" * 51}, "at '/nameOverride': maxLength"),
    ({"fullnameOverride": "n" * 51}, "at '/fullnameOverride': maxLength"),
    ({"crds": {"install": "no"}}, "at '/crds/install': got string, want boolean"),
    ({"crds": {"keep": 1}}, "at '/crds/keep': got number, want boolean"),
    ({"crds": {"instal": True}}, "at '/crds': additional properties 'instal' not allowed"),
    ({"serviceAccount": {"create": "false"}}, "at '/serviceAccount/create': got string, want boolean"),
    ({"serviceAccount": {"name": 1}}, "at '/serviceAccount/name': got number, want string"),
    ({"serviceAccount": {"name": "n" * 254}}, "at '/serviceAccount/name': maxLength"),
    ({"serviceAccount": {"annotations": {"a": 1}}}, "at '/serviceAccount/annotations/a': got number, want string"),
    ({"serviceAccount": {"labels": {}}}, "at '/serviceAccount': additional properties 'labels' not allowed"),
    ({"rbac": {"create": "yes"}}, "at '/rbac/create': got string, want boolean"),
    ({"rbac": {"cluster": True}}, "at '/rbac': additional properties 'cluster' not allowed"),
    ({"logFormat": "xml"}, "at '/logFormat': value must be one of 'json', 'text'"),
    ({"logLevel": "loud"}, "at '/logLevel': value must be one of 'debug', 'info', 'warning', 'error'"),
    ({"sessionsPerSecond": -1}, "at '/sessionsPerSecond': minimum: got -1, want 0"),
    ({"sessionsPerSecond": 10001}, "at '/sessionsPerSecond': maximum: got 10,001, want 10,000"),
    ({"sessionsPerSecond": "8"}, "at '/sessionsPerSecond': got string, want number"),
    (
        {"injection": {"mode": "always"}},
        "at '/injection/mode': value must be one of 'auto', 'policy', 'webhook', 'none'",
    ),
    ({"injection": {"enabled": True}}, "at '/injection': additional properties 'enabled' not allowed"),
    ({"injection": {"endpoint": {"port": 80}}}, "at '/injection/endpoint/port': minimum: got 80, want 1,024"),
    (
        {"injection": {"webhook": {"timeoutSeconds": 0}}},
        "at '/injection/webhook/timeoutSeconds': minimum: got 0, want 1",
    ),
    (
        {"injection": {"webhook": {"failurePolicy": "fail"}}},
        "at '/injection/webhook/failurePolicy': value must be one of",
    ),
    (
        {"injection": {"webhook": {"certManager": {"enabled": "yes"}}}},
        "at '/injection/webhook/certManager/enabled': got string, want boolean",
    ),
    ({"aws": {"caBundle": ["pem"]}}, "at '/aws/caBundle': got array, want string"),
    ({"aws": {"region": "eu-central-1"}}, "at '/aws': additional properties 'region' not allowed"),
    ({"proxy": {"httpsProxy": 3128}}, "at '/proxy/httpsProxy': got number, want string"),
    ({"proxy": {"noProxy": [".svc"]}}, "at '/proxy/noProxy': got array, want string"),
    ({"proxy": {"httpProxy": "http://p"}}, "at '/proxy': additional properties 'httpProxy' not allowed"),
    ({"extraEnv": {"A": "b"}}, "at '/extraEnv': got object, want array"),
    ({"extraEnv": [{"value": "b"}]}, "at '/extraEnv/0': missing property 'name'"),
    ({"resources": "small"}, "at '/resources': got string, want object"),
    ({"podLabels": {"team": 1}}, "at '/podLabels/team': got number, want string"),
    ({"podAnnotations": {"scrape": True}}, "at '/podAnnotations/scrape': got boolean, want string"),
    ({"nodeSelector": {"gpu": False}}, "at '/nodeSelector/gpu': got boolean, want string"),
    ({"tolerations": {"key": "a"}}, "at '/tolerations': got object, want array"),
    ({"tolerations": ["a"]}, "at '/tolerations/0': got string, want object"),
    ({"affinity": []}, "at '/affinity': got array, want object"),
    ({"topologySpreadConstraints": {}}, "at '/topologySpreadConstraints': got object, want array"),
    ({"priorityClassName": 1}, "at '/priorityClassName': got number, want string"),
]


@pytest.mark.parametrize(("values", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_wrong_value_is_refused_by_its_name(cluster: Cluster, values: dict[str, Any], sentence: str) -> None:
    printed, said = template(cluster, values, check=False)

    assert printed == ""
    assert sentence in said


def test_each_value_has_a_wrong_one() -> None:
    known = yaml.safe_load((CHART / "values.yaml").read_text())
    leaves = {f"/{name}/{key}" for name, value in known.items() if isinstance(value, dict) for key in value}
    leaves |= {f"/{name}" for name, value in known.items() if not isinstance(value, dict) or not value}
    leaves -= {"/resources/requests", "/resources/limits"}  # the API server's to judge

    untried = {leaf for leaf in leaves if not any(f"at '{leaf}" in sentence for _, sentence in WRONG)}

    assert untried == set()
