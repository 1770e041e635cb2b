"""How the API server's answers, refusals and silences reach the rest of the operator."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from kubernetes.aio.client import Configuration

from rolebound.cluster.api import AlreadyThere, KubernetesAPI, NotFound, VersionGone, load_configuration
from rolebound.errors import ClusterUnavailable, Retry, SettingsError
from testbed.processes import free_port
from tests.support.api_server import ApiServer, Canned, refusing

PATH = "/api/v1/namespaces/shop/secrets/api-1-aws"
CALLS: dict[str, Callable[[KubernetesAPI], Awaitable[object]]] = {
    "get": lambda api: api.get(PATH),
    "create": lambda api: api.create("/api/v1/namespaces/shop/secrets", {"metadata": {"name": "api-1-aws"}}),
    "apply": lambda api: api.apply(PATH, {"metadata": {"name": "api-1-aws"}}),
    "delete": lambda api: api.delete(PATH, "uid-1"),
}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ClusterUnavailable),
        (401, ClusterUnavailable),
        (403, ClusterUnavailable),
        (404, NotFound),
        (409, AlreadyThere),
        (410, VersionGone),
        (422, ClusterUnavailable),
        (429, ClusterUnavailable),
        (500, ClusterUnavailable),
        (503, ClusterUnavailable),
    ],
)
async def test_refusal_is_an_error_of_ours(
    server: ApiServer, api: KubernetesAPI, status: int, kind: type[ClusterUnavailable]
) -> None:
    server.canned.append(refusing(status, "the reason why"))

    with pytest.raises(ClusterUnavailable) as caught:
        await api.get(PATH)

    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"GET {PATH}: HTTP {status}: the reason why")
    assert caught.value.retry is Retry.SOON


async def test_missing_right_is_for_whoever_installed_the_chart(server: ApiServer, api: KubernetesAPI) -> None:
    server.canned.append(refusing(403, "secrets is forbidden"))

    with pytest.raises(
        ClusterUnavailable, match="forbidden; whoever installed the chart gives the operator this right"
    ):
        await api.get(PATH)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "answer",
    [Canned(500, "<html>secret</html>"), Canned(200, '{"data": "secret'), Canned(500, '["secret"]'), Canned(0)],
    ids=["page", "half an object", "list", "nothing"],
)
async def test_answer_that_is_none_is_not_quoted(
    server: ApiServer, api: KubernetesAPI, call: str, answer: Canned
) -> None:
    server.canned.extend([answer] * 2)  # aiohttp asks once more where a kept connection was closed

    with pytest.raises(ClusterUnavailable) as caught:
        await CALLS[call](api)

    assert "secret" not in str(caught.value).replace("/secrets", "")


async def test_body_that_is_no_status_is_not_quoted(server: ApiServer, api: KubernetesAPI) -> None:
    server.canned.append(Canned(422, json.dumps({"kind": "Secret", "message": "not for logs"})))

    with pytest.raises(ClusterUnavailable) as caught:
        await api.get(PATH)

    assert str(caught.value) == f"GET {PATH}: HTTP 422"


async def test_long_reason_is_cut(server: ApiServer, api: KubernetesAPI) -> None:
    server.canned.append(refusing(422, "x" * 5000))

    with pytest.raises(ClusterUnavailable) as caught:
        await api.get(PATH)

    assert len(str(caught.value)) < 400


async def test_server_that_is_not_there_is_unavailable() -> None:
    api = KubernetesAPI(Configuration(host=f"http://127.0.0.1:{free_port()}"))

    with pytest.raises(ClusterUnavailable, match=f"GET {PATH}: ClientConnectorError"):
        await api.get(PATH)

    await api.close()


@pytest.mark.parametrize("status", [404, 409])
async def test_deletion_of_what_is_gone_or_another_is_done(server: ApiServer, api: KubernetesAPI, status: int) -> None:
    server.canned.append(refusing(status))

    await api.delete(PATH, "uid-1")

    assert server.asked[0].body["preconditions"] == {"uid": "uid-1"}


async def test_list_follows_the_pages(server: ApiServer, api: KubernetesAPI) -> None:
    pages = [{"metadata": {"continue": "more"}, "items": [{"n": 1}, {"n": 2}]}, {"metadata": {}, "items": [{"n": 3}]}]
    server.canned.extend(Canned(200, json.dumps(page)) for page in pages)

    listed = [item["n"] async for item in api.list("/api/v1/pods", labelSelector="a=b")]

    assert listed == [1, 2, 3]
    assert [each.query for each in server.asked] == [
        {"limit": "500", "labelSelector": "a=b"},
        {"limit": "500", "labelSelector": "a=b", "continue": "more"},
    ]


async def test_list_whose_pages_have_expired_fails_as_a_whole(server: ApiServer, api: KubernetesAPI) -> None:
    first = {"metadata": {"continue": "more"}, "items": [{"n": 1}]}
    server.canned.extend([Canned(200, json.dumps(first)), refusing(410, "expired")])

    with pytest.raises(ClusterUnavailable, match="HTTP 410"):
        [item async for item in api.list("/api/v1/pods")]


async def test_empty_list_may_say_null(server: ApiServer, api: KubernetesAPI) -> None:
    server.canned.append(Canned(200, '{"metadata": {}, "items": null}'))

    assert [item async for item in api.list("/api/v1/pods")] == []


async def test_metadata_alone_is_asked_for_by_its_type(server: ApiServer, api: KubernetesAPI) -> None:
    server.put(PATH, {})

    await api.get(PATH, metadata_only=True)
    [item async for item in api.list("/api/v1/secrets", metadata_only=True)]

    kinds = [each.headers["Accept"].split(";")[1] for each in server.asked]
    assert kinds == ["as=PartialObjectMetadata", "as=PartialObjectMetadataList"]


async def test_apply_is_server_side_forced_and_ours(server: ApiServer, api: KubernetesAPI) -> None:
    await api.apply(PATH, {"metadata": {"name": "api-1-aws"}})

    [asked] = server.asked
    assert asked.method == "PATCH"
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert asked.query == {"fieldManager": "rolebound", "force": "true"}


async def test_rotated_token_is_used_from_the_next_request_on(server: ApiServer, api: KubernetesAPI) -> None:
    server.put(PATH, {})
    await api.get(PATH)
    server.token = "second"

    await api.get(PATH)

    assert [each.headers["Authorization"] for each in server.asked] == ["Bearer first", "Bearer second"]


async def test_no_way_to_the_api_server_is_the_installers_affair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere/config")

    with pytest.raises(SettingsError, match="run in a pod with a ServiceAccount, or set KUBECONFIG"):
        await load_configuration()


def watched(*events: dict[str, Any]) -> Canned:
    return Canned(200, "".join(json.dumps(event) + "\n" for event in events))


async def test_watch_yields_metadata_until_it_ends(server: ApiServer, api: KubernetesAPI) -> None:
    event = {"type": "DELETED", "object": {"metadata": {"name": "x", "resourceVersion": "7"}}}
    server.canned.append(watched(event))

    assert [each async for each in api.watch("/api/v1/secrets", "6", fieldSelector="type=x")] == [
        ("DELETED", event["object"])
    ]
    (asked,) = server.asked
    assert asked.query["resourceVersion"] == "6"
    assert asked.query["fieldSelector"] == "type=x"
    assert "as=PartialObjectMetadata;" in asked.headers["Accept"]


@pytest.mark.parametrize(
    "answer",
    [
        refusing(410, "too old"),
        watched({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}),
    ],
    ids=["at once", "in the stream"],
)
async def test_watch_from_a_forgotten_version_says_so(server: ApiServer, api: KubernetesAPI, answer: Canned) -> None:
    server.canned.append(answer)

    with pytest.raises(VersionGone, match="too old"):
        await anext(api.watch("/api/v1/secrets", "6"))


async def test_watch_that_breaks_off_is_an_error_of_ours(server: ApiServer, api: KubernetesAPI) -> None:
    server.canned.append(Canned(200, '{"type": "ADDED", "object": {"da'))

    with pytest.raises(ClusterUnavailable, match="watch /api/v1/secrets"):
        await anext(api.watch("/api/v1/secrets", ""))
