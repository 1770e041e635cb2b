"""Which bindings a new pod is decided by."""

from typing import Any

import pytest

from rolebound.errors import ClusterUnavailable, SpecInvalid
from rolebound.planning.podparts import Sidecar
from rolebound.refresh.admission import Admission
from rolebound.refresh.observer import Resource
from tests.support.api_server import ApiServer, refusing
from tests.support.builders import binding_body
from tests.unit.refresh.engine import Engine

BINDINGS = "/apis/rolebound.dev/v1alpha1/namespaces/shop/awsrolebindings"


def new_pod(**annotations: str) -> dict[str, Any]:
    asked = {f"rolebound.dev/{name}": value for name, value in annotations.items()}
    metadata = {"generateName": "web-", "namespace": "shop", "annotations": asked}
    return {"metadata": metadata, "spec": {"serviceAccountName": "api", "containers": [{"name": "app", "image": "x"}]}}


@pytest.fixture
def admission(engine: Engine) -> Admission:
    return Admission(engine.inventory, engine.observer, engine.api, Sidecar("image", "Never", 9913))


def profiles(pod: dict[str, Any]) -> list[str]:
    [volume] = pod["spec"].get("volumes", [{"projected": {"sources": []}}])
    secrets = [each["secret"] for each in volume["projected"]["sources"] if "secret" in each]
    return [secret["items"][0]["path"] for secret in secrets]


async def test_known_binding_needs_no_question(engine: Engine, admission: Admission) -> None:
    engine.see_binding()

    done = await admission.pod(new_pod())

    assert profiles(done.pod) == ["default.json"]
    assert engine.server.methods(BINDINGS) == []


async def test_each_pod_gets_a_name_of_its_own(engine: Engine, admission: Admission) -> None:
    engine.see_binding()

    pods = [(await admission.pod(new_pod())).pod for _ in range(20)]

    claims = {pod["metadata"]["annotations"]["rolebound.dev/secret"] for pod in pods}
    assert len(claims) == 20
    assert all(claim.startswith("reader=rolebound.") and len(claim) == 33 for claim in claims)


async def test_binding_that_no_event_told_of_is_asked_for_and_kept(
    engine: Engine, admission: Admission, server: ApiServer
) -> None:
    server.put(f"{BINDINGS}/reader", binding_body())

    done = await admission.pod(new_pod())

    assert profiles(done.pod) == ["default.json"]
    assert [each.name.name for each in engine.inventory.bindings_in("shop")] == ["reader"]


async def test_profile_that_no_known_binding_gives_is_asked_for(
    engine: Engine, admission: Admission, server: ApiServer
) -> None:
    engine.see_binding()
    server.put(f"{BINDINGS}/audit", binding_body("audit", delivery={"profile": "audit"}))

    done = await admission.pod(new_pod(profiles="audit"))

    assert profiles(done.pod) == ["audit.json"]
    assert done.warnings == ()


async def test_pod_is_refused_while_its_bindings_cannot_be_read(admission: Admission, server: ApiServer) -> None:
    server.canned.append(refusing(429, "slow down"))

    with pytest.raises(ClusterUnavailable, match="awsrolebindings: HTTP 429: slow down"):
        await admission.pod(new_pod())


async def test_bad_annotation_is_refused_before_anything_is_asked(admission: Admission, server: ApiServer) -> None:
    with pytest.raises(SpecInvalid, match="profiles"):
        await admission.pod(new_pod(profiles="../x"))

    assert server.asked == []


async def test_pod_that_opted_out_costs_no_question(admission: Admission, server: ApiServer) -> None:
    pod = new_pod()
    pod["metadata"]["labels"] = {"rolebound.dev/inject": "false"}

    assert (await admission.pod(pod)).pod == pod
    assert server.asked == []


async def test_binding_deleted_while_it_was_listed_stays_gone(engine: Engine) -> None:
    engine.see_binding()
    listing = engine.observer.begin_list()

    engine.observer.gone(Resource.BINDINGS, binding_body())
    engine.observer.add_listed(listing, Resource.BINDINGS, [binding_body()])

    assert list(engine.inventory.bindings_in("shop")) == []


async def test_two_lists_at_once_each_know_what_happened_meanwhile(engine: Engine) -> None:
    engine.see_binding()
    first, second = engine.observer.begin_list(), engine.observer.begin_list()

    engine.observer.gone(Resource.BINDINGS, binding_body())
    engine.observer.end_list(first, {Resource.BINDINGS: [binding_body()]})
    engine.observer.end_list(second, {Resource.BINDINGS: [binding_body()]})

    assert list(engine.inventory.bindings_in("shop")) == []
