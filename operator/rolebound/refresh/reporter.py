"""What happened → status and Events, few and late enough that a busy cluster is not written to death.

A binding's status is computed anew from what is known and written when its conditions change, or at most every few
seconds when only its counts did; never once for each pod. Equal Events about one object are posted once in a while.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog

from rolebound import clock
from rolebound.cluster.certificates import Certificates
from rolebound.cluster.status import StatusWriter
from rolebound.errors import CertificateError, ClusterUnavailable, Error, RoleNotReady
from rolebound.metrics import Metrics
from rolebound.model.conditions import Condition, ConditionType, Notice, Reason
from rolebound.model.identity import SigningIdentity
from rolebound.model.objects import Binding, ObjectName, Role, RoleName
from rolebound.planning.decisions import refusal_of
from rolebound.planning.reporting import (
    Holder,
    assumable_after,
    binding_status,
    not_tried,
    role_status,
    within_session,
)
from rolebound.planning.schedule import Due, Schedule
from rolebound.planning.statuses import standing_condition, status_body, transitions
from rolebound.refresh.inventory import Inventory, Known
from rolebound.refresh.notices import NoticeBoard
from rolebound.refresh.term import Term
from rolebound.refresh.waiting import sleep_until

log = structlog.get_logger(__name__)

# Long enough that a pod which gets its credentials at once never makes its binding look not Ready.
_SETTLE: Final = timedelta(milliseconds=300)
_COUNTS_EVERY: Final = timedelta(seconds=5)
_AGAIN_AFTER: Final = timedelta(seconds=3)
# States on the way to another, which the status shows and no Event needs to.
_QUIET: Final = frozenset({Reason.ISSUING, Reason.NOT_TRIED})

Subject = RoleName | ObjectName  # a role, or a binding


class Holdings(Protocol):
    """Who knows what a binding's pods hold."""

    def holders(self, binding: Binding) -> list[Holder]:
        """Return what the binding's status counts."""
        ...


@dataclass(slots=True)
class Written:
    """The status that was written last for an object of this uid, and when."""

    uid: str
    body: Mapping[str, Any]
    at: datetime


@dataclass(slots=True)
class Reporter:
    """The only caller of the status writer."""

    inventory: Inventory
    certificates: Certificates
    writer: StatusWriter
    notices: NoticeBoard
    metrics: Metrics
    term: Term
    holdings: Holdings | None = None
    """Set by whoever builds both: the refresher reports here, and is asked from here."""
    _schedule: Schedule[Subject] = field(default_factory=Schedule)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _written: dict[Subject, Written] = field(default_factory=dict)
    _outcomes: dict[RoleName, Error | None] = field(default_factory=dict)

    def touch_binding(self, name: ObjectName) -> None:
        """Look at a binding's status soon."""
        self._touch(name)

    def touch_role(self, name: RoleName) -> None:
        """Look at a role's status soon, and at the bindings that depend on it."""
        self._touch(name)
        for binding in self.inventory.bindings_of_role(name):
            self._touch(binding)

    def session_ended(self, role: RoleName, outcome: Error | None) -> None:
        """Remember how the last CreateSession for a role ended."""
        before = self._outcomes.get(role)
        if role not in self._outcomes or str(before) != str(outcome):
            self._outcomes[role] = outcome
            self._touch(role)

    def notice(self, notice: Notice) -> None:
        """Post an Event, unless an equal one was posted lately."""
        self.notices.post(notice)

    async def run(self) -> None:
        """Write each status when it is due and this replica leads."""
        while True:
            await sleep_until(self._schedule, self._wake)
            await self.term.begun()
            subject = self._schedule.take(clock.now())
            if subject is not None:
                await self._one(subject)

    async def flush(self) -> None:
        """Write now what is waiting: the last thing before a shutdown."""
        while self.term.lasts and (subject := self._schedule.take(clock.now() + _SETTLE)) is not None:
            await self._one(subject)

    def touch_all(self) -> None:
        """Look at every status soon: another replica wrote them so far."""
        for role in self.inventory.roles:
            self._touch(role)
        for binding in self.inventory.bindings:
            self._touch(binding)

    def forget(self) -> None:
        """Forget what was written and how sessions ended: another replica knows better from now on."""
        self._written.clear()
        self._outcomes.clear()
        self.metrics.certificate_not_after.clear()

    def _touch(self, subject: Subject) -> None:
        if not self.term.lasts:
            return  # a standby would keep every name there ever was; a term begins with touch_all()
        if subject not in self._schedule or self._schedule.due_at(subject) > clock.now() + _SETTLE:
            self._put(subject, clock.now() + _SETTLE)

    def _put(self, subject: Subject, at: datetime) -> None:
        self._schedule.put(subject, Due(at=at, deadline=at))
        self._wake.set()

    async def _one(self, subject: Subject) -> None:
        try:
            if isinstance(subject, RoleName):
                await self._report_role(subject)
            else:
                await self._report_binding(subject)
        except ClusterUnavailable as error:
            log.warning("report_failed", subject=str(subject), message=str(error))
            self._put(subject, clock.now() + _AGAIN_AFTER)
        except Exception:
            log.exception("report_crashed", subject=str(subject))
            self._put(subject, clock.now() + _COUNTS_EVERY)

    async def _report_role(self, name: RoleName) -> None:
        known = self.inventory.roles.get(name)
        if known is None:
            self._written.pop(name, None)
            self._outcomes.pop(name, None)
            return
        identity, problem = await self._identity(known.spec)
        previous = self._previous(name, known)
        status = role_status(problem, identity, self._assumable(name, previous, known.generation))
        if identity is not None:
            where = (str(name.kind), name.name.namespace, name.name.name)
            self.metrics.certificate_not_after.labels(*where).set(identity.not_after.timestamp())
            self._look_again(name, identity.not_before, identity.not_after)
        body = status_body(status, previous, known.generation, clock.now())
        if await self._write(name, known, body):
            for binding in self.inventory.bindings_of_role(name):
                self._touch(binding)

    def _assumable(self, name: RoleName, previous: Mapping[str, Any], generation: int) -> Condition:
        if name in self._outcomes:
            return assumable_after(self._outcomes[name])
        return standing_condition(previous, ConditionType.ASSUMABLE, generation) or not_tried()

    async def _report_binding(self, name: ObjectName) -> None:
        known = self.inventory.bindings.get(name)
        if known is None:
            self._written.pop(name, None)
            return
        now, previous = clock.now(), self._previous(name, known)
        instants: list[datetime | None] = []
        if isinstance(known.spec, Error):
            status = binding_status(known.spec, None, (), now)
        else:
            assert self.holdings is not None, "the reporter runs only once it is wired"  # noqa: S101 - for whoever wires it
            facts = self.inventory.facts(known.spec)
            problem, within, outlived_at = None, None, None
            if isinstance(facts.role, Role):
                pods = self.inventory.pods_of_binding(known.spec)
                within, outlived_at = within_session(known.spec, pods, facts.role.duration, now)
                _, problem = await self._identity(facts.role)
                problem = problem and RoleNotReady(f"{known.spec.role}: {problem.reason}: {problem}")
            holders = self.holdings.holders(known.spec)
            before = standing_condition(previous, ConditionType.RENEWED, known.generation)
            status = binding_status(refusal_of(known.spec, facts), problem, holders, now, before).also(within)
            instants.append(outlived_at)
        body = status_body(status, previous, known.generation, now)
        self._look_again(name, status.earliest_expiry, *instants)
        await self._write(name, known, body)

    async def _identity(self, role: Role | Error) -> tuple[SigningIdentity | None, Error | None]:
        if isinstance(role, Error):
            return None, role
        try:
            identity = await self.certificates.identity(role.certificate)
        except CertificateError as error:
            return None, error
        try:
            identity.check_dates(clock.now())
        except CertificateError as error:
            return identity, error
        return identity, None

    def _look_again(self, subject: Subject, *instants: datetime | None) -> None:
        """Report again when time alone makes a status untrue."""
        ahead = [at for at in instants if at is not None and at > clock.now()]
        if ahead and subject not in self._schedule:
            self._put(subject, min(ahead))

    def _previous(self, subject: Subject, known: Known) -> Mapping[str, Any]:
        written = self._written.get(subject)
        return written.body if written is not None and written.uid == known.ref.uid else known.status

    async def _write(self, subject: Subject, known: Known, body: dict[str, Any]) -> bool:
        """Write `body` where it says something new; whether it did."""
        previous, now = self._previous(subject, known), clock.now()
        if body == previous:
            return False
        news = transitions(known.ref, previous, body)
        written = self._written.get(subject)
        if not news and written is not None and now < written.at + _COUNTS_EVERY:
            self._put(subject, written.at + _COUNTS_EVERY)
            return False
        await self.writer.write_status(known.ref, body)
        self.metrics.status_writes.labels(str(known.ref.kind)).inc()
        self._written[subject] = Written(known.ref.uid, body, now)
        for each in news:
            if each.reason not in _QUIET:
                self.notices.post(each)
        return True
