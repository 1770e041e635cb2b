"""Keeps the webhook's certificate fresh and trusted, on every replica.

Looks every few seconds: renews the Secret where that is due (cert-manager does it where it keeps the Secret), sets
`caBundle` where it is not what it must be, and hands a new certificate to the server once the API servers trust it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from rolebound import clock
from rolebound.cluster.api import NotFound
from rolebound.cluster.serving import ServingSecret, StoredServing, WebhookConfiguration
from rolebound.errors import CertificateError, CertificateMissing, Error
from rolebound.metrics import Metrics
from rolebound.model.serving import ServingCertificate
from rolebound.planning.serving import ca_bundle, may_serve, must_renew, renewed

log = structlog.get_logger(__name__)

# How long a changed `caBundle` may stay wrong; two small reads each time.
_EVERY: Final = 5.0
# Other replicas take a new certificate within one look after this one did.
_STILL_SERVED_FOR: Final = timedelta(minutes=1)


@dataclass(slots=True)
class ServingRotation:
    """The webhook's certificate from Secret to server."""

    secret: ServingSecret
    configuration: WebhookConfiguration
    names: frozenset[str]
    """The DNS names that the certificate is for."""
    renews: bool
    """False where cert-manager makes and renews the Secret."""
    present: Callable[[ServingCertificate], None]
    """Serves with a certificate from now on."""
    metrics: Metrics
    _served: list[tuple[ServingCertificate, datetime]] = field(default_factory=list)
    """The certificate in use, and before it the one that it replaced, with the instant since which each was in use."""
    _trusted: tuple[ServingCertificate, datetime] | None = None
    """The certificate whose authorities are in `caBundle`, and since when."""

    async def run(self) -> None:
        """Look, again and again; what fails is logged and tried at the next look."""
        while True:
            try:
                await self.look(clock.now())
            except Error as error:
                log.warning("webhook_certificate_failed", reason=error.reason, message=str(error))
            await asyncio.sleep(_EVERY * (0.9 + 0.2 * clock.chance()))

    async def look(self, at: datetime) -> None:
        """Renew, publish, serve: whatever of it is due at `at`. Raises the Error that kept it from being done."""
        certificate = await self._stored(at)
        if not self._served:  # nobody trusts another one of ours, so there is nothing to wait for
            self._serve(certificate, at)
        await self._publish(certificate, at)
        current, _ = self._served[-1]
        if certificate != current and may_serve(current, self._trusted[1] if self._trusted else None, at):
            self._serve(certificate, at)

    async def _stored(self, at: datetime) -> ServingCertificate:
        stored = await self.secret.read()
        certificate = stored.certificate if stored else None
        if self.renews and must_renew(_usable(stored), self.names, at):
            current = self._served[-1][0] if self._served else None
            certificate = renewed(self.names, at, _usable(stored), current)
            if await self.secret.write(certificate, stored):
                log.info("webhook_certificate_renewed", not_after=clock.rfc3339(certificate.not_after))
            else:  # another replica's is there now
                stored = await self.secret.read()
                certificate = stored.certificate if stored else None
        if certificate is None:
            raise CertificateMissing(f"Secret {self.secret.name} with the webhook's certificate does not exist yet")
        if isinstance(certificate, CertificateError):
            raise type(certificate)(f"Secret {self.secret.name}: {certificate}")
        return certificate

    async def _publish(self, certificate: ServingCertificate, at: datetime) -> None:
        bundle = ca_bundle(certificate, self._in_use(at), at)
        try:
            already = await self.configuration.publish(bundle)
        except NotFound:  # nobody calls the webhook
            log.warning("webhook_configuration_missing", name=self.configuration.name)
            already = True
        if not already:
            log.info("webhook_ca_bundle_set", name=self.configuration.name)
        if not already or self._trusted is None or self._trusted[0] != certificate:
            self._trusted = certificate, at

    def _in_use(self, at: datetime) -> list[ServingCertificate]:
        """The certificates that a replica may serve with at this moment."""
        if not self._served:
            return []
        current, since = self._served[-1]
        replaced = [each for each, _ in self._served[:-1]] if at - since < _STILL_SERVED_FOR else []
        return [current, *replaced]

    def _serve(self, certificate: ServingCertificate, at: datetime) -> None:
        self.present(certificate)
        self.metrics.webhook_not_after.set(certificate.not_after.timestamp())
        self._served = [*self._served[-1:], (certificate, at)]
        log.info("webhook_certificate_served", not_after=clock.rfc3339(certificate.not_after))


def _usable(stored: StoredServing | None) -> ServingCertificate | None:
    return stored.certificate if stored and isinstance(stored.certificate, ServingCertificate) else None
