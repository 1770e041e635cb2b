"""What happens to a credential Secret that somebody else deletes."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from rolebound.cluster.secrets import Position
from rolebound.errors import AWSUnavailable
from rolebound.model.objects import ObjectName
from tests.support.api_server import Canned, refusing
from tests.unit.refresh.engine import Engine, eventually

SECRET = ObjectName("shop", "api-1-aws")
PATH = "/api/v1/namespaces/shop/secrets/api-1-aws"


def event(kind: str, version: str, uid: str = "uid-x") -> str:
    metadata = {"name": SECRET.name, "namespace": SECRET.namespace, "uid": uid, "resourceVersion": version}
    return json.dumps({"type": kind, "object": {"metadata": metadata}}) + "\n"


async def told(engine: Engine, position: Position) -> list[tuple[ObjectName, str]]:
    stream: AsyncIterator[tuple[ObjectName, str]] = engine.secrets.deletions(position)
    return [each async for each in stream]


async def test_deleted_secret_comes_back(engine: Engine) -> None:
    before = await engine.serve()
    del engine.server.objects[PATH]

    engine.refresher.secret_deleted(SECRET, before["metadata"]["uid"])

    await eventually(engine.secret)
    assert engine.secret()["metadata"]["uid"] != before["metadata"]["uid"]
    assert len(engine.aws.requests) == 2


async def test_secret_that_is_deleted_again_and_again_costs_one_more_session(engine: Engine) -> None:
    await engine.serve()

    for _ in range(30):
        uid = engine.server.objects.pop(PATH)["metadata"]["uid"]
        engine.refresher.secret_deleted(SECRET, uid)
        await eventually(engine.secret)

    assert len(engine.aws.requests) == 2


async def test_changed_binding_gets_a_new_session_in_place_of_the_kept_one(engine: Engine) -> None:
    before = await engine.serve()
    del engine.server.objects[PATH]
    engine.refresher.secret_deleted(SECRET, before["metadata"]["uid"])
    await eventually(engine.secret)

    engine.see_binding(annotations={"rolebound.dev/renew": "now"})

    await eventually(lambda: len(engine.aws.requests) == 3)


async def test_deletion_that_is_told_before_the_write_is_answered_is_not_missed(engine: Engine) -> None:
    engine.see_role()
    engine.see_binding()
    engine.see_pod()
    while not engine.secret():  # noqa: ASYNC110 - each turn of the loop, to be faster than the answer
        await asyncio.sleep(0)

    uid = engine.server.objects.pop(PATH)["metadata"]["uid"]
    engine.refresher.secret_deleted(SECRET, uid)

    await eventually(engine.secret)
    assert engine.secret()["metadata"]["uid"] != uid


async def test_deletion_during_an_outage_is_made_up_for_when_it_ends(engine: Engine) -> None:
    before = await engine.serve()
    engine.aws.gate.clear()
    engine.aws.failures.append(AWSUnavailable("HTTP 503"))
    engine.see_binding(annotations={"rolebound.dev/renew": "now"})
    await eventually(lambda: len(engine.aws.requests) == 2)

    del engine.server.objects[PATH]
    engine.refresher.secret_deleted(SECRET, before["metadata"]["uid"])
    engine.aws.gate.set()

    await eventually(engine.secret)


async def test_deletion_of_an_older_namesake_changes_nothing(engine: Engine) -> None:
    await engine.serve()

    engine.refresher.secret_deleted(SECRET, "another uid")

    await asyncio.sleep(0.1)
    assert len(engine.aws.requests) == 1


async def test_own_withdrawal_is_not_taken_for_somebody_elses(engine: Engine) -> None:
    before = await engine.serve()
    engine.see_binding(subjects=[{"kind": "ServiceAccount", "name": "nobody"}])
    await eventually(lambda: not engine.secret())

    engine.refresher.secret_deleted(SECRET, before["metadata"]["uid"])

    assert not engine.secret()
    assert len(engine.aws.requests) == 1


async def test_only_deletions_are_told_and_the_position_moves_on(engine: Engine) -> None:
    position = Position("1")
    engine.server.canned.append(
        Canned(200, event("MODIFIED", "2") + event("DELETED", "3", "uid-y") + event("BOOKMARK", "9"))
    )

    assert await told(engine, position) == [(SECRET, "uid-y")]
    assert position.version == "9"


@pytest.mark.parametrize("status", [403, 500])
async def test_position_outlives_a_watch_that_fails(engine: Engine, status: int) -> None:
    position = Position("5")
    engine.server.canned.append(refusing(status))

    with pytest.raises(Exception, match=f"HTTP {status}"):
        await told(engine, position)

    assert position.version == "5"
