import math
from collections.abc import AsyncIterator

import pytest_asyncio

from rolebound.cluster.api import KubernetesAPI
from rolebound.refresh.term import Term
from tests.support.api_server import ApiServer
from tests.unit.refresh.engine import Engine


@pytest_asyncio.fixture
async def term() -> Term:
    """Begun, and without an end."""
    begun = Term()
    begun.last(math.inf)
    return begun


@pytest_asyncio.fixture
async def engine(server: ApiServer, api: KubernetesAPI) -> AsyncIterator[Engine]:
    made = Engine(server, api)
    yield made
    made.aws.gate.set()
    await made.refresher.stop()
