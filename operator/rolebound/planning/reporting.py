"""What a role's and a binding's status say, from what is known now.

Pure. A binding is Ready when every pod that it serves holds credentials that have not expired: a renewal that fails
does not take Ready away while the last good ones hold, and `Renewed` tells of it meanwhile.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rolebound.clock import rfc3339
from rolebound.errors import Error, SessionNameRefused, SessionUnavailable
from rolebound.model.conditions import Condition, ConditionStatus, ConditionType, Reason
from rolebound.model.credential import StoredCredential
from rolebound.model.identity import SigningIdentity
from rolebound.model.objects import Binding, DeliveryType, Pod


@dataclass(frozen=True, slots=True)
class Holder:
    """One Secret of a binding: for how many pods, what it holds, and what went wrong last."""

    name: str
    pods: int
    stored: StoredCredential | None
    problem: Error | None
    overdue: bool = False
    """Its renewal is due and was not tried yet, as after a restart."""

    def holds_at(self, now: datetime) -> bool:
        """Whether its pods have credentials that have not expired."""
        return self.stored is not None and self.stored.expires_at > now


@dataclass(frozen=True, slots=True)
class BindingStatus:
    """An AWSRoleBinding's status."""

    conditions: tuple[Condition, ...]
    bound_pods: int = 0
    ready_pods: int = 0
    earliest_expiry: datetime | None = None
    last_refresh: datetime | None = None

    def also(self, condition: Condition | None) -> "BindingStatus":
        """Return the status with one more condition, where there is one."""
        return self if condition is None else replace(self, conditions=(*self.conditions, condition))


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """A ClusterAWSRole's or AWSRole's status."""

    conditions: tuple[Condition, ...]
    identity: SigningIdentity | None = None


def binding_status(
    refusal: Error | None,
    role_problem: Error | None,
    holders: Sequence[Holder],
    now: datetime,
    renewed_before: Condition | None = None,
) -> BindingStatus:
    """Return the status of a binding.

    `refusal` is what keeps the whole binding, or a subject of it, from being served; `role_problem` is what keeps its
    role from issuing. `renewed_before` is the `Renewed` condition that stands until the next renewal was tried.
    """
    stored = [holder.stored for holder in holders if holder.stored is not None and holder.holds_at(now)]
    conditions = [_ready(refusal, role_problem, holders, now)]
    if any(holder.stored is not None for holder in holders):
        undecided = any(holder.overdue for holder in holders) and not any(holder.problem for holder in holders)
        conditions.append((renewed_before if undecided else None) or _renewed(holders, now))
    return BindingStatus(
        conditions=tuple(conditions),
        bound_pods=sum(holder.pods for holder in holders),
        ready_pods=sum(holder.pods for holder in holders if holder.holds_at(now)),
        earliest_expiry=min((each.expires_at for each in stored), default=None),
        last_refresh=max((each.issued_at for each in stored), default=None),
    )


def within_session(
    binding: Binding, pods: Sequence[Pod], duration: timedelta, now: datetime
) -> tuple[Condition | None, datetime | None]:
    """Return whether pods with StaticFile end within a session, and when the next one will have outlived it.

    None where the binding serves no such pod. Most SDKs read static keys once, so a pod that runs for longer than a
    session may hold keys that have expired, however often the file is renewed.
    """
    static = [pod for pod in pods if (pod.delivery or binding.delivery) is DeliveryType.STATIC_FILE]
    if not static:
        return None, None
    ends = sorted((pod.created_at + duration, pod.name.name) for pod in static)
    outlived = [name for at, name in ends if at <= now]
    ahead = next((at for at, _ in ends if at > now), None)
    kind = ConditionType.WITHIN_SESSION
    if not outlived:
        message = "No pod with StaticFile has run for longer than a session."
        return _condition(kind, ConditionStatus.TRUE, Reason.SHORT_LIVED, message), ahead
    message = (
        f"{len(outlived)} of {len(static)} pods with StaticFile, {outlived[0]} first, run for longer than a session "
        f"({duration.total_seconds():.0f} s): what reads the file only once fails there. Use CredentialProcess or "
        "Endpoint, unless the program reads the file again"
    )
    return _condition(kind, ConditionStatus.FALSE, Reason.POD_OUTLIVES_SESSION, message), ahead


def role_status(problem: Error | None, identity: SigningIdentity | None, assumable: Condition) -> RoleStatus:
    """Return the status of a role: its certificate's state, and whether AWS lets it be assumed."""
    if problem is not None:
        ready = _condition(ConditionType.READY, ConditionStatus.FALSE, problem.reason, str(problem))
    else:
        message = "Leaf, chain and key belong together, are in date and fit for use."
        ready = _condition(ConditionType.READY, ConditionStatus.TRUE, Reason.CERTIFICATE_VERIFIED, message)
    return RoleStatus(conditions=(ready, assumable), identity=identity)


def not_tried() -> Condition:
    """Return the condition of a role for which CreateSession was never called."""
    message = "No credentials were asked for yet."
    return _condition(ConditionType.ASSUMABLE, ConditionStatus.UNKNOWN, Reason.NOT_TRIED, message)


def assumable_after(outcome: Error | None) -> Condition:
    """Return what the `outcome` of a role's last CreateSession says of it; None is success."""
    kind = ConditionType.ASSUMABLE
    if isinstance(outcome, SessionNameRefused):  # credentials were issued all the same, without the name
        return _condition(kind, ConditionStatus.TRUE, outcome.reason, str(outcome))
    if isinstance(outcome, SessionUnavailable):  # AWS said neither yes nor no
        return _condition(kind, ConditionStatus.UNKNOWN, outcome.reason, str(outcome))
    if outcome is not None:
        return _condition(kind, ConditionStatus.FALSE, outcome.reason, str(outcome))
    return _condition(kind, ConditionStatus.TRUE, Reason.ISSUED, "AWS gave the last session that was asked for.")


def _ready(refusal: Error | None, role_problem: Error | None, holders: Sequence[Holder], now: datetime) -> Condition:
    kind = ConditionType.READY
    if refusal is not None:
        return _condition(kind, ConditionStatus.FALSE, refusal.reason, str(refusal))
    waiting = [holder for holder in holders if not holder.holds_at(now)]
    if waiting:
        problem = _most_common([holder.problem for holder in waiting if holder.problem is not None])
        share = f"{len(waiting)} of {len(holders)}"
        if problem is None:
            message = f"{share} wait for their first credentials."
            return _condition(kind, ConditionStatus.FALSE, Reason.ISSUING, message)
        return _condition(kind, ConditionStatus.FALSE, problem.reason, f"{share} without credentials: {problem}")
    if not holders and role_problem is not None:
        return _condition(kind, ConditionStatus.FALSE, role_problem.reason, str(role_problem))
    message = "Every pod holds credentials." if holders else "Permitted; no pod asks for credentials yet."
    return _condition(kind, ConditionStatus.TRUE, Reason.ISSUED, message)


def _renewed(holders: Sequence[Holder], now: datetime) -> Condition:
    failing = [holder for holder in holders if holder.stored is not None and holder.problem is not None]
    problem = _most_common([holder.problem for holder in failing if holder.problem is not None])
    if problem is None:
        message = "The latest renewal of every Secret succeeded."
        return _condition(ConditionType.RENEWED, ConditionStatus.TRUE, Reason.REFRESHED, message)
    until = min((h.stored.expires_at for h in failing if h.stored is not None and h.holds_at(now)), default=None)
    kept = f" The last good credentials hold until {rfc3339(until)}." if until else ""
    message = f"{len(failing)} of {len(holders)} could not be renewed: {problem}{kept}"
    return _condition(ConditionType.RENEWED, ConditionStatus.FALSE, problem.reason, message)


def _most_common(problems: Sequence[Error]) -> Error | None:
    if not problems:
        return None
    reason, _ = Counter(problem.reason for problem in problems).most_common(1)[0]
    return next(problem for problem in problems if problem.reason == reason)


def _condition(kind: ConditionType, status: ConditionStatus, reason: str, message: str) -> Condition:
    return Condition(kind.value, status.value, str(reason), message)
