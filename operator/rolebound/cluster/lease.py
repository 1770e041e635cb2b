"""The Lease (coordination.k8s.io) by which replicas agree on one leader.

Every write names the version that it read, so of two replicas that write at once one is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rolebound.cluster import paths
from rolebound.cluster.api import AlreadyThere, KubernetesAPI, NotFound
from rolebound.model.objects import ObjectName
from rolebound.planning.leadership import Lease


@dataclass(frozen=True, slots=True)
class LeaseStore:
    """One Lease."""

    api: KubernetesAPI
    name: ObjectName

    async def read(self) -> Lease | None:
        """Return the Lease, or None where there is none."""
        try:
            return _lease(await self.api.get(paths.lease(self.name)))
        except NotFound:
            return None

    async def write(self, spec: Mapping[str, Any], lease: Lease | None) -> Lease | None:
        """Return the Lease with `spec` written in the place of `lease`; None where somebody else was faster."""
        metadata = {"name": self.name.name, "namespace": self.name.namespace}
        manifest = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        try:
            if lease is None:
                return _lease(await self.api.create(paths.leases_in(self.name.namespace), manifest))
            metadata["resourceVersion"] = lease.version
            return _lease(await self.api.apply(paths.lease(self.name), manifest))
        except (AlreadyThere, NotFound):
            return None


def _lease(body: Mapping[str, Any]) -> Lease:
    spec = body.get("spec") or {}
    return Lease(
        holder=spec.get("holderIdentity") or "",
        seconds=float(spec.get("leaseDurationSeconds") or 0),
        acquired_at=spec.get("acquireTime") or "",
        transitions=spec.get("leaseTransitions") or 0,
        version=body["metadata"]["resourceVersion"],
    )
