"""CreateSession's quota: ten calls a second for each account and region.

Decides whether one more call is within the rate. Counts every call, refused ones too.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/load-balancing.html
"""

from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from rolebound.emulator.clock import Clock

CALLS_PER_SECOND: Final = 10


@dataclass(slots=True)
class Throttle:
    """One token bucket for each key, of `rate` tokens and refilled at `rate` a second."""

    clock: Clock
    rate: int = CALLS_PER_SECOND
    _buckets: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def admits(self, account: str, region: str) -> bool:
        """Return whether one more call is within the rate, and count it if so."""
        now = self.clock.monotonic()
        with self._lock:
            tokens, at = self._buckets.get((account, region), (float(self.rate), now))
            tokens = min(float(self.rate), tokens + (now - at) * self.rate)
            admitted = tokens >= 1
            self._buckets[account, region] = (tokens - 1 if admitted else tokens, now)
        return admitted
