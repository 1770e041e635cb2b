"""Events: said once in a while, in order, and never at anybody's expense."""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from rolebound.cluster.api import KubernetesAPI
from rolebound.cluster.status import StatusWriter
from rolebound.metrics import Metrics
from rolebound.model.conditions import Notice
from rolebound.model.objects import Kind, ObjectName, ObjectRef
from rolebound.refresh import notices
from rolebound.refresh.notices import NoticeBoard
from rolebound.refresh.term import Term
from tests.support.api_server import ApiServer, refusing
from tests.unit.refresh.engine import eventually


def about(uid: str = "uid-1", reason: str = "SessionDenied", message: str = "AWS refused") -> Notice:
    return Notice(ObjectRef(Kind.POD, ObjectName("shop", "api-1"), uid), reason, message, warning=True)


@pytest_asyncio.fixture
async def board(api: KubernetesAPI, term: Term) -> AsyncIterator[NoticeBoard]:
    made = NoticeBoard(StatusWriter(api), Metrics(), term)
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def told(server: ApiServer) -> list[tuple[str, str, str]]:
    bodies = [each.body for each in server.asked]
    return [(body["involvedObject"]["uid"], body["reason"], body["message"]) for body in bodies]


async def test_same_word_about_the_same_object_is_said_once(server: ApiServer, board: NoticeBoard) -> None:
    for _ in range(100):
        board.post(about())
    board.post(about(message="the last"))

    await eventually(lambda: len(server.asked) >= 2)

    assert told(server) == [("uid-1", "SessionDenied", "AWS refused"), ("uid-1", "SessionDenied", "the last")]


async def test_another_message_reason_or_object_is_news(server: ApiServer, board: NoticeBoard) -> None:
    news = [about(), about(message="another"), about(reason="Throttled"), about(uid="uid-2")]

    for notice in news:
        board.post(notice)

    await eventually(lambda: len(server.asked) == 4)
    assert told(server) == [(each.about.uid, each.reason, each.message) for each in news]


async def test_what_returns_after_something_else_is_said_again(server: ApiServer, board: NoticeBoard) -> None:
    for message in ("first", "second", "first"):
        board.post(about(message=message))

    await eventually(lambda: len(server.asked) == 3)
    assert [message for _, _, message in told(server)] == ["first", "second", "first"]


async def test_flood_is_counted_and_does_not_block(board: NoticeBoard) -> None:
    for number in range(5100):
        board.post(about(uid=f"uid-{number}"))

    assert board.metrics.registry.get_sample_value("rolebound_events_dropped_total") == 100


async def test_what_could_not_be_posted_is_said_again_when_it_comes_again(
    server: ApiServer, board: NoticeBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_AGAIN_AFTER", 0.01)
    server.canned.extend([refusing(500)] * 5)
    board.post(about())
    await eventually(lambda: board.metrics.registry.get_sample_value("rolebound_events_dropped_total"))
    server.asked.clear()

    board.post(about())

    await eventually(lambda: told(server) == [("uid-1", "SessionDenied", "AWS refused")])


async def test_what_waits_is_posted_before_another_leads(server: ApiServer, board: NoticeBoard) -> None:
    for number in range(20):
        board.post(about(uid=f"uid-{number}"))

    await board.flush()

    assert len(told(server)) == 20


async def test_what_cannot_be_posted_holds_up_nobody_who_ends(server: ApiServer, board: NoticeBoard) -> None:
    server.canned.extend([refusing(500)] * 5)
    board.post(about())

    async with asyncio.timeout(3):  # and not the ten seconds of all its tries
        await board.flush()


async def test_standby_waits_for_nothing_when_it_ends(board: NoticeBoard, term: Term) -> None:
    term.end()
    board.post(about())

    async with asyncio.timeout(1):
        await board.flush()


async def test_standby_posts_what_it_kept_once_it_leads(server: ApiServer, board: NoticeBoard, term: Term) -> None:
    term.end()
    board.post(about())
    await asyncio.sleep(0.05)
    assert told(server) == []

    term.last(math.inf)

    await eventually(lambda: told(server) == [("uid-1", "SessionDenied", "AWS refused")])


async def test_standby_keeps_nothing_that_the_leader_must_have_posted(
    server: ApiServer, board: NoticeBoard, term: Term, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_KEPT_FOR", timedelta(milliseconds=20))
    term.end()
    board.post(about("uid-old"))
    await asyncio.sleep(0.1)

    term.last(math.inf)
    board.post(about("uid-new"))

    await eventually(lambda: [uid for uid, _, _ in told(server)] == ["uid-new"])
