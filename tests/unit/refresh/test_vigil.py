"""What happens to a credential Secret that somebody else deletes."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from rolebound.cluster.secrets import Position
from rolebound.model.objects import ObjectName
from tests.support.api_server import Canned, refusing
from tests.unit.refresh.engine import Engine, eventually

SECRET = ObjectName("shop", "api-1-aws")


def event(kind: str, version: str, uid: str = "uid-x") -> str:
    metadata = {"name": SECRET.name, "namespace": SECRET.namespace, "uid": uid, "resourceVersion": version}
    return json.dumps({"type": kind, "object": {"metadata": metadata}}) + "\n"


async def told(engine: Engine, position: Position) -> list[tuple[ObjectName, str]]:
    stream: AsyncIterator[tuple[ObjectName, str]] = engine.secrets.deletions(position)
    return [each async for each in stream]


async def test_deleted_secret_comes_back(engine: Engine) -> None:
    before = await engine.serve()
    del engine.server.objects["/api/v1/namespaces/shop/secrets/api-1-aws"]

    engine.refresher.secret_deleted(SECRET, before["metadata"]["uid"])

    await eventually(engine.secret)
    assert engine.secret()["metadata"]["uid"] != before["metadata"]["uid"]
    assert len(engine.aws.requests) == 2


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
