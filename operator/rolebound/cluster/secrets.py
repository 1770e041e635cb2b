"""Credential Secrets: find, write, take away.

The rule that holds: only a Secret that the operator made for this very owner is ever changed. The first write is a
create, which cannot touch what exists; every later one is a server-side apply that names the Secret's uid, which
cannot touch another object of the same name; a deletion names the uid too.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from rolebound.api import names
from rolebound.api.objects import object_name, parse_stored_credential
from rolebound.cluster import paths
from rolebound.cluster.api import AlreadyThere, KubernetesAPI, NotFound
from rolebound.errors import ClusterUnavailable, Conflict, Retry
from rolebound.model.credential import Credential, StoredCredential
from rolebound.model.objects import ObjectName

_TYPE: Final = f"type={names.CREDENTIALS_SECRET_TYPE}"


class NameTaken(Conflict):
    """A Secret of the claimed name is not ours to fill; its owner may remove it, and nothing tells us when."""

    retry = Retry.SLOWLY


@dataclass(slots=True)
class Position:
    """How far a watch has come: the resource version that it saw last; empty before it saw any."""

    version: str = ""


@dataclass(frozen=True, slots=True)
class CredentialSecrets:
    """The credential Secrets of the cluster."""

    api: KubernetesAPI

    async def list_stored(self) -> AsyncIterator[StoredCredential]:
        """Yield every Secret of ours, from metadata alone: no credential leaves the API server for this."""
        selector = f"{names.MANAGED_BY_LABEL}={names.MANAGED_BY}"
        async for body in self.api.list(paths.SECRETS, metadata_only=True, labelSelector=selector, fieldSelector=_TYPE):
            stored = parse_stored_credential(body)
            if stored is not None:
                yield stored

    async def deletions(self, seen: "Position") -> AsyncIterator[tuple[ObjectName, str]]:
        """Yield the name and uid of each Secret of ours that is deleted, by whomever, until the watch ends.

        `seen` is where the watch starts, and is moved on with it.
        """
        async for kind, body in self.api.watch(paths.SECRETS, seen.version, fieldSelector=_TYPE):
            seen.version = body["metadata"]["resourceVersion"]
            if kind == "DELETED":
                yield object_name(body), body["metadata"]["uid"]

    async def find(self, credential: Credential) -> StoredCredential | None:
        """Return the Secret of `credential`, or None where its name is free; NameTaken where it is somebody else's."""
        try:
            body = await self.api.get(paths.secret(credential.secret), metadata_only=True)
        except NotFound:
            return None
        stored = parse_stored_credential(body)
        if stored is None or not stored.serves(credential):
            raise _name_taken(credential.secret, body if stored else None)
        return stored

    async def write(
        self, credential: Credential, manifest: dict[str, Any], stored: StoredCredential | None
    ) -> StoredCredential:
        """Write the whole Secret at once and return what is stored now; NameTaken where it is somebody else's."""
        if stored is not None:
            try:
                return _stored(await self._renew(manifest, stored))
            except AlreadyThere:
                # Deleted by hand: its name is free now, or somebody took it, which create() finds out.
                pass
        try:
            return _stored(await self.api.create(paths.secrets_in(credential.secret.namespace), manifest))
        except AlreadyThere:
            ours = await self.find(credential)  # NameTaken where it is somebody else's
            if ours is None:
                raise ClusterUnavailable(f"Secret {credential.secret} came and went while it was written") from None
            # Made meanwhile by another operator, as when one takes over from the other: the newer session wins.
            return _stored(await self._renew(manifest, ours))

    async def delete(self, stored: StoredCredential) -> None:
        """Take the Secret away, if it is still the one that we made."""
        await self.api.delete(paths.secret(stored.secret), stored.uid)

    async def _renew(self, manifest: dict[str, Any], stored: StoredCredential) -> dict[str, Any]:
        named = manifest | {"metadata": manifest["metadata"] | {"uid": stored.uid}}
        return await self.api.apply(paths.secret(stored.secret), named)


def _stored(body: dict[str, Any]) -> StoredCredential:
    stored = parse_stored_credential(body)
    if stored is None:  # an admission policy changed what we wrote
        raise ClusterUnavailable("the API server stored a credential Secret without rolebound's label or annotations")
    return stored


def _name_taken(secret: ObjectName, ours: dict[str, Any] | None) -> NameTaken:
    """`ours` is the Secret where rolebound made it for somebody else."""
    if ours is not None:
        owner = ours["metadata"]["ownerReferences"][0]
        return NameTaken(
            f"Secret {secret} holds the credentials of {owner['kind']} {owner['name']}, and each pod needs one of its "
            f"own; take the annotation {names.SECRET_CLAIM}, and what else was copied from an injected pod, out of the "
            "pod's template, or bind with sessionScope ServiceAccount"
        )
    return NameTaken(
        f"Secret {secret} exists and was not made by rolebound for this pod or binding, so it is left alone; "
        "remove it, or claim another name"
    )
