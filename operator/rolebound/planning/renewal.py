"""When to ask AWS next: after success, after failure, after a restart.

Pure functions of instants and one share of chance in [0, 1), which spreads a fleet that started together.
"""

from datetime import datetime, timedelta
from typing import Final

from rolebound.errors import Error, Retry
from rolebound.model.credential import Credential, StoredCredential
from rolebound.planning.schedule import Due

# Half of the lifetime leaves a 1 h session 30 minutes (27 with the jitter below): botocore starts to refresh when 15
# remain, and the kubelet may need 2 to 3 to bring a Secret into a pod.
_HALF: Final = 0.5
_JITTER: Final = 0.1

_SOON: Final = (timedelta(seconds=1), timedelta(minutes=1))
_SLOWLY: Final = (timedelta(seconds=30), timedelta(minutes=5))


def half_life(issued_at: datetime, expires_at: datetime, chance: float) -> Due:
    """Return when to replace a session: at half of its real lifetime, up to a tenth of it earlier."""
    return Due(at=issued_at + (expires_at - issued_at) * (_HALF - _JITTER * chance), deadline=expires_at)


def renewal_due(stored: StoredCredential, chance: float) -> Due:
    """Return when to replace `stored`."""
    return half_life(stored.issued_at, stored.expires_at, chance)


def first_due(credential: Credential, stored: StoredCredential | None, now: datetime, chance: float) -> Due:
    """Return when `credential` should be issued, given what the cluster holds for it.

    What is good stays until its half-life, across restarts too. What was made for another specification is replaced
    now, and so is what has expired.
    """
    if stored is None or not stored.serves(credential) or stored.expires_at <= now:
        return Due(at=now, deadline=now)
    if stored.fingerprint != credential.fingerprint:
        return Due(at=now, deadline=stored.expires_at)
    return renewal_due(stored, chance)


def retry_due(error: Error, attempts: int, deadline: datetime, now: datetime, chance: float) -> Due | None:
    """Return when to try again after the `attempts`-th failure in a row, or None where only an edit can help.

    What time alone mends is tried when it does.

    The pause doubles from attempt to attempt up to a bound and is shortened by up to half, so that those who failed
    together do not return together. AWS's own advice on backoff:
    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    if error.passes_at is not None:
        return Due(at=max(error.passes_at, now), deadline=deadline)
    if error.retry is Retry.ON_EDIT:
        return None
    first, longest = _SOON if error.retry is Retry.SOON else _SLOWLY
    pause = min(first * 2.0 ** min(attempts - 1, 16), longest)
    return Due(at=now + pause * (1 - chance / 2), deadline=deadline)
