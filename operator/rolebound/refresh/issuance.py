"""One credential, once, from certificate to Secret.

Each step raises an error that says who must act; no step is tried twice here, the schedule does that. A session that
AWS gave and the cluster would not take is kept and written on the next attempt, so nothing that was paid for is lost.
One whose Secret was deleted before is kept too: docs/decisions/20261125-session-of-a-deleted-secret.md says why.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from aiolimiter import AsyncLimiter

from rolebound import clock
from rolebound.cluster.certificates import Certificates
from rolebound.cluster.secrets import CredentialSecrets
from rolebound.errors import CertificateError, Error, RoleNotReady, SessionNameRefused
from rolebound.metrics import Metrics
from rolebound.model.credential import Credential, StoredCredential
from rolebound.model.identity import SigningIdentity
from rolebound.model.objects import RoleName
from rolebound.model.session import Endpoint, Session, SessionRequest
from rolebound.planning.rendering import secret_manifest

# A profile that refuses session names is asked again after this long, since nothing tells us of an edit in AWS.
_ASK_FOR_NAME_AGAIN_AFTER: Final = timedelta(hours=1)


class SessionSource(Protocol):
    """What gives sessions: IAM Roles Anywhere."""

    def create_session(self, identity: SigningIdentity, request: SessionRequest, endpoint: Endpoint) -> Session:
        """Return a new session, or raise SessionDenied or SessionUnavailable; blocks."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one account and region: its share of AWS's quota, and the threads that wait for its answers."""

    limiter: AsyncLimiter | None
    threads: Executor


@dataclass(frozen=True, slots=True)
class Issued:
    """A session that AWS gave, and the serial number of the certificate that it was given for."""

    session: Session
    serial: int
    fingerprint: str

    def fits(self, credential: Credential, stored: StoredCredential | None, now: datetime) -> bool:
        """Whether it may be written for `credential`, and is newer than what the Secret holds."""
        here = self.session.here()
        half = here.issued_at + here.lifetime / 2
        is_newer = stored is None or stored.issued_at < here.issued_at.replace(microsecond=0)
        return self.fingerprint == credential.fingerprint and now < half and is_newer


@dataclass(frozen=True, slots=True)
class Written:
    """What a Secret holds, and the session in it where this process knows that."""

    stored: StoredCredential
    issued: Issued | None


class Unwritten(Error):
    """AWS gave a session and the cluster did not take it; the session is kept for the next attempt."""

    reason = "ClusterUnavailable"

    def __init__(self, cause: Error, issued: Issued) -> None:
        super().__init__(str(cause))
        self.issued = issued
        self.cause = cause


@dataclass(slots=True)
class Issuer:
    """Issues one credential at a time for each caller."""

    certificates: Certificates
    secrets: CredentialSecrets
    source: SessionSource
    metrics: Metrics
    on_outcome: Callable[[RoleName, Error | None], None]
    """Told how each CreateSession for a role ended."""
    _refused_names: dict[tuple[RoleName, str], tuple[SessionNameRefused, datetime]] = field(default_factory=dict)

    async def issue(
        self, credential: Credential, stored: StoredCredential | None, kept: Issued | None, line: Line
    ) -> Written:
        """Return what the Secret of `credential` holds afterwards; raises an Error, or Unwritten with the session."""
        if stored is None:
            stored = await self.secrets.find(credential)
            if stored is not None and stored.fingerprint == credential.fingerprint and _is_fresh(stored):
                return Written(stored, None)  # written before a restart, or by a write whose answer was lost
        issued = kept if kept is not None and kept.fits(credential, stored, clock.now()) else None
        if issued is None:
            issued = await self._session(credential, line)
        manifest = secret_manifest(credential, issued.session, issued.serial)
        try:
            written = await self.secrets.write(credential, manifest, stored)
        except Error as error:
            raise Unwritten(error, issued) from error
        self.metrics.secret_writes.inc()
        return Written(written, issued)

    async def _session(self, credential: Credential, line: Line) -> Issued:
        identity = await usable_identity(self.certificates, credential)
        refusal = self._refusal_of_names(credential)
        request = credential.request if refusal is None else _without_name(credential.request)
        try:
            session = await self._create_session(identity, request, credential, line)
        except SessionNameRefused as error:
            refusal = error
            self._refused_names[_profile(credential)] = (error, clock.now() + _ASK_FOR_NAME_AGAIN_AFTER)
            session = await self._create_session(identity, _without_name(request), credential, line)
        self.on_outcome(credential.role, refusal)
        return Issued(session, identity.serial_number, credential.fingerprint)

    def _refusal_of_names(self, credential: Credential) -> SessionNameRefused | None:
        refusal, until = self._refused_names.get(_profile(credential), (None, clock.now()))
        return refusal if clock.now() < until else None

    async def _create_session(
        self, identity: SigningIdentity, request: SessionRequest, credential: Credential, line: Line
    ) -> Session:
        if line.limiter is not None:
            await line.limiter.acquire()
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            session = await loop.run_in_executor(
                line.threads, self.source.create_session, identity, request, credential.endpoint
            )
        except SessionNameRefused as error:
            self.metrics.sessions.labels(error.reason).inc()
            raise
        except Error as error:
            self.metrics.sessions.labels(error.reason).inc()
            self.on_outcome(credential.role, error)
            raise
        finally:
            self.metrics.session_seconds.observe(loop.time() - started)
        self.metrics.sessions.labels("Issued").inc()
        return session


async def usable_identity(certificates: Certificates, credential: Credential) -> SigningIdentity:
    """Return the role's identity, in date now; RoleNotReady says what is wrong with it."""
    try:
        identity = await certificates.identity(credential.certificate)
        identity.check_dates(clock.now())
    except CertificateError as error:
        unready = RoleNotReady(f"{credential.role}: {error.reason}: {error}")
        unready.passes_at = error.passes_at
        raise unready from error
    return identity


def _is_fresh(stored: StoredCredential) -> bool:
    return clock.now() < stored.issued_at + (stored.expires_at - stored.issued_at) / 2


def _profile(credential: Credential) -> tuple[RoleName, str]:
    return credential.role, credential.request.profile.text


def _without_name(request: SessionRequest) -> SessionRequest:
    return SessionRequest(request.role, request.profile, request.trust_anchor, request.duration)
