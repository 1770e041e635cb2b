"""When the webhook's certificate is renewed, what the API server must trust meanwhile, and when a new one is served.

Pure. The rule that holds: a certificate is served only once the API servers trust its authority, and an authority
stays trusted until its certificate has expired, so a rotation fails no call, whatever the order of the replicas.
"""

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from rolebound.model.objects import ObjectName
from rolebound.model.serving import ServingCertificate

LIFETIME: Final = timedelta(days=90)
# An API server learns of its changed configuration by a watch, within a second; the rest is for one that is slow.
SETTLED_AFTER: Final = timedelta(seconds=10)


def serving_names(service: ObjectName) -> frozenset[str]:
    """Return the DNS names of a webhook's Service; API servers call it `NAME.NAMESPACE.svc`."""
    name = f"{service.name}.{service.namespace}.svc"
    return frozenset({name, f"{name}.cluster.local"})


def must_renew(certificate: ServingCertificate | None, names: frozenset[str], at: datetime) -> bool:
    """Whether a new certificate is due: none is there, two thirds of its life are over, or other names are needed."""
    if certificate is None or certificate.names != names:
        return True
    return at >= certificate.not_before + (certificate.not_after - certificate.not_before) * 2 / 3


def renewed(names: frozenset[str], at: datetime, *served: ServingCertificate | None) -> ServingCertificate:
    """Return a new certificate, with the authorities of those that may still be served trusted beside its own."""
    older = [authority for each in served if each for authority in each.authorities_at(at)]
    return ServingCertificate.issue(names, at, LIFETIME, dict.fromkeys(older))


def ca_bundle(stored: ServingCertificate, in_use: Iterable[ServingCertificate], at: datetime) -> str:
    """Return what `caBundle` must be, base64 of PEM: the authorities of the stored certificate and of those in use."""
    trusted = [*stored.authorities, *(authority for each in in_use for authority in each.authorities_at(at))]
    return base64.b64encode("".join(dict.fromkeys(trusted)).encode()).decode()


def ca_bundle_changes(configuration: Mapping[str, Any], bundle: str) -> list[dict[str, Any]]:
    """Return the JSON patch (RFC 6902) that sets `bundle` in every webhook of `configuration`; empty where it is set.

    Each change tests the webhook's name first, so that a list which changed meanwhile refuses the whole patch.
    """
    changes: list[dict[str, Any]] = []
    for index, webhook in enumerate(configuration.get("webhooks") or ()):
        if webhook.get("clientConfig", {}).get("caBundle") != bundle:
            path = f"/webhooks/{index}"
            changes.append({"op": "test", "path": f"{path}/name", "value": webhook["name"]})
            changes.append({"op": "add", "path": f"{path}/clientConfig/caBundle", "value": bundle})
    return changes


def may_serve(served: ServingCertificate, trusted_since: datetime | None, at: datetime) -> bool:
    """Whether a new certificate may take the place of `served`: it is long trusted, or the other no longer is."""
    if served.not_after <= at:
        return True
    return trusted_since is not None and at - trusted_since >= SETTLED_AFTER
