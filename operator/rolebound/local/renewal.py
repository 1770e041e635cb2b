"""A session that is renewed at half of its life for as long as somebody wants it.

A renewal that fails is tried again, with pauses that grow; until then the last session stays, and it is told when it
has expired. The first session is another matter: what only a person can mend ends it, so that the person is told.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Final

from rolebound import clock
from rolebound.errors import Error, SessionUnavailable
from rolebound.model.session import Session
from rolebound.planning.renewal import half_life, retry_due

# What waits for an edit is looked at again: here nothing tells when files change.
_LOOK_AGAIN: Final = timedelta(seconds=30)
# A machine that slept has slept through any longer wait.
_LONGEST_WAIT: Final = 15.0


@dataclass(slots=True)
class Renewal:
    """Asks `issue` for sessions and gives each to `deliver`; `report` is told what went wrong, in words."""

    issue: Callable[[], Session]
    deliver: Callable[[Session], None]
    report: Callable[[str], None]
    _due: datetime = field(default_factory=clock.now)
    _expires_at: datetime | None = None
    _failures: int = 0

    def start(self) -> None:
        """Deliver the first session. Error where somebody must act first; an outage is waited out by `run`."""
        try:
            self._renew()
        except SessionUnavailable as error:
            self._failed(error)

    def run(self, stopped: Event) -> None:
        """Renew until `stopped` is set."""
        while not stopped.is_set():
            left = (self._due - clock.now()).total_seconds()
            if left > 0:
                stopped.wait(min(left, _LONGEST_WAIT))
                continue
            try:
                self._renew()
            except Error as error:
                self._failed(error)

    def _renew(self) -> None:
        asked_at = clock.now()
        session = self.issue()
        self.deliver(session)
        self._failures = 0
        # By this machine's clock, which need not be AWS's.
        self._expires_at = asked_at + session.lifetime
        self._due = half_life(asked_at, self._expires_at, clock.chance()).at

    def _failed(self, error: Error) -> None:
        self._failures += 1
        now = clock.now()
        again = retry_due(error, self._failures, self._expires_at or now, now, clock.chance())
        self._due = min(again.at, now + _LOOK_AGAIN) if again else now + _LOOK_AGAIN
        held = "there is no session yet"
        if self._expires_at:
            expired = self._expires_at <= now
            held = f"the last session {'expired' if expired else 'is good until'} {clock.rfc3339(self._expires_at)}"
        self.report(f"{error.reason}: {error}; {held}")
