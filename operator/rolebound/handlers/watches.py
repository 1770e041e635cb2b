"""The edge to kopf: each watch event, handed on. Nothing is decided and nothing is kept here.

Only `on.event`, which writes nothing to the objects: no finalizer, no annotation, so a pod never hangs in Terminating
because the operator is down.
"""

from typing import Any, Final

import kopf

from rolebound.api import names
from rolebound.refresh.observer import Observer, Resource

_WATCHED: Final = {
    Resource.CLUSTER_ROLES: (names.GROUP, names.VERSION, names.CLUSTER_ROLES),
    Resource.ROLES: (names.GROUP, names.VERSION, names.ROLES),
    Resource.BINDINGS: (names.GROUP, names.VERSION, names.BINDINGS),
    Resource.NAMESPACES: ("", "v1", "namespaces"),
    Resource.PODS: ("", "v1", "pods"),
    Resource.CERTIFICATES: ("", "v1", "secrets"),
}


def register(registry: kopf.OperatorRegistry, observer: Observer) -> None:
    """Watch every kind that decisions are made from."""
    for resource, selector in _WATCHED.items():
        _register_one(registry, observer, resource, selector)


def _register_one(
    registry: kopf.OperatorRegistry, observer: Observer, resource: Resource, selector: tuple[str, str, str]
) -> None:
    async def changed(event: kopf.RawEvent, **_: Any) -> None:
        body = event["object"]
        if event["type"] == "DELETED":
            observer.gone(resource, body)
        else:
            observer.seen(resource, body)

    kopf.on.event(*selector, registry=registry, id=f"watch-{resource.value}")(changed)
