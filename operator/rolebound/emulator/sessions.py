"""The sessions that CreateSession and AssumeRole gave out, by access key: what caps each of them and when it ends.

moto keeps the keys themselves; this holds what moto has no place for. Never holds a secret key or a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock


@dataclass(frozen=True, slots=True)
class Session:
    """One session: its session policies (documents, `None` where nothing caps it), tags and source identity.

    The tags whose keys are in `transitive` go on to the sessions of roles that this one assumes.
    """

    access_key_id: str
    role_arn: str
    expires_at: datetime
    session_policies: tuple[str, ...] | None
    tags: Mapping[str, str]
    source_identity: str | None
    transitive: frozenset[str] = frozenset()


@dataclass(slots=True)
class SessionBook:
    """All sessions of one emulator. Expired ones stay, because AWS tells an expired key from an unknown one."""

    _sessions: dict[str, Session] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, session: Session) -> None:
        """Remember `session`."""
        with self._lock:
            self._sessions[session.access_key_id] = session

    def get(self, access_key_id: str) -> Session | None:
        """Return the session of that access key, or None where nothing made it."""
        with self._lock:
            return self._sessions.get(access_key_id)
