"""Faults on purpose: what a test or a demonstration tells CreateSession to do instead of its work, or before it.

Holds which fault meets which call, and how often. Waits end when the faults are cleared, so that nothing hangs longer
than whoever asked for it.
"""

from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Final, Literal, get_args
from uuid import uuid4

from rolebound.emulator.messages import ConnectionDropped, HttpResponse, Refusal
from rolebound.emulator.session_request import SessionRequest

FaultKind = Literal["status", "garbage", "hang", "delay", "close"]
FAULT_KINDS: Final[tuple[str, ...]] = get_args(FaultKind)
# Longer than any client waits; a hang without an end is ended by `clear`.
_WITHOUT_END: Final = 3600.0
_CODES: Final = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of CreateSession.

    `status` answers with that HTTP status and AWS's error form, `garbage` with that status and a body that is no JSON,
    `hang` answers never (or ends the connection after `seconds`), `delay` works after `seconds`, `close` ends the
    connection at once. `count` calls meet it, or all until it is cleared; `role_arn` and `session_name` narrow it.
    """

    kind: FaultKind
    status: int = 500
    code: str | None = None
    message: str = "a fault was asked for"
    seconds: float | None = None
    count: int | None = None
    role_arn: str | None = None
    session_name: str | None = None
    id: str = field(default_factory=lambda: str(uuid4()))

    def meets(self, asked: SessionRequest) -> bool:
        """Return whether this fault is meant for that call."""
        return self.role_arn in (None, asked.role_arn) and self.session_name in (None, asked.role_session_name)


@dataclass(slots=True)
class Faults:
    """The faults that wait for calls, in the order in which they were asked for."""

    _waiting: list[Fault] = field(default_factory=list)
    _left: dict[str, int] = field(default_factory=dict)
    _cleared: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def add(self, fault: Fault) -> None:
        """Have the next calls meet `fault`."""
        with self._lock:
            self._waiting.append(fault)
            if fault.count is not None:
                self._left[fault.id] = fault.count

    def clear(self) -> None:
        """Forget all faults, and release every call that hangs or waits in one."""
        with self._lock:
            self._waiting.clear()
            self._left.clear()
            self._cleared.set()
            self._cleared = Event()

    def all(self) -> list[Fault]:
        """Return the faults that wait."""
        with self._lock:
            return list(self._waiting)

    def take(self, asked: SessionRequest) -> Fault | None:
        """Return the first fault meant for this call, counted down, or None."""
        with self._lock:
            for fault in self._waiting:
                if fault.meets(asked):
                    self._count_down(fault)
                    return fault
        return None

    def perform(self, fault: Fault) -> HttpResponse | None:
        """Do what `fault` says: return its answer, or None where the call goes on; raise where there is no answer."""
        match fault.kind:
            case "status":
                raise Refusal(fault.status, fault.code or _CODES.get(fault.status, "InternalFailure"), fault.message)
            case "garbage":
                return HttpResponse(fault.status, (("Content-Type", "text/html"),), b"<html>\x00 not what you expect")
            case "hang":
                self._wait(fault.seconds or _WITHOUT_END)
                raise ConnectionDropped
            case "close":
                raise ConnectionDropped
            case "delay":
                self._wait(fault.seconds or 0)
        return None

    def _count_down(self, fault: Fault) -> None:
        if fault.count is None:
            return
        self._left[fault.id] -= 1
        if self._left[fault.id] <= 0:
            self._waiting.remove(fault)

    def _wait(self, seconds: float) -> None:
        self._cleared.wait(seconds)
