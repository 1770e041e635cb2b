"""Certificate Secrets → signing identities, read when needed and kept until the Secret changes.

A pair is loaded as one: both halves come from one read of one Secret and are proven to belong together, so a rotation
can never mix an old certificate with a new key. Keys of Secrets that no role names are never held.
"""

import asyncio
import binascii
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any

from rolebound.api import names
from rolebound.cluster import paths
from rolebound.cluster.api import KubernetesAPI, NotFound
from rolebound.errors import CertificateError, CertificateMissing, CertificateUnsuitable
from rolebound.model.identity import SigningIdentity
from rolebound.model.objects import ObjectName


@dataclass(slots=True)
class Certificates:
    """The certificate Secrets that roles name."""

    api: KubernetesAPI
    _loaded: dict[ObjectName, asyncio.Task[SigningIdentity]] = field(default_factory=dict)
    _versions: dict[ObjectName, str] = field(default_factory=dict)

    async def identity(self, secret: ObjectName) -> SigningIdentity:
        """Return the proven identity in `secret`; CertificateError says why there is none.

        Callers at the same time share one read. A failure of the API server is not kept.
        """
        task = self._loaded.get(secret)
        if task is None or _is_lost(task):
            task = self._loaded[secret] = asyncio.create_task(self._load(secret))
        return await asyncio.shield(task)

    def changed(self, secret: ObjectName, resource_version: str) -> bool:
        """Forget what was loaded from an older version of `secret`; tell whether anything was."""
        if secret not in self._loaded or self._versions.get(secret) == resource_version:
            return False
        self.forget(secret)
        return True

    def forget(self, secret: ObjectName) -> None:
        """Drop the identity of `secret`, so that the next caller reads it again."""
        self._loaded.pop(secret, None)
        self._versions.pop(secret, None)

    async def _load(self, secret: ObjectName) -> SigningIdentity:
        try:
            body = await self.api.get(paths.secret(secret))
        except NotFound:
            raise CertificateMissing(
                f"Secret {secret} does not exist; create it with type {names.TLS_SECRET_TYPE}"
            ) from None
        self._versions[secret] = body["metadata"]["resourceVersion"]
        certificate, key = certificate_and_key(secret, body)
        try:
            return SigningIdentity.from_pem(certificate, key)
        except CertificateError as error:
            raise type(error)(f"Secret {secret}: {error}") from None


def certificate_and_key(secret: ObjectName, body: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return `tls.crt` and `tls.key` of a certificate Secret; CertificateError where it is none."""
    if body.get("type") != names.TLS_SECRET_TYPE:
        raise CertificateUnsuitable(
            f"Secret {secret} has type {body.get('type')}; make it again with type {names.TLS_SECRET_TYPE}"
        )
    return _value(secret, body, "tls.crt"), _value(secret, body, "tls.key")


def _value(secret: ObjectName, body: dict[str, Any], key: str) -> bytes:
    encoded = (body.get("data") or {}).get(key)
    if not encoded:
        raise CertificateMissing(f"Secret {secret} has no {key}")
    try:
        return b64decode(encoded, validate=True)
    except binascii.Error:
        raise CertificateUnsuitable(f"Secret {secret}: {key} is not base64") from None


def _is_lost(task: asyncio.Task[SigningIdentity]) -> bool:
    """Whether the read failed for a reason that says nothing about the certificate."""
    if not task.done():
        return False
    return task.cancelled() or (task.exception() is not None and not isinstance(task.exception(), CertificateError))
