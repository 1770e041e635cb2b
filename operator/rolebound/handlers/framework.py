"""kopf's settings and login: each departure from its defaults, with the reason."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import kopf
from kubernetes.aio.client import Configuration

from rolebound import clock
from rolebound.api import names

_LOGIN_AGAIN_AFTER: Final = timedelta(minutes=5)


class NoDiffBase(kopf.DiffBaseStorage):
    """Keeps no copy of an object.

    kopf would copy each body several times per event to find differences for handlers that we do not have; that was
    most of its time per event.
    """

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:  # noqa: ARG002 - kopf's signature
        """Return an essence without content."""
        return kopf.BodyEssence({})

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:  # noqa: ARG002 - kopf's signature
        """Return that nothing was stored."""
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Store nothing."""


class Backoffs:
    """Pauses between tries of kopf's own API calls: without an end, since an operator has nothing better to do.

    A fresh sequence for each iteration; jittered, so that watches which broke together do not return together.
    """

    def __iter__(self) -> Iterator[float]:
        for seconds in itertools.chain((0.5, 1.0, 2.0, 4.0), itertools.repeat(8.0)):
            yield seconds * (1 + clock.chance() / 2)


def settings(server: kopf.WebhookServerProtocol | None) -> kopf.OperatorSettings:
    """Return how kopf should run; `server` receives admission requests, where there are any."""
    chosen = kopf.OperatorSettings()
    chosen.admission.server = server  # and nothing managed: the chart has the configuration, which outlives a replica
    chosen.posting.enabled = False  # Events are written by rolebound alone
    chosen.peering.standalone = True  # paused peers would stop their watches
    chosen.scanning.disabled = True  # needs no right to list CRDs
    chosen.persistence.diffbase_storage = NoDiffBase()
    chosen.networking.error_backoffs = Backoffs()
    chosen.watching.chunk_size = 500
    chosen.watching.server_timeout = 300
    chosen.watching.client_timeout = 310
    chosen.watching.connect_timeout = 30
    chosen.watching.label_selectors["v1", "pods"] = names.POD_SELECTOR
    chosen.watching.field_selectors["v1", "secrets"] = f"type={names.TLS_SECRET_TYPE}"
    chosen.queueing.exit_timeout = 1.0
    chosen.process.ultimate_exiting_timeout = 20.0  # below the pod's grace period
    return chosen


def connection(configuration: Configuration, headers: Mapping[str, str]) -> kopf.ConnectionInfo:
    """Return kopf's login from the one configuration that the operator's own calls use.

    `headers` carry the authorization as it is now. It is asked for again every few minutes, because a ServiceAccount's
    token rotates while kopf by itself would keep the first.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme=scheme.capitalize() or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        expiration=clock.now() + _LOGIN_AGAIN_AFTER,
    )
