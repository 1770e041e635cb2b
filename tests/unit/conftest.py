"""What the unit tests of two folders need: an API server on a socket of their own, and the operator's client of it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from rolebound.cluster.api import KubernetesAPI
from tests.support.api_server import ApiServer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ApiServer]:
    running = await ApiServer().start()
    yield running
    await running.stop()


@pytest_asyncio.fixture
async def api(server: ApiServer) -> AsyncIterator[KubernetesAPI]:
    client = server.client()
    yield client
    await client.close()
