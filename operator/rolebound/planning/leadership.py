"""Which replica leads: when the Lease may be taken, and what its holder writes into it.

Pure, and by client-go's rules, so that `kubectl get lease` reads as for any controller:
https://pkg.go.dev/k8s.io/client-go/tools/leaderelection. Instants that are compared are seconds of a clock that nobody
sets, of whoever looks; the times in the Lease are for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

# client-go's own. A leader that cannot renew stops before another may start, with five seconds between the two.
LEASE_SECONDS: Final = 15
RENEWED_WITHIN: Final = 10.0
LOOK_EVERY: Final = 2.0

_MICRO_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Lease:
    """A Lease as it was read."""

    holder: str
    """Who leads; empty where its holder let go of it."""
    seconds: float
    """How long it is good for after each change."""
    acquired_at: str
    transitions: int
    version: str
    """Changes with every write."""


@dataclass(slots=True)
class Candidate:
    """A replica, and since when the Lease has stood as it stands."""

    identity: str
    _version: str = ""
    _since: float = 0.0

    def may_take(self, lease: Lease | None, at: float) -> bool:
        """Whether to write this replica into `lease`, which was read at `at`: it is its own, or nobody's any more."""
        if lease is None or lease.holder in ("", self.identity):
            return True
        if lease.version != self._version:
            self._version, self._since = lease.version, at
        return at - self._since >= (lease.seconds or LEASE_SECONDS)

    def spec(self, lease: Lease | None, now: datetime) -> Mapping[str, Any]:
        """Return the spec that takes `lease`, or renews it where it is this replica's already."""
        when = now.strftime(_MICRO_TIME)
        held = lease is not None and lease.holder == self.identity
        before = lease.transitions if lease else -1
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": LEASE_SECONDS,
            "acquireTime": lease.acquired_at if lease and held and lease.acquired_at else when,
            "renewTime": when,
            "leaseTransitions": before if held else before + 1,
        }


def released(lease: Lease, now: datetime) -> Mapping[str, Any]:
    """Return the spec that gives `lease` back, so that the next leader need not wait for its end."""
    when = now.strftime(_MICRO_TIME)
    return {
        "holderIdentity": "",
        "leaseDurationSeconds": 1,
        "acquireTime": when,
        "renewTime": when,
        "leaseTransitions": lease.transitions,
    }
