"""A pod at its admission → the pod with credentials.

The bindings are those of the inventory. Where it knows none for the pod, the API is asked, because a binding and a
Deployment that were applied together come faster than a watch; what the answer shows is taken in like an event.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from rolebound.api.objects import Body
from rolebound.cluster import paths
from rolebound.cluster.api import KubernetesAPI
from rolebound.errors import ClusterUnavailable
from rolebound.planning.injection import Injection, injected, injected_ephemeral
from rolebound.planning.podparts import Sidecar
from rolebound.planning.wishes import asks, wishes_of
from rolebound.refresh.inventory import Inventory
from rolebound.refresh.observer import Observer, Resource

# Below the webhook's timeoutSeconds, so that the pod's author reads why instead of a timeout.
_PATIENCE: Final = 3.0


@dataclass(slots=True)
class Admission:
    """Decides on each pod as it is created."""

    inventory: Inventory
    observer: Observer
    api: KubernetesAPI
    sidecar: Sidecar

    async def pod(self, body: Body) -> Injection:
        """Return the new pod in `body` as it should be admitted.

        Raises SpecInvalid where it asks for what cannot be, ClusterUnavailable where its bindings cannot be read.
        """
        namespace = body["metadata"]["namespace"]
        if asks(body) and self._may_be_behind(namespace, body):
            await self._ask(namespace)
        return injected(body, list(self.inventory.bindings_in(namespace)), _new_secret_name, self.sidecar)

    async def ephemeral(self, body: Body, before: Body) -> Injection:
        """Return the pod in `body` with the ephemeral containers that it has not had `before` as they should be."""
        return injected_ephemeral(body, before, self.sidecar)

    def _may_be_behind(self, namespace: str, body: Body) -> bool:
        """Whether the inventory knows no binding for the pod, or none for a profile that it asks for."""
        wanted = wishes_of(body).profiles or frozenset()
        account = body["spec"].get("serviceAccountName") or "default"
        given = {binding.profile for binding in self.inventory.bindings_of_account(namespace, account)}
        return not given or bool(wanted - given)

    async def _ask(self, namespace: str) -> None:
        """Take in the namespace's bindings as they are now."""
        path = paths.bindings_in(namespace)
        listing = self.observer.begin_list()
        try:
            async with asyncio.timeout(_PATIENCE):
                bodies = [body async for body in self.api.list(path)]
        except TimeoutError:
            raise ClusterUnavailable(f"GET {path}: no answer in {_PATIENCE:g} s") from None
        self.observer.add_listed(listing, Resource.BINDINGS, bodies)


def _new_secret_name() -> str:
    return f"rolebound.{secrets.token_hex(8)}"
