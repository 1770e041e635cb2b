"""Conditions and notices: what rolebound says about an object.

A condition is a standing statement with Kubernetes' meaning (KEP-1623); a notice becomes one Event. Types and reasons
are listed here and in `rolebound.errors`, and nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rolebound.model.objects import ObjectRef


class ConditionType(StrEnum):
    """What can be true of a role or a binding; all are good when True."""

    READY = "Ready"
    """Role: the certificate is proven. Binding: it is permitted, and every bound pod holds unexpired credentials."""
    ASSUMABLE = "Assumable"
    """Role: AWS gave a session for it, last time it was asked."""
    RENEWED = "Renewed"
    """Binding: the latest renewal of every Secret succeeded."""
    WITHIN_SESSION = "WithinSession"
    """Binding: no pod that has its keys by StaticFile runs for longer than a session lasts."""


class ConditionStatus(StrEnum):
    """Kubernetes' three values."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Reason(StrEnum):
    """Reasons that are not an error's: nobody has to act."""

    ISSUED = "Issued"
    REFRESHED = "Refreshed"
    ISSUING = "Issuing"
    CERTIFICATE_VERIFIED = "CertificateVerified"
    NOT_TRIED = "NotTried"
    SHORT_LIVED = "ShortLived"
    POD_OUTLIVES_SESSION = "PodOutlivesSession"


@dataclass(frozen=True, slots=True)
class Condition:
    """One statement, and since when it holds."""

    type: str
    status: str
    reason: str
    message: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to an object, for whoever describes it."""

    about: ObjectRef
    reason: str
    message: str
    warning: bool


def merged(previous: Iterable[Condition], current: Iterable[Condition], now: datetime) -> tuple[Condition, ...]:
    """Return `current`, each dated from when its status last changed."""
    before = {condition.type: condition for condition in previous}
    return tuple(replace(condition, since=_since(before.get(condition.type), condition, now)) for condition in current)


def _since(before: Condition | None, condition: Condition, now: datetime) -> datetime:
    if before is None or before.status != condition.status or before.since is None:
        return now
    return before.since
