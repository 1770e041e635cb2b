"""The inventory: what it remembers, and that a late word about a namesake is ignored."""

from typing import Any

import pytest

from rolebound.errors import SpecInvalid
from rolebound.model.objects import Kind, ObjectName, RoleName
from rolebound.refresh.inventory import Inventory
from tests.support.builders import a_binding, binding_body, pod_body, role_body

ROLE = RoleName(Kind.CLUSTER_ROLE, ObjectName("", "readers"))
READER = ObjectName("shop", "reader")


@pytest.fixture
def inventory() -> Inventory:
    return Inventory("rolebound-system")


def namespace(uid: str = "uid-ns", **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": "shop", "uid": uid, "labels": labels}}


def with_metadata(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return body | {"metadata": body["metadata"] | changes}


def test_status_alone_is_no_news(inventory: Inventory) -> None:
    assert inventory.put_role(role_body())
    assert inventory.put_binding(binding_body())

    assert inventory.put_role(role_body() | {"status": {"observedGeneration": 1}}) is None
    assert inventory.put_binding(binding_body() | {"status": {"observedGeneration": 1}}) is None

    assert inventory.roles[ROLE].status == {"observedGeneration": 1}


def test_new_generation_is_news(inventory: Inventory) -> None:
    inventory.put_role(role_body())
    inventory.put_binding(binding_body())

    assert inventory.put_role(with_metadata(role_body(), generation=2))
    assert inventory.put_binding(with_metadata(binding_body(), generation=2))


def test_asking_for_a_renewal_is_news_though_the_generation_stays(inventory: Inventory) -> None:
    inventory.put_binding(binding_body())

    assert inventory.put_binding(binding_body(annotations={"rolebound.dev/renew": "now"}))


def test_namesake_that_was_made_anew_is_news(inventory: Inventory) -> None:
    inventory.put_role(role_body())

    assert inventory.put_role(with_metadata(role_body(), uid="uid-new"))


def test_late_word_of_a_deleted_namesake_is_ignored(inventory: Inventory) -> None:
    inventory.put_role(with_metadata(role_body(), uid="uid-new"))
    inventory.put_binding(with_metadata(binding_body(), uid="uid-new"))
    inventory.put_namespace(namespace("uid-new"))

    assert not inventory.drop_role(role_body())
    assert not inventory.drop_binding(binding_body())
    inventory.drop_namespace(namespace("uid-old"))

    assert ROLE in inventory.roles
    assert inventory.binding_names_in("shop") == [READER]
    assert "shop" in inventory.namespaces


def test_object_that_cannot_be_read_is_known_with_the_reason(inventory: Inventory) -> None:
    inventory.put_role(role_body(roleARN="nonsense"))
    inventory.put_binding(binding_body(subjects="nonsense"))

    assert isinstance(inventory.roles[ROLE].spec, SpecInvalid)
    assert isinstance(inventory.bindings[READER].spec, SpecInvalid)
    assert inventory.binding_names_in("shop") == [READER]
    assert list(inventory.bindings_in("shop")) == []


def test_binding_leaves_no_trace(inventory: Inventory) -> None:
    inventory.put_binding(binding_body())

    assert inventory.drop_binding(binding_body())

    assert inventory.binding_names_in("shop") == []
    assert inventory._bindings_in == {}


def test_pod_leaves_no_trace(inventory: Inventory) -> None:
    inventory.put_pod(pod_body())

    assert inventory.drop_pod(pod_body()) is not None

    assert inventory.pods_of("shop", "api") == []
    assert inventory._pods_of == {}
    assert inventory.drop_pod(pod_body()) is None


def test_pod_is_news_once(inventory: Inventory) -> None:
    assert inventory.put_pod(pod_body())
    assert inventory.put_pod(pod_body(phase="Running")) is None
    assert inventory.put_pod(pod_body(phase="Succeeded"))


def test_finished_pod_asks_for_nothing(inventory: Inventory) -> None:
    inventory.put_pod(pod_body("api-1"))
    inventory.put_pod(pod_body("api-2", phase="Failed"))

    assert [pod.name.name for pod in inventory.pods_of("shop", "api")] == ["api-1"]


def test_labels_are_what_matters_of_a_namespace(inventory: Inventory) -> None:
    assert inventory.put_namespace(namespace(team="a"))
    assert not inventory.put_namespace(namespace(team="a"))
    assert inventory.put_namespace(namespace(team="b"))
    assert inventory.put_namespace(namespace())


def test_roles_are_found_by_their_certificate(inventory: Inventory) -> None:
    inventory.put_role(role_body())
    inventory.put_role(role_body("own", namespace="shop"))

    assert inventory.roles_of_certificate(ObjectName("rolebound-system", "client")) == [ROLE]
    own = RoleName(Kind.ROLE, ObjectName("shop", "own"))
    assert inventory.roles_of_certificate(ObjectName("shop", "client")) == [own]


def test_bindings_are_found_by_their_role(inventory: Inventory) -> None:
    inventory.put_binding(binding_body())
    inventory.put_binding(binding_body("other", roleRef={"kind": "AWSRole", "name": "readers"}))

    assert inventory.bindings_of_role(ROLE) == [READER]


def test_facts_are_the_role_the_labels_and_the_rivals(inventory: Inventory) -> None:
    inventory.put_role(role_body())
    inventory.put_namespace(namespace(team="a"))
    for name in ("reader", "rival"):
        inventory.put_binding(binding_body(name))
    inventory.put_binding(binding_body("elsewhere", namespace="other"))

    facts = inventory.facts(a_binding())

    assert facts.role == inventory.roles[ROLE].spec
    assert facts.namespace_labels == {"team": "a"}
    assert [rival.name.name for rival in facts.rivals] == ["rival"]
