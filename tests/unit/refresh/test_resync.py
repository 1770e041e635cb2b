"""Complete lists: they make up for what a watch lost, and never undo what an event told since they began."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rolebound import clock
from rolebound.model.objects import ObjectName
from rolebound.planning.rendering import secret_manifest
from rolebound.refresh.observer import LISTED, Resource
from tests.support.api_server import refusing
from tests.support.builders import a_binding, a_session, binding_body, pod_body, role_body
from tests.unit.refresh.engine import Engine, eventually

NAMESPACE = {"metadata": {"name": "shop", "uid": "uid-ns", "labels": {}}}
GROUP = "/apis/rolebound.dev/v1alpha1"
EVERYTHING: Mapping[str, dict[str, Any]] = {
    "/api/v1/namespaces/shop": NAMESPACE,
    f"{GROUP}/clusterawsroles/readers": role_body(),
    f"{GROUP}/namespaces/shop/awsrolebindings/reader": binding_body(),
    "/api/v1/namespaces/shop/pods/api-1": pod_body(),
}


def lists(**listed: list[dict[str, Any]]) -> dict[Resource, list[dict[str, Any]]]:
    return {resource: listed.get(resource.name.lower(), []) for resource in LISTED}


def fill(engine: Engine) -> None:
    for path, body in EVERYTHING.items():
        engine.server.put(path, body)


async def test_pod_that_a_watch_lost_is_found(engine: Engine) -> None:
    listing = engine.observer.begin_list()

    engine.observer.end_list(listing, lists(pods=[pod_body()]))

    assert len(engine.inventory.pods) == 1


@pytest.mark.parametrize(
    ("resource", "body"),
    [
        (Resource.NAMESPACES, NAMESPACE),
        (Resource.CLUSTER_ROLES, role_body()),
        (Resource.ROLES, role_body(namespace="shop")),
        (Resource.BINDINGS, binding_body()),
        (Resource.PODS, pod_body()),
    ],
    ids=str,
)
async def test_what_no_list_has_is_forgotten(engine: Engine, resource: Resource, body: dict[str, Any]) -> None:
    engine.observer.seen(resource, body)
    assert engine.observer._known(resource)
    listing = engine.observer.begin_list()

    engine.observer.end_list(listing, lists())

    assert not engine.observer._known(resource)


async def test_pod_that_was_made_since_the_list_began_stays(engine: Engine) -> None:
    listing = engine.observer.begin_list()
    engine.see_pod()

    engine.observer.end_list(listing, lists())

    assert len(engine.inventory.pods) == 1


async def test_pod_that_went_since_the_list_began_stays_away(engine: Engine) -> None:
    engine.see_pod()
    listing = engine.observer.begin_list()
    engine.observer.gone(Resource.PODS, pod_body())

    engine.observer.end_list(listing, lists(pods=[pod_body()]))

    assert engine.inventory.pods == {}


async def test_what_an_event_said_since_wins_over_the_list(engine: Engine) -> None:
    engine.see_pod()
    listing = engine.observer.begin_list()
    engine.see_pod(phase="Succeeded")

    engine.observer.end_list(listing, lists(pods=[pod_body(phase="Running")]))

    assert engine.inventory.pods_of("shop", "api") == []


async def test_events_before_a_list_do_not_count_for_it(engine: Engine) -> None:
    engine.see_pod()
    listing = engine.observer.begin_list()

    engine.observer.end_list(listing, lists())

    assert engine.inventory.pods == {}


async def test_namesake_in_the_list_replaces_the_one_that_is_gone(engine: Engine) -> None:
    engine.see_binding()
    anew = binding_body()
    anew["metadata"]["uid"] = "uid-new"
    listing = engine.observer.begin_list()

    engine.observer.end_list(listing, lists(bindings=[anew]))

    assert engine.inventory.bindings[ObjectName("shop", "reader")].ref.uid == "uid-new"


async def test_first_view_serves_everybody(engine: Engine) -> None:
    fill(engine)

    await engine.resync.first()

    await eventually(engine.secret)
    assert engine.resync.done_once


async def test_view_that_fails_halfway_decides_nothing(engine: Engine) -> None:
    await engine.serve()
    engine.server.canned.extend([refusing(503)])

    await engine.resync._try()

    assert not engine.resync.done_once
    assert len(engine.inventory.pods) == 1
    assert engine.secret()


def stored_secret(engine: Engine, age: timedelta) -> None:
    """A Secret that an earlier life of the operator wrote for the pod, `age` ago."""
    engine.see_role()
    engine.see_binding()
    engine.see_pod()
    [credential] = [each.decision for each in engine.refresher._holdings.values()]
    for resource, body in (
        (Resource.PODS, pod_body()),
        (Resource.BINDINGS, binding_body()),
        (Resource.CLUSTER_ROLES, role_body()),
    ):
        engine.observer.gone(resource, body)
    assert not isinstance(credential, Exception)
    session = a_session(clock.now().replace(microsecond=0) - age)
    engine.server.put("/api/v1/namespaces/shop/secrets/api-1-aws", secret_manifest(credential, session, 77))


async def test_restart_spends_no_session_on_what_is_good(engine: Engine) -> None:
    fill(engine)
    stored_secret(engine, age=timedelta(minutes=10))

    await engine.resync.first()

    await asyncio.sleep(0.05)
    assert engine.aws.requests == []
    assert engine.refresher.holders(a_binding())[0].stored is not None


async def test_restart_renews_what_is_past_its_half_life(engine: Engine) -> None:
    fill(engine)
    stored_secret(engine, age=timedelta(minutes=40))

    await engine.resync.first()

    await eventually(lambda: engine.aws.requests)


async def test_secret_that_nobody_wants_is_taken_away(engine: Engine) -> None:
    fill(engine)
    stored_secret(engine, age=timedelta(minutes=10))
    del engine.server.objects["/api/v1/namespaces/shop/pods/api-1"]

    await engine.resync.first()

    await eventually(lambda: not engine.secret())


async def test_secret_that_was_deleted_by_hand_comes_back(engine: Engine) -> None:
    await engine.serve()
    await eventually(lambda: engine.refresher.holders(a_binding())[0].stored)
    del engine.server.objects["/api/v1/namespaces/shop/secrets/api-1-aws"]

    engine.refresher.adopt([], listed_at=clock.now() + timedelta(seconds=1))
    engine.refresher.reconcile()

    await eventually(engine.secret)


async def test_list_that_is_older_than_a_renewal_does_not_bring_the_old_one_back(engine: Engine) -> None:
    """AWS took its time: the session is older than the list, the write younger."""
    await engine.serve()
    await eventually(lambda: engine.refresher.holders(a_binding())[0].stored)
    [key] = engine.refresher._holdings
    renewed = engine.refresher._holdings[key].stored
    assert renewed is not None
    hour = timedelta(hours=1)
    listed = replace(renewed, issued_at=renewed.issued_at - hour, expires_at=renewed.expires_at - hour)

    engine.refresher.adopt([listed], listed_at=renewed.issued_at + timedelta(seconds=1))
    engine.refresher.reconcile()

    await asyncio.sleep(0.05)
    assert engine.refresher.holders(a_binding())[0].stored == renewed
    assert len(engine.aws.requests) == 1
