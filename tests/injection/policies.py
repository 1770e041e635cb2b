"""The chart's admission policies on the test cluster, without anything else of the chart."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from testbed.cluster import Cluster
from tests.chart.rendering import POLICY_API, render
from tests.injection.api import Api, Object
from tests.support.injection import SIDECAR_REPOSITORY, SIDECAR_TAG

IMAGE: Final = {"repository": SIDECAR_REPOSITORY, "tag": SIDECAR_TAG}


@contextmanager
def policies_in_force(cluster: Cluster, mode: str = "policy") -> Iterator[None]:
    """Keep the policies of `injection.mode` in force: the API server takes some seconds to see that they are there."""
    rendered = render(cluster, POLICY_API, injection={"mode": mode}, image=IMAGE)
    policies = [each for each in rendered.objects if "AdmissionPolicy" in each["kind"]]
    documents = json.dumps({"apiVersion": "v1", "kind": "List", "items": policies})
    cluster.kubectl("apply", "-f", "-", stdin=documents)
    api = Api(cluster)
    try:
        cluster.wait("admission policies in force", lambda: _refuses(api) and _warns(api), 30)
        yield
    finally:
        cluster.kubectl("delete", "--wait=false", "-f", "-", stdin=documents)
        cluster.wait("admission policies out of force", lambda: not (_refuses(api) or _warns(api)), 30)


# That pods are changed is for whoever has made bindings to see.
def _refuses(api: Api) -> bool:
    answer = api.try_pod("default", _pod({}, os={"name": "windows"}))
    return answer.denied and "Windows" in answer.message


def _warns(api: Api) -> bool:
    asking = {"rolebound.dev/injected": "CredentialProcess", "rolebound.dev/containers": "nobodys"}
    return bool(api.try_pod("default", _pod(asking)).warnings)


def _pod(annotations: dict[str, str], **spec: Any) -> Object:
    metadata = {"generateName": "try-", "labels": {"rolebound.dev/inject": "true"}, "annotations": annotations}
    return {"metadata": metadata, "spec": {"containers": [{"name": "app", "image": "example.com/app"}], **spec}}
