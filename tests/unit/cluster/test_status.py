"""What is written about objects, and where."""

import json

import pytest

from rolebound.cluster.api import KubernetesAPI
from rolebound.cluster.status import StatusWriter
from rolebound.errors import ClusterUnavailable
from rolebound.model.conditions import Notice
from rolebound.model.objects import Kind, ObjectName, ObjectRef
from tests.support.api_server import ApiServer, Canned, refusing
from tests.support.builders import NOON

BINDING = ObjectRef(Kind.BINDING, ObjectName("shop", "reader"), "uid-1")
CLUSTER_ROLE = ObjectRef(Kind.CLUSTER_ROLE, ObjectName("", "readers"), "uid-2")
ROLE = ObjectRef(Kind.ROLE, ObjectName("shop", "readers"), "uid-3")
POD = ObjectRef(Kind.POD, ObjectName("shop", "api-1"), "uid-4")
GROUP = "/apis/rolebound.dev/v1alpha1"


@pytest.fixture
def writer(api: KubernetesAPI) -> StatusWriter:
    return StatusWriter(api)


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        (BINDING, f"{GROUP}/namespaces/shop/awsrolebindings/reader/status"),
        (ROLE, f"{GROUP}/namespaces/shop/awsroles/readers/status"),
        (CLUSTER_ROLE, f"{GROUP}/clusterawsroles/readers/status"),
    ],
    ids=str,
)
async def test_status_goes_to_the_subresource_of_that_very_object(
    server: ApiServer, writer: StatusWriter, ref: ObjectRef, path: str
) -> None:
    server.put(path, {"metadata": {"uid": ref.uid}})

    await writer.write_status(ref, {"observedGeneration": 1})

    [asked] = server.asked
    assert (asked.method, asked.path) == ("PATCH", path)
    assert asked.body["metadata"]["uid"] == ref.uid
    assert asked.body["status"] == {"observedGeneration": 1}


@pytest.mark.parametrize("status", [404, 409])
async def test_status_of_what_is_gone_or_new_is_nobodys(server: ApiServer, writer: StatusWriter, status: int) -> None:
    server.canned.append(refusing(status))

    await writer.write_status(BINDING, {})

    assert server.methods() == ["PATCH"]


async def test_status_that_could_not_be_written_is_said(server: ApiServer, writer: StatusWriter) -> None:
    server.canned.append(refusing(500))

    with pytest.raises(ClusterUnavailable):
        await writer.write_status(BINDING, {})


async def test_nobody_writes_a_pods_status(writer: StatusWriter) -> None:
    with pytest.raises(ValueError, match="writes no pod's status"):
        await writer.write_status(POD, {})


@pytest.mark.parametrize(
    ("ref", "namespace", "version"),
    [
        (POD, "shop", "v1"),
        (BINDING, "shop", "rolebound.dev/v1alpha1"),
        (CLUSTER_ROLE, "default", "rolebound.dev/v1alpha1"),
    ],
    ids=str,
)
async def test_event_stands_where_describe_looks_for_it(
    server: ApiServer, writer: StatusWriter, ref: ObjectRef, namespace: str, version: str
) -> None:
    await writer.write_event(Notice(ref, "Issued", "as it should be", warning=False), NOON)

    [asked] = server.asked
    assert asked.path == f"/api/v1/namespaces/{namespace}/events"
    about = {"apiVersion": version, "kind": str(ref.kind), "name": ref.name.name, "uid": ref.uid}
    assert asked.body["involvedObject"].items() >= about.items()
    assert asked.body["firstTimestamp"] == "2026-11-23T12:00:00Z"
    assert asked.body["type"] == "Normal"


async def test_long_message_is_cut_to_what_an_event_holds(server: ApiServer, writer: StatusWriter) -> None:
    await writer.write_event(Notice(POD, "SessionDenied", "x" * 5000, warning=True), NOON)

    assert len(server.asked[0].body["message"]) == 1024
    assert server.asked[0].body["type"] == "Warning"


async def test_event_into_a_namespace_that_ends_is_nobodys(server: ApiServer, writer: StatusWriter) -> None:
    """Tried again and again, it would hold up every other Event."""
    causes = [{"reason": "NamespaceTerminating", "message": "namespace shop is being terminated"}]
    status = {"kind": "Status", "reason": "Forbidden", "message": "forbidden", "details": {"causes": causes}}
    server.canned.append(Canned(403, json.dumps(status)))

    await writer.write_event(Notice(POD, "Issued", "", warning=False), NOON)

    assert server.methods() == ["POST"]


async def test_event_into_a_namespace_that_is_gone_is_nobodys(server: ApiServer, writer: StatusWriter) -> None:
    server.canned.append(refusing(404))

    await writer.write_event(Notice(POD, "Issued", "", warning=False), NOON)

    assert server.methods() == ["POST"]
