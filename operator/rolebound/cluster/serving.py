"""The webhook's certificate Secret, and the configuration by which API servers call and trust the webhook.

Several replicas may write: a create cannot touch what exists and an apply names the version that it read, so one wins
and the others read what it wrote.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rolebound.api import names
from rolebound.cluster import paths
from rolebound.cluster.api import AlreadyThere, KubernetesAPI, NotFound
from rolebound.errors import CertificateError, CertificateUnsuitable, Conflict
from rolebound.model.objects import ObjectName
from rolebound.model.serving import ServingCertificate
from rolebound.planning.serving import ca_bundle_changes


@dataclass(frozen=True, slots=True)
class StoredServing:
    """The Secret as it was read."""

    certificate: ServingCertificate | CertificateError
    resource_version: str
    ours: bool
    """Whether rolebound made it."""


@dataclass(frozen=True, slots=True)
class ServingSecret:
    """The Secret that holds the webhook's certificate."""

    api: KubernetesAPI
    name: ObjectName

    async def read(self) -> StoredServing | None:
        """Return what is stored, or None where there is no Secret."""
        try:
            body = await self.api.get(paths.secret(self.name))
        except NotFound:
            return None
        labels = body["metadata"].get("labels") or {}
        return StoredServing(
            certificate=_certificate(body.get("data") or {}),
            resource_version=body["metadata"]["resourceVersion"],
            ours=labels.get(names.MANAGED_BY_LABEL) == names.MANAGED_BY,
        )

    async def write(self, certificate: ServingCertificate, stored: StoredServing | None) -> bool:
        """Store `certificate` in the place of `stored`; False where another replica was faster.

        Raises Conflict where the Secret is somebody else's.
        """
        if stored is not None and not stored.ours:
            raise Conflict(
                f"Secret {self.name} was not made by rolebound, so it is left alone; remove it, or let cert-manager "
                "keep it (injection.webhook.certManager.enabled)"
            )
        manifest = _manifest(self.name, certificate)
        try:
            if stored is None:
                await self.api.create(paths.secrets_in(self.name.namespace), manifest)
            else:
                manifest["metadata"]["resourceVersion"] = stored.resource_version
                await self.api.apply(paths.secret(self.name), manifest)
        except (AlreadyThere, NotFound):
            return False
        return True


@dataclass(frozen=True, slots=True)
class WebhookConfiguration:
    """The MutatingWebhookConfiguration, of which only `caBundle` is ours."""

    api: KubernetesAPI
    name: str

    async def publish(self, bundle: str) -> bool:
        """Set `bundle` where it is not set; whether it had been set already. NotFound where nothing is configured."""
        path = paths.webhook_configuration(self.name)
        changes = ca_bundle_changes(await self.api.get(path), bundle)
        if changes:
            await self.api.patch(path, changes)
        return not changes


def _certificate(data: Mapping[str, str]) -> ServingCertificate | CertificateError:
    try:
        chain, key, authorities = (base64.b64decode(data.get(name, "")) for name in ("tls.crt", "tls.key", "ca.crt"))
        return ServingCertificate.from_pem(chain, key, authorities)
    except binascii.Error:
        return CertificateUnsuitable("the webhook's certificate Secret is not base64")
    except CertificateError as error:
        return error


def _manifest(name: ObjectName, certificate: ServingCertificate) -> dict[str, Any]:
    data = {
        "tls.crt": certificate.chain,
        "tls.key": certificate.key,
        "ca.crt": "".join(certificate.authorities).encode(),
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": names.TLS_SECRET_TYPE,
        "metadata": {
            "name": name.name,
            "namespace": name.namespace,
            "labels": {names.MANAGED_BY_LABEL: names.MANAGED_BY},
        },
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }
