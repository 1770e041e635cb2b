"""The stand-in's only reader of time.

A clock may stand off from the machine's by a fixed amount and can be moved forward, so that an expiry, a skewed clock
or a request signed on another day can be shown without waiting. By itself it only ever moves at the machine's pace.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Clock:
    """Coordinated universal time, `offset` away from the machine's."""

    offset: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC) + self.offset  # noqa: TID251 - the emulator may import no clock but this one

    def advance(self, step: timedelta) -> None:
        """Move this clock forward by `step`; sessions age by as much."""
        self.offset += step

    def monotonic(self) -> float:
        """Return seconds that only ever grow, moved along by `advance`: for rates, never for dates."""
        return time.monotonic() + self.offset.total_seconds()


def iso8601(at: datetime) -> str:
    """Return `at` in whole seconds with a trailing `Z`, as AWS writes timestamps in JSON."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
