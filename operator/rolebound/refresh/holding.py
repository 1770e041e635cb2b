"""One Secret's worth of a binding: what was decided, what the cluster holds, and how it went so far."""

from dataclasses import dataclass
from datetime import datetime

from rolebound.errors import Error
from rolebound.model.credential import Credential, StoredCredential
from rolebound.model.objects import ObjectName, Pod
from rolebound.planning.renewal import first_due, retry_due
from rolebound.planning.schedule import Due
from rolebound.refresh.issuance import Issued, Written


@dataclass(slots=True)
class Holding:
    """As the refresher keeps it; a new decision makes a new one."""

    name: str
    pod: Pod | None
    decision: Credential | Error
    stored: StoredCredential | None = None
    problem: Error | None = None
    attempts: int = 0
    kept: Issued | None = None
    """A session that could not be written yet, or may have to be written again."""
    was_deleted: bool = False
    """Somebody else deleted its Secret, and may do so again: the session that replaces it is kept."""

    @property
    def secret(self) -> ObjectName | None:
        """The Secret that it is for; None where it was refused."""
        return self.decision.secret if isinstance(self.decision, Credential) else None

    def due(self, now: datetime, chance: float) -> Due | None:
        """Return when to try next; None where nothing can help but an edit."""
        if isinstance(self.decision, Error):
            return None
        if self.problem is None:
            return first_due(self.decision, self.stored, now, chance)
        deadline = self.stored.expires_at if self.stored else now
        return retry_due(self.problem, self.attempts, deadline, now, chance)

    def learn(self, found: StoredCredential | None) -> bool:
        """Take note of what a list shows under its Secret's name; whether that is news.

        It may have been written by another replica, or by a write whose answer was lost.
        """
        if found == self.stored or not isinstance(self.decision, Credential):
            return False
        if found is not None and found.serves(self.decision):
            self.stored, self.problem, self.attempts = found, None, 0
        elif self.stored is not None:
            self.lose()
        else:
            return False
        return True

    def lose(self) -> None:
        """Take note that somebody else deleted its Secret."""
        self.stored, self.was_deleted = None, True

    def succeed(self, written: Written) -> None:
        """Take note of what its Secret holds now."""
        self.stored, self.problem, self.attempts = written.stored, None, 0
        self.kept = written.issued if self.was_deleted else None
        self.was_deleted = False

    def is_overdue(self, now: datetime) -> bool:
        """Whether its renewal is due and was not tried yet."""
        if self.stored is None or self.problem is not None:
            return False
        due = self.due(now, 0.0)
        return due is not None and due.at <= now


def same(before: Credential | Error, after: Credential | Error) -> bool:
    """Whether two decisions ask for the same."""
    if isinstance(before, Error) and isinstance(after, Error):
        return before.reason == after.reason and str(before) == str(after)
    return before == after
