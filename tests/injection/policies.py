"""The chart's admission policies on the test cluster, without anything else of the chart."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from testbed.cluster import Cluster
from tests.chart.rendering import POLICY_API, render
from tests.injection.api import Api
from tests.support.injection import SIDECAR_REPOSITORY, SIDECAR_TAG

IMAGE: Final = {"repository": SIDECAR_REPOSITORY, "tag": SIDECAR_TAG}


@contextmanager
def policies_in_force(cluster: Cluster, mode: str = "policy") -> Iterator[None]:
    """Keep the policies of `injection.mode` in force: the API server takes some seconds to see that they are there."""
    rendered = render(cluster, POLICY_API, injection={"mode": mode}, image=IMAGE)
    policies = [each for each in rendered.objects if "AdmissionPolicy" in each["kind"]]
    documents = json.dumps({"apiVersion": "v1", "kind": "List", "items": policies})
    cluster.kubectl("apply", "-f", "-", stdin=documents)
    try:
        cluster.wait("admission policies in force", lambda: _in_force(Api(cluster)), 30)
        yield
    finally:
        cluster.kubectl("delete", "--wait=false", "-f", "-", stdin=documents)


def _in_force(api: Api) -> bool:
    """Whether pods are refused and warned of; that they are changed is for whoever has made bindings to see."""
    labelled: dict[str, Any] = {"generateName": "in-force-", "labels": {"rolebound.dev/inject": "true"}}
    spec = {"containers": [{"name": "app", "image": "example.com/app"}]}
    wrong = api.try_pod("default", {"metadata": labelled, "spec": spec | {"os": {"name": "windows"}}})
    unbound = api.try_pod("default", {"metadata": labelled, "spec": spec})
    return wrong.denied and "Windows" in wrong.message and bool(unbound.warnings)
