"""A replica that does not lead: it knows everything, does nothing, and goes on where the leader ended."""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from rolebound import clock
from rolebound.cluster.api import KubernetesAPI
from rolebound.refresh import resync
from rolebound.refresh.duties import LeadersDuties
from rolebound.refresh.observer import Resource
from tests.support.api_server import ApiServer, refusing
from tests.support.builders import a_binding, binding_body, pod_body, role_body
from tests.unit.refresh.engine import Engine, eventually

STATUS = "/awsrolebindings/reader/status"


@pytest_asyncio.fixture
async def standby(server: ApiServer, api: KubernetesAPI) -> AsyncIterator[Engine]:
    """A second replica over the same cluster, which does not lead."""
    made = Engine(server, api)
    made.term.end()
    yield made
    await made.refresher.stop()


def see(replica: Engine) -> None:
    """What every replica's watches tell."""
    replica.see_role()
    replica.see_binding()
    replica.see_pod()


def put(server: ApiServer, **bodies: dict[str, Any]) -> None:
    """What a complete view shows, by its kind."""
    for kind, body in bodies.items():
        server.put(f"/{kind}/{body['metadata']['name']}", body)


async def come_to_lead(replica: Engine) -> None:
    duties = LeadersDuties(replica.resync, replica.refresher, replica.reporter)
    await duties.catch_up()
    replica.term.last(math.inf)
    duties.take_up()


async def test_standby_calls_nobody_and_writes_nothing(server: ApiServer, standby: Engine) -> None:
    see(standby)
    standby.observer.gone(Resource.PODS, pod_body())
    standby.see_pod("api-2")

    await asyncio.sleep(0.1)

    assert standby.aws.requests == []
    assert server.asked == []


async def test_standby_takes_over_what_the_leader_made(engine: Engine, standby: Engine) -> None:
    see(standby)
    made = await engine.serve()
    engine.term.end()

    await come_to_lead(standby)

    await asyncio.sleep(0.1)
    assert standby.aws.requests == []
    assert engine.secret() == made
    assert standby.refresher.holders(a_binding())[0].stored is not None


async def test_standby_makes_what_the_leader_left_undone(engine: Engine, standby: Engine) -> None:
    see(standby)

    await come_to_lead(standby)

    await eventually(engine.secret)
    assert len(standby.aws.requests) == 1


async def test_standby_deletes_no_secret(engine: Engine, standby: Engine) -> None:
    see(standby)
    await engine.serve()
    await standby.resync.secrets_again()

    standby.observer.gone(Resource.PODS, pod_body())

    await asyncio.sleep(0.1)
    assert engine.secret()


async def test_standby_deletes_it_when_it_leads(server: ApiServer, engine: Engine, standby: Engine) -> None:
    """Once a complete view says that nobody wants it: the pod is not in it."""
    see(standby)
    await engine.serve()
    standby.observer.gone(Resource.PODS, pod_body())
    put(server, clusterawsroles=role_body(), awsrolebindings=binding_body())
    running = asyncio.create_task(standby.resync.run())

    await come_to_lead(standby)

    await eventually(lambda: not engine.secret())
    running.cancel()


async def test_secret_of_a_pod_that_the_watch_has_not_told_of_stays(
    server: ApiServer, engine: Engine, standby: Engine
) -> None:
    """The leader was faster than the standby's watch."""
    standby.see_role()
    standby.see_binding()
    made = await engine.serve()
    put(server, clusterawsroles=role_body(), awsrolebindings=binding_body(), pods=pod_body())
    running = asyncio.create_task(standby.resync.run())
    server.asked.clear()

    await come_to_lead(standby)

    await eventually(lambda: standby.inventory.pods)
    await asyncio.sleep(0.1)
    assert engine.secret() == made
    assert "DELETE" not in server.methods("/secrets/")
    assert standby.aws.requests == []
    running.cancel()


async def test_complete_view_that_fails_is_taken_again(
    server: ApiServer, standby: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resync, "_AGAIN_AFTER", 0.05)
    put(server, pods=pod_body())
    server.canned.extend([refusing(500)] * 3)
    running = asyncio.create_task(standby.resync.run())

    standby.resync.soon()

    await eventually(lambda: standby.inventory.pods)
    running.cancel()


async def test_success_of_another_leader_ends_ones_own_failure(engine: Engine, standby: Engine) -> None:
    """It failed while it led; another leader renewed; it leads again."""
    see(standby)
    await engine.serve()
    await come_to_lead(standby)
    [holding] = standby.refresher._holdings.values()
    holding.problem, holding.attempts = RuntimeError("long ago"), 7  # type: ignore[assignment]
    assert holding.stored is not None
    standby.term.end()
    later = clock.rfc3339(holding.stored.issued_at + timedelta(minutes=1))
    await asyncio.sleep(1.1)  # a list tells nothing of what was written in its own second
    engine.secret()["metadata"]["annotations"]["rolebound.dev/issued-at"] = later

    await come_to_lead(standby)

    assert (holding.problem, holding.attempts) == (None, 0)
    assert clock.rfc3339(holding.stored.issued_at) == later


async def test_standby_keeps_no_name_of_what_came_and_went(standby: Engine) -> None:
    standby.see_role()
    for number in range(50):
        standby.see_binding(f"ci-{number}")
        standby.see_pod(f"pod-{number}")
        standby.observer.gone(Resource.PODS, pod_body(f"pod-{number}"))
        standby.observer.gone(Resource.BINDINGS, binding_body(f"ci-{number}"))

    [lane] = standby.refresher.lanes._lanes.values()

    assert len(standby.reporter._schedule) == 0
    assert len(lane._schedule) == 0


def statuses(server: ApiServer) -> list[Any]:
    return [each.body["status"] for each in server.asked if each.path.endswith(STATUS)]


async def test_standby_writes_a_status_when_it_leads(server: ApiServer, standby: Engine) -> None:
    running = asyncio.create_task(standby.reporter.run())
    see(standby)
    await asyncio.sleep(0.5)
    assert statuses(server) == []

    await come_to_lead(standby)

    await eventually(lambda: statuses(server))
    running.cancel()


async def test_status_of_another_leader_is_what_counts_after_standing_back(server: ApiServer, engine: Engine) -> None:
    """What it wrote once is no longer what stands there."""
    running = asyncio.create_task(engine.reporter.run())
    await engine.serve()
    await eventually(lambda: [each for each in statuses(server) if each.get("readyPods")])
    engine.term.end()
    engine.reporter.forget()
    await asyncio.sleep(0.4)
    engine.see_binding(status={"conditions": [], "boundPods": 0})
    server.asked.clear()

    await come_to_lead(engine)

    await eventually(lambda: [each for each in statuses(server) if each.get("readyPods")])
    running.cancel()
