"""One injector at a time in force, and a namespace for each case of the vectors."""

from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster
from tests.injection.api import Api
from tests.injection.injectors import INJECTORS
from tests.injection.stage import Stage, stage
from tests.support.injection import Case


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the cases that an injector cannot do, by the vectors' own word."""
    items[:] = [item for item in items if _can_do(item)]


def _can_do(item: pytest.Item) -> bool:
    chosen = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    case, injector = chosen.get("case"), chosen.get("injector")
    return not isinstance(case, Case) or not isinstance(injector, str) or case.is_for(injector)


@pytest.fixture(scope="session")
def api(cluster: Cluster) -> Api:
    """The API server, as the administrator."""
    return Api(cluster)


@pytest.fixture(scope="module")
def namespaces(api: Api) -> Iterator[Stage]:
    """The namespaces of the vectors, with their bindings."""
    with stage(api) as made:
        yield made


# With the module, so that the tests after it find no injector in force.
@pytest.fixture(scope="module", params=INJECTORS)
def injector(request: pytest.FixtureRequest, cluster: Cluster, namespaces: Stage) -> Iterator[str]:
    """The injector that is in force, by its name."""
    name: str = request.param
    with INJECTORS[name](cluster):
        namespaces.wait_until_seen()
        yield name
