"""What `kubectl explain`, `kubectl get` and `kubectl wait` show of the three kinds, and who may write a status."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from testbed.cluster import Cluster
from tests.crds.objects import KINDS, Object, crd, minimal, nodes, schema
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.controlplane

READY = {
    "type": "Ready",
    "status": "True",
    "reason": "Issued",
    "message": "Every pod holds credentials.",
    "lastTransitionTime": "2026-11-23T12:00:00Z",
}
ASSUMABLE = READY | {"type": "Assumable", "status": "Unknown", "reason": "NotTried"}
ROLE_STATUS = {"conditions": [READY, ASSUMABLE], "certificate": {"notAfter": "2027-01-02T03:04:05Z"}}
STATUSES = {
    "ClusterAWSRole": ROLE_STATUS,
    "AWSRole": ROLE_STATUS,
    "AWSRoleBinding": {
        "conditions": [READY],
        "boundPods": 7,
        "readyPods": 5,
        "earliestExpiry": "2026-11-23T13:00:00Z",
        "lastRefresh": "2026-11-23T12:00:00Z",
    },
}
ROLE_COLUMNS = {
    "ROLE": "arn:aws:iam::111122223333:role/readers",
    "READY": "True",
    "ASSUMABLE": "Unknown",
    "REASON": "Issued",
    "CERTIFICATE-EXPIRY": "2027-01-02T03:04:05Z",
}
COLUMNS = {
    "ClusterAWSRole": ROLE_COLUMNS,
    "AWSRole": ROLE_COLUMNS,
    "AWSRoleBinding": {
        "ROLE": "readers",
        "SCOPE": "Pod",
        "READY": "True",
        "REASON": "Issued",
        "PODS": "7",
        "WITH-CREDENTIALS": "5",
        "EXPIRY": "2026-11-23T13:00:00Z",
    },
}
WIDE_ONLY = {"ClusterAWSRole": {"REASON"}, "AWSRole": {"REASON"}, "AWSRoleBinding": {"EXPIRY"}}
SHORT_NAMES = {"ClusterAWSRole": "cawsr", "AWSRole": "awsr", "AWSRoleBinding": "awsrb"}


def object_of(kind: str, sandbox: Sandbox) -> Object:
    body = minimal(kind)
    body["metadata"] = {"name": sandbox.namespace}
    if kind != "ClusterAWSRole":
        body["metadata"]["namespace"] = sandbox.namespace
    return body


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stored(kind: str, sandbox: Sandbox) -> Iterator[str]:
    """The name of a stored object of that kind, with a status."""
    body = object_of(kind, sandbox)
    sandbox.apply(body)
    written = body | {"status": STATUSES[kind]}
    sandbox.cluster.kubectl("apply", "--server-side", "--subresource=status", "-f", "-", stdin=json.dumps(written))
    yield sandbox.namespace
    sandbox.delete(kind, sandbox.namespace)


def shown(sandbox: Sandbox, what: str, *options: str) -> dict[str, str]:
    """One row of `kubectl get`, by column."""
    heads, row = sandbox.cluster.kubectl("get", what, "-n", sandbox.namespace, *options).stdout.splitlines()
    starts = [heads.index(head) for head in heads.split()]
    ends = [*starts[1:], None]
    return {heads[a:b].strip(): row[a:b].strip() for a, b in zip(starts, ends, strict=True)}


def test_every_field_is_explained(cluster: Cluster, kind: str) -> None:
    for path, node in nodes(schema(kind)):
        if "properties" not in node or path == "metadata":
            continue
        place = f"{kind}.{path}".rstrip(".").replace("[]", "").replace(".*", "")
        explained = cluster.kubectl("explain", place).stdout

        assert "<no description>" not in explained, f"{place}: {explained}"
        assert node.keys() & {"description"} or path.endswith("[]")


def test_explanation_is_the_crds_own(cluster: Cluster, kind: str) -> None:
    explained = " ".join(cluster.kubectl("explain", f"{kind}.spec", "--recursive=false").stdout.split())

    for name, node in schema(kind)["properties"]["spec"]["properties"].items():
        assert " ".join(node["description"].split()) in explained, name


def test_get_shows_the_state_in_columns(sandbox: Sandbox, kind: str, stored: str) -> None:
    row = shown(sandbox, f"{kind}/{stored}")

    expected = {head: value for head, value in COLUMNS[kind].items() if head not in WIDE_ONLY[kind]}
    assert row.pop("AGE")
    assert row == expected | {"NAME": stored}


def test_wide_shows_the_rest(sandbox: Sandbox, kind: str, stored: str) -> None:
    row = shown(sandbox, f"{kind}/{stored}", "-o", "wide")

    assert row.pop("AGE")
    assert row == COLUMNS[kind] | {"NAME": stored}


def test_short_name_finds_the_object(sandbox: Sandbox, kind: str, stored: str) -> None:
    assert sandbox.get(SHORT_NAMES[kind], stored)["kind"] == kind


def test_category_lists_the_object(sandbox: Sandbox, kind: str, stored: str) -> None:
    listed = sandbox.cluster.kubectl("get", "rolebound", "-n", sandbox.namespace, "-o", "name").stdout.split()

    assert f"{crd(kind)['spec']['names']['singular']}.rolebound.dev/{stored}" in listed


def test_ready_can_be_waited_for(sandbox: Sandbox, kind: str, stored: str) -> None:
    what = [f"{kind}/{stored}", "-n", sandbox.namespace]

    assert sandbox.cluster.kubectl("wait", "--for=condition=Ready", *what, "--timeout=1s")


def test_author_of_an_object_does_not_write_its_status(sandbox: Sandbox, kind: str, stored: str) -> None:
    before = sandbox.get(kind, stored)["status"]
    lie: dict[str, Any] = object_of(kind, sandbox) | {"status": {"conditions": [READY | {"reason": "Lie"}]}}

    sandbox.apply(lie)

    assert sandbox.get(kind, stored)["status"] == before


def test_writer_of_a_status_does_not_write_the_spec(sandbox: Sandbox, kind: str, stored: str) -> None:
    before = sandbox.get(kind, stored)
    other = {"sessionScope": "ServiceAccount"} if kind == "AWSRoleBinding" else {"sessionDurationSeconds": 901}
    patch = json.dumps({"spec": other, "status": {"observedGeneration": 1}})

    what = [kind, stored, "-n", sandbox.namespace, "--subresource=status"]
    sandbox.cluster.kubectl("patch", *what, "--type=merge", "-p", patch)

    after = sandbox.get(kind, stored)
    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == 1
    assert after["status"]["observedGeneration"] == 1


def test_condition_without_a_reason_is_refused(sandbox: Sandbox, kind: str, stored: str) -> None:
    patch = json.dumps({"status": {"conditions": [READY | {"reason": ""}]}})
    what = [kind, stored, "-n", sandbox.namespace, "--subresource=status"]

    done = sandbox.cluster.kubectl("patch", *what, "--type=merge", "-p", patch, check=False)

    assert "status.conditions[0].reason" in done.stderr
