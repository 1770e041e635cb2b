"""`injection.mode: auto`: the policies leave to the webhook what they cannot do, by what the webhook is called for."""

from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster
from tests.injection.api import Api, Object
from tests.injection.policies import policies_in_force
from tests.support.injection import cases
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.controlplane

POD = next(case.pod for case in cases() if case.name == "credential-process")


@pytest.fixture(scope="module", autouse=True)
def policies(cluster: Cluster) -> Iterator[None]:
    with policies_in_force(cluster, "auto"):
        yield


def annotations(api: Api, sandbox: Sandbox) -> dict[str, str]:
    """Those of an admitted pod, once the binding made last is known."""

    def admitted() -> Object:
        document = api.try_pod(sandbox.namespace, POD).document
        found: Object = document["metadata"].get("annotations", {})
        return found

    found: dict[str, str] = sandbox.eventually("annotations", admitted)
    return found


def test_pod_with_shared_secrets_alone_is_not_the_webhooks(api: Api, sandbox: Sandbox) -> None:
    sandbox.binding("readers", sessionScope="ServiceAccount")

    found = annotations(api, sandbox)

    assert found["rolebound.dev/injected"] == "CredentialProcess"
    assert "rolebound.dev/secret" not in found


def test_pod_that_needs_a_secret_of_its_own_is_the_webhooks(api: Api, sandbox: Sandbox) -> None:
    sandbox.binding("readers", sessionScope="ServiceAccount")
    sandbox.binding("writers", "writer", sessionScope="Pod", delivery={"profile": "writer"})

    found = sandbox.eventually(
        "claim", lambda: "rolebound.dev/secret" in annotations(api, sandbox) and annotations(api, sandbox)
    )

    assert found["rolebound.dev/secret"] == ""
    assert found["rolebound.dev/injected"] == "CredentialProcess"
