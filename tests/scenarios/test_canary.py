"""No secret gets out: whatever happens, keys and tokens stand in credential Secrets and nowhere else."""

import base64
import json
from collections.abc import Callable, Iterator

import pytest

from testbed.cluster import Cluster
from testbed.operator import Operator
from tests.scenarios.lives import SCENARIOS, Life
from tests.support.aws import Aws
from tests.support.canary import found

pytestmark = pytest.mark.controlplane


@pytest.fixture(scope="module")
def talkative(shared_operator: Operator) -> Iterator[Operator]:
    """The operator at its most talkative; never two at a time, so the shared one has a rest."""
    shared_operator.stop()
    own = Operator(shared_operator.cluster, shared_operator.ca_file, {"ROLEBOUND_LOG_LEVEL": "debug"}).start()
    yield own
    if own.is_running():
        own.stop()


def everything_said(cluster: Cluster, log: str, metrics: str) -> dict[str, str]:
    objects = json.loads(cluster.kubectl("get", "rolebound", "-A", "-o", "json").stdout)["items"]
    secrets = json.loads(cluster.kubectl("get", "secrets", "-A", "-o", "json").stdout)["items"]
    return {
        "log": log,
        "Events": cluster.kubectl("get", "events", "-A", "-o", "json").stdout,
        "statuses": json.dumps([each.get("status") for each in objects]),
        "metadata of Secrets": json.dumps([each["metadata"] for each in secrets]),
        "metrics": metrics,
    }


@pytest.fixture(scope="module")
def life(cluster: Cluster, aws: Aws, talkative: Operator) -> Life:
    """Every scenario, once; then all that was said."""
    lived = Life(aws, cluster)
    with lived.until_collected:
        for scenario in SCENARIOS:
            scenario(lived, lived.sandbox())
        metrics = talkative.metrics()
        assert talkative.stop() == 0
        lived.places = everything_said(cluster, talkative.log(), metrics)
    aws.emulator.clear_faults()
    lived.secrets += aws.minted()
    return lived


PLACES = ("log", "Events", "statuses", "metadata of Secrets", "metrics")


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_stands_in_the(life: Life, place: str) -> None:
    assert found(life.secrets, life.places[place]) == []


TRACES = {
    "log": ("SessionDenied", "KeyMismatch", "CertificateUnsuitable", "Conflict", "AWSUnavailable", "exceeded quota"),
    "Events": ("Issued", "SessionDenied", "KeyMismatch", "Conflict", "AWSUnavailable", "ClusterUnavailable"),
    "statuses": ("Issued", "SessionDenied", "KeyMismatch", "Conflict", "AWSUnavailable", "serialNumber"),
    "metadata of Secrets": ("rolebound.dev/certificate-serial",),
    "metrics": ('result="Issued"', 'result="SessionDenied"', 'result="AWSUnavailable"', 'reason="Conflict"'),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_happened_is_told_all_the_same(life: Life, place: str) -> None:
    assert [trace for trace in TRACES[place] if trace not in life.places[place]] == []


def test_secrets_of_every_kind_were_about(life: Life) -> None:
    tokens = [secret for secret in life.secrets if len(secret) > 200]

    assert len(tokens) >= 4  # two sessions of a pod, two of a binding that shares
    assert len(life.secrets) > 40


DISGUISES: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "its first half": lambda secret: secret[: max(20, len(secret) // 2)],
    "in base64": lambda secret: base64.b64encode(f"x{secret}".encode()).decode(),
    "in JSON in JSON": lambda secret: json.dumps(json.dumps({"a": secret})),
    "in hexadecimal": lambda secret: secret.encode().hex(),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("place", PLACES)
def test_search_finds_every_secret_that_is_planted(life: Life, place: str, disguise: str) -> None:
    half = len(life.places[place]) // 2

    for secret in life.secrets:
        planted = life.places[place][:half] + DISGUISES[disguise](secret) + life.places[place][half:]
        assert secret in found([secret], planted)
