"""A session for these settings: from the cache where one is good enough, else from AWS.

However many processes ask at once, one of them asks AWS and the others wait for what it gets. A session that AWS does
not renew is used until it expires.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from rolebound import clock
from rolebound.errors import Error
from rolebound.local import cache
from rolebound.local.settings import SessionSettings
from rolebound.model.session import Session
from rolebound.rolesanywhere.client import PATIENT, RolesAnywhere

# botocore starts to renew when 15 minutes are left and then runs a credential_process at every call, so what is handed
# out should last longer. Of a short session the half must do.
_LEFT: Final = timedelta(minutes=20)


@dataclass(slots=True)
class LocalSessions:
    """Asks AWS; the certificate is read anew each time, connections are kept."""

    settings: SessionSettings
    tell: Callable[[str], None] = lambda _: None
    """Is told what is done; never a secret."""
    anywhere: RolesAnywhere = field(init=False)

    def __post_init__(self) -> None:
        self.anywhere = RolesAnywhere(PATIENT, None if self.settings.verifies_tls else False)

    def issue(self) -> Session:
        """Return a new session; Error says who must act where there is none."""
        self.anywhere.check_settings(self.settings.endpoint)
        identity = self.settings.files.load()
        identity.check_dates(clock.now())
        request, endpoint = self.settings.request, self.settings.endpoint
        self.tell(f"certificate {identity.subject!r}, serial number {identity.serial_number}, of {identity.issuer!r}")
        self.tell(f"asking {self.anywhere.url(endpoint)} in {endpoint.region} for {request.role}")
        session = self.anywhere.create_session(identity, request, endpoint)
        self.tell(f"{session.assumed_role_arn} until {clock.rfc3339(session.expires_at)}")
        return session


def cached_output(sessions: LocalSessions, folder: str, key: str, sources: list[Path]) -> str:
    """Return what a credential_process prints, kept under `key` for the next one who asks; the caller has locked it."""
    asked_at = clock.now()
    held = cache.read(folder, key, asked_at.timestamp())
    if held and asked_at.timestamp() < held.renew_at:
        return held.output
    files = [cache.fingerprint(str(path)) for path in sources]
    try:
        session = sessions.issue()
    except Error:
        if held is None:
            raise
        return held.output
    output = process_output(session)
    # By this machine's clock, which need not be AWS's.
    expires_at = asked_at + session.lifetime
    renew_at = expires_at - min(_LEFT, session.lifetime / 2)
    with suppress(OSError):  # a full disk: the next one asks again
        cache.write(folder, key, cache.Entry(output, renew_at.timestamp(), expires_at.timestamp(), files))
    return output


def process_output(session: Session) -> str:
    """Return what a credential_process prints, in one line.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    keys = session.credentials
    document = {
        "Version": 1,
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key,
        "SessionToken": keys.session_token,
        "Expiration": clock.rfc3339(session.expires_at),
    }
    return json.dumps(document, separators=(",", ":"))
