"""The log of CreateSession calls that a test can count and a demonstration can show.

One record for each call, whatever became of it. Never holds a secret key, a token, a signature or a certificate.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

from rolebound.emulator.clock import iso8601

ISSUED: Final = "Issued"
# The newest are kept; the counts are never cut.
_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One call: `outcome` is `Issued`, an AWS error code, or `Fault:` and its kind where there was no answer."""

    at: datetime
    outcome: str
    message: str = ""
    serial: str = ""
    trust_anchor_arn: str = ""
    profile_arn: str = ""
    role_arn: str = ""
    session_name: str = ""
    access_key_id: str = ""
    expires_at: datetime | None = None

    def document(self) -> Mapping[str, object]:
        """Return the record as the control API shows it."""
        return {
            "time": self.at.isoformat(),
            "outcome": self.outcome,
            "message": self.message,
            "serial": self.serial,
            "trustAnchorArn": self.trust_anchor_arn,
            "profileArn": self.profile_arn,
            "roleArn": self.role_arn,
            "sessionName": self.session_name,
            "accessKeyId": self.access_key_id,
            "expiration": iso8601(self.expires_at) if self.expires_at else None,
        }


@dataclass(slots=True)
class RequestLog:
    """All calls of one emulator, oldest first."""

    _records: deque[RequestRecord] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _counts: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def add(self, record: RequestRecord) -> None:
        """Append `record`."""
        with self._lock:
            self._records.append(record)
            self._counts[record.outcome] += 1

    def records(self) -> list[RequestRecord]:
        """Return the records, oldest first."""
        with self._lock:
            return list(self._records)

    def counts(self) -> dict[str, int]:
        """Return how many calls had each outcome, since the start."""
        with self._lock:
            return dict(self._counts)
