"""The only writer of status and Events.

Statuses go by server-side apply to the status subresource, so a write says only what rolebound says. Events are
plain creations in the namespace of what they are about, as `kubectl describe` expects them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rolebound.api import names
from rolebound.clock import rfc3339
from rolebound.cluster import paths
from rolebound.cluster.api import AlreadyThere, KubernetesAPI, NotFound
from rolebound.model.conditions import Notice
from rolebound.model.objects import Kind, ObjectRef

_MESSAGE_LIMIT: Final = 1024  # the API server's own bound on an Event's message


@dataclass(frozen=True, slots=True)
class StatusWriter:
    """Writes what was decided; decides nothing."""

    api: KubernetesAPI
    component: str = "rolebound"

    async def write_status(self, ref: ObjectRef, status: dict[str, Any]) -> None:
        """Apply `status` to the object; nothing happens where it is gone or was made anew."""
        # The uid keeps a late write off a namesake that was created since.
        metadata = {"name": ref.name.name, "uid": ref.uid}
        if ref.name.namespace:
            metadata["namespace"] = ref.name.namespace
        body = {"apiVersion": names.API_VERSION, "kind": str(ref.kind), "metadata": metadata, "status": status}
        try:
            await self.api.apply(paths.status(ref), body)
        except (NotFound, AlreadyThere):
            return

    async def write_event(self, notice: Notice, at: datetime) -> None:
        """Post an Event about the notice's object; nothing happens where its namespace is gone."""
        ref = notice.about
        namespace = ref.name.namespace or "default"  # where Events about cluster-scoped objects live
        when = rfc3339(at)
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{ref.name.name[:200]}.", "namespace": namespace},
            "involvedObject": {
                "apiVersion": "v1" if ref.kind is Kind.POD else names.API_VERSION,
                "kind": str(ref.kind),
                "name": ref.name.name,
                "namespace": ref.name.namespace,
                "uid": ref.uid,
            },
            "type": "Warning" if notice.warning else "Normal",
            "reason": notice.reason,
            "message": notice.message[:_MESSAGE_LIMIT],
            "source": {"component": self.component},
            "reportingComponent": f"{names.GROUP}/operator",
            "firstTimestamp": when,
            "lastTimestamp": when,
            "count": 1,
        }
        try:
            await self.api.create(paths.events_in(namespace), body)
        except NotFound:
            return
