"""Statuses → Kubernetes JSON, and the conditions in it back again."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from rolebound.clock import parse_rfc3339, rfc3339
from rolebound.model.conditions import Condition, ConditionType, Notice, Reason, merged
from rolebound.model.identity import SigningIdentity
from rolebound.model.objects import ObjectRef
from rolebound.planning.reporting import BindingStatus, RoleStatus

_MESSAGE_LIMIT: Final = 2048  # an object's status is read by people; metav1.Condition would allow 32768
_GOOD_REASONS: Final = frozenset(Reason) - {Reason.POD_OUTLIVES_SESSION}


def previous_conditions(status: Mapping[str, Any] | None) -> tuple[Condition, ...]:
    """Return the conditions in an object's status, as far as they can be read."""
    found = []
    for entry in (status or {}).get("conditions") or ():
        try:
            since = parse_rfc3339(entry["lastTransitionTime"])
            found.append(Condition(entry["type"], entry["status"], entry["reason"], entry.get("message", ""), since))
        except (KeyError, ValueError, TypeError):
            continue  # somebody else's, or broken: it is replaced
    return tuple(found)


def standing_condition(status: Mapping[str, Any], kind: ConditionType, generation: int) -> Condition | None:
    """Return a condition that a status has for this `generation` of its object, or None.

    It may come from the process before this one, and what that one learnt still holds.
    """
    if status.get("observedGeneration") != generation:
        return None
    return next((each for each in previous_conditions(status) if each.type == kind), None)


def status_body(
    status: BindingStatus | RoleStatus, previous: Mapping[str, Any] | None, generation: int, now: datetime
) -> dict[str, Any]:
    """Return the JSON of `status`, its conditions dated with the help of the `previous` one."""
    conditions = merged(previous_conditions(previous), status.conditions, now)
    fields = _binding_fields(status) if isinstance(status, BindingStatus) else _role_fields(status)
    return {"observedGeneration": generation, "conditions": _conditions(conditions, generation)} | fields


def transitions(about: ObjectRef, previous: Mapping[str, Any], body: Mapping[str, Any]) -> list[Notice]:
    """Return a notice for each condition whose status or reason is another one than before."""
    before = {each.type: (each.status, each.reason) for each in previous_conditions(previous)}
    return [
        Notice(about, each.reason, each.message, warning=each.reason not in _GOOD_REASONS)
        for each in previous_conditions(body)
        if before.get(each.type) != (each.status, each.reason)
    ]


def _conditions(conditions: Iterable[Condition], generation: int) -> list[dict[str, Any]]:
    return [
        {
            "type": condition.type,
            "status": condition.status,
            "reason": condition.reason,
            "message": condition.message[:_MESSAGE_LIMIT],
            "lastTransitionTime": rfc3339(condition.since) if condition.since else None,
            "observedGeneration": generation,
        }
        for condition in conditions
    ]


def _binding_fields(status: BindingStatus) -> dict[str, Any]:
    instants = {"earliestExpiry": status.earliest_expiry, "lastRefresh": status.last_refresh}
    return {
        "boundPods": status.bound_pods,
        "readyPods": status.ready_pods,
        **{name: rfc3339(at) for name, at in instants.items() if at is not None},
    }


def _role_fields(status: RoleStatus) -> dict[str, Any]:
    identity: SigningIdentity | None = status.identity
    if identity is None:
        return {}
    return {
        "certificate": {
            "subject": identity.subject,
            "issuer": identity.issuer,
            "serialNumber": str(identity.serial_number),
            "notBefore": rfc3339(identity.not_before),
            "notAfter": rfc3339(identity.not_after),
        }
    }
