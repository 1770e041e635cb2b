"""Keeps every credential as it should be: plan → schedule → issue → write.

Told what changed, it decides again for exactly what that touches, and compares with what the cluster holds. Attempts
of one key never overlap; what changes during an attempt is looked at when the attempt ends.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from rolebound import clock
from rolebound.cluster.secrets import CredentialSecrets, NameTaken
from rolebound.errors import ClusterUnavailable, Error, NotBound
from rolebound.metrics import Metrics
from rolebound.model.conditions import Notice, Reason
from rolebound.model.credential import Credential, StoredCredential, UnitKey
from rolebound.model.objects import Binding, ObjectName, ObjectRef, Pod, SessionScope
from rolebound.planning.decisions import pod_credential, shared_credential
from rolebound.planning.reporting import Holder
from rolebound.refresh.holding import Holding, same
from rolebound.refresh.inventory import Inventory
from rolebound.refresh.issuance import Issuer, Line, Unwritten, Written
from rolebound.refresh.lanes import Lanes
from rolebound.refresh.term import Term
from rolebound.refresh.withdrawals import Withdrawals

log = structlog.get_logger(__name__)


class Audience(Protocol):
    """Who is told what happened."""

    def touch_binding(self, name: ObjectName) -> None:
        """Something that the binding's status shows may have changed."""
        ...

    def notice(self, notice: Notice) -> None:
        """Something happened that belongs into an Event."""
        ...


@dataclass(slots=True)
class Refresher:
    """The engine: holdings by key, and the lanes that work on them."""

    inventory: Inventory
    issuer: Issuer
    secrets: CredentialSecrets
    audience: Audience
    metrics: Metrics
    term: Term
    sessions_per_second: float
    lanes: Lanes = field(init=False)
    withdrawals: Withdrawals = field(init=False)
    _holdings: dict[UnitKey, Holding] = field(default_factory=dict)
    _of_binding: dict[ObjectName, set[UnitKey]] = field(default_factory=dict)
    _found: dict[ObjectName, StoredCredential] = field(default_factory=dict)
    _under_way: set[UnitKey] = field(default_factory=set)
    _blocked: dict[ObjectName, set[UnitKey]] = field(default_factory=dict)
    _deleted_meanwhile: dict[ObjectName, str] = field(default_factory=dict)
    """Uids of Secrets that somebody else deleted while an attempt for the name was under way."""

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.sessions_per_second, self._attempt, self.term)
        self.withdrawals = Withdrawals(self.secrets, self.metrics, self.term, self._name_free)

    def binding_changed(self, name: ObjectName) -> None:
        """Decide again for everything that a binding gives."""
        known = self.inventory.bindings.get(name)
        wanted = dict(self._decisions(known.spec)) if known and isinstance(known.spec, Binding) else {}
        for key in self._of_binding.get(name, set()) - wanted.keys():
            self._release(key)
        for key, (pod, decide) in wanted.items():
            self._settle(key, pod, decide)
        self.audience.touch_binding(name)

    def pod_changed(self, pod: Pod) -> None:
        """Decide again for one pod."""
        bindings = self.inventory.bindings_of_account(pod.name.namespace, pod.service_account)
        for binding in bindings:
            if binding.scope is SessionScope.POD:
                self._pod_of_binding(binding, pod)
            self.audience.touch_binding(binding.name)
        if not bindings and not pod.finished:
            message = f"no AWSRoleBinding in namespace {pod.name.namespace} names ServiceAccount {pod.service_account}"
            self.audience.notice(Notice(pod.ref, NotBound.reason, message, warning=True))

    def pod_gone(self, pod: Pod) -> None:
        """Take away what one pod had."""
        for binding in self.inventory.bindings_of_account(pod.name.namespace, pod.service_account):
            self._release(UnitKey(binding.name, pod.uid))
            self.audience.touch_binding(binding.name)

    def certificate_changed(self, secret: ObjectName) -> None:
        """Try again at once what failed so far; what works uses the new certificate from its next renewal on."""
        for key, holding in self._holdings.items():
            if isinstance(holding.decision, Credential) and holding.decision.certificate == secret and holding.problem:
                holding.attempts, holding.problem = 0, None
                self._schedule(key)

    def secret_deleted(self, secret: ObjectName, uid: str) -> None:
        """Make a Secret anew that somebody else deleted; what was withdrawn here is known no more."""
        if any(holding.secret == secret for key in self._under_way if (holding := self._holdings.get(key))):
            self._deleted_meanwhile[secret] = uid  # the watch can be faster than the answer to the write
            return
        found = self._found.get(secret)
        if found is None or found.uid != uid:
            return
        del self._found[secret]
        for key, holding in self._holdings.items():
            if holding.stored == found:
                log.info("deleted_by_others", secret=str(secret))
                holding.lose()
                self._schedule(key)

    def adopt(self, stored: Iterable[StoredCredential], listed_at: datetime) -> None:
        """Take `stored` as the credential Secrets that there were at `listed_at`; what was written since stays."""
        listed = {each.secret: each for each in stored}
        found = self._found.items()
        since = {n: each for n, each in found if each.issued_at >= listed_at or each.was_written_over(listed.get(n))}
        self._found = listed | since

    def learn(self) -> None:
        """Compare every holding with the adopted Secrets, and make what is missing."""
        for key, holding in self._holdings.items():
            if not isinstance(holding.decision, Credential) or key in self._under_way:
                continue
            if holding.learn(self._found.get(holding.decision.secret)):
                self._schedule(key)

    def reconcile(self) -> None:
        """Make what is missing and take away what nobody wants. From half a view, a pod would lose its Secret."""
        self.learn()
        wanted = {holding.secret for holding in self._holdings.values()}
        for secret in self._found.keys() - wanted:
            self._withdraw(self._found[secret])

    def holders(self, binding: Binding) -> list[Holder]:
        """Return what a binding's status counts."""
        holdings = [(key, self._holdings[key]) for key in sorted(self._of_binding.get(binding.name, ()))]
        now = clock.now()
        return [Holder(h.name, self._pods(key, h), h.stored, h.problem, h.is_overdue(now)) for key, h in holdings]

    async def stop(self) -> None:
        """Start nothing more; what is under way is finished."""
        await self.lanes.stop()
        self.withdrawals.stop()

    def _pods(self, key: UnitKey, holding: Holding) -> int:
        return 1 if holding.pod else len(self.inventory.pods_of(key.binding.namespace, key.holder))

    def _decisions(self, binding: Binding) -> Iterable[tuple[UnitKey, tuple[Pod | None, Callable[[], Credential]]]]:
        facts = self.inventory.facts(binding)
        for account in binding.service_accounts:
            if binding.scope is SessionScope.SERVICE_ACCOUNT:
                yield UnitKey(binding.name, account), (None, partial(shared_credential, binding, account, facts))
                continue
            for pod in self.inventory.pods_of(binding.name.namespace, account):
                if not pod.wants(binding.profile):
                    continue
                yield UnitKey(binding.name, pod.uid), (pod, partial(pod_credential, binding, pod, facts))

    def _pod_of_binding(self, binding: Binding, pod: Pod) -> None:
        key = UnitKey(binding.name, pod.uid)
        if pod.finished or not pod.wants(binding.profile):
            self._release(key)
        else:
            self._settle(key, pod, partial(pod_credential, binding, pod, self.inventory.facts(binding)))

    def _settle(self, key: UnitKey, pod: Pod | None, decide: Callable[[], Credential]) -> None:
        """Bring the holding of `key` in line with what is decided now."""
        try:
            decision: Credential | Error = decide()
        except Error as refusal:
            decision = refusal
        before = self._holdings.get(key)
        if before is not None and same(before.decision, decision):
            return
        holding = Holding(pod.name.name if pod else key.holder, pod, decision)
        if isinstance(decision, Error):
            self._refuse(key, holding, decision)
        else:
            found = self._found.get(decision.secret)
            holding.stored = found if found is not None and found.serves(decision) else None
        if before is not None and before.stored is not None and before.secret != holding.secret:
            self._withdraw(before.stored)
        self._holdings[key] = holding
        self._of_binding.setdefault(key.binding, set()).add(key)
        self._schedule(key)

    def _refuse(self, key: UnitKey, holding: Holding, refusal: Error) -> None:
        holding.problem = refusal
        log.info("refused", binding=str(key.binding), holder=holding.name, reason=refusal.reason)
        if holding.pod:
            self.audience.notice(Notice(holding.pod.ref, refusal.reason, str(refusal), warning=True))

    def _release(self, key: UnitKey) -> None:
        """Forget a holding and take its Secret away."""
        holding = self._holdings.pop(key, None)
        if holding is None:
            return
        siblings = self._of_binding[key.binding]
        siblings.discard(key)
        if not siblings:
            del self._of_binding[key.binding]
        if isinstance(holding.decision, Credential):
            self.lanes.of(holding.decision).discard(key)
        if holding.stored is not None:
            self._withdraw(holding.stored)
        self.metrics.credentials.set(len(self._holdings))

    def _schedule(self, key: UnitKey) -> None:
        """Put the next attempt of `key` where it belongs, unless one is under way, whose end does it."""
        self.metrics.credentials.set(len(self._holdings))
        holding = self._holdings.get(key)
        if holding is None or not isinstance(holding.decision, Credential) or key in self._under_way:
            return
        lane, due = self.lanes.of(holding.decision), holding.due(clock.now(), clock.chance())
        if due is None:
            lane.discard(key)
        else:
            lane.put(key, due)

    async def _attempt(self, key: UnitKey, line: Line) -> None:
        holding = self._holdings.get(key)
        if holding is None or not isinstance(holding.decision, Credential) or key in self._under_way:
            return
        credential = holding.decision
        self._under_way.add(key)
        try:
            await self.withdrawals.wait(credential.secret)
            written = await self.issuer.issue(credential, holding.stored, holding.kept, line)
        except Error as error:
            self._failed(key, holding, credential, error)
        except Exception as error:
            log.exception("attempt_crashed", binding=str(key.binding), holder=holding.name)
            self._failed(key, holding, credential, ClusterUnavailable(f"internal error: {type(error).__name__}"))
        else:
            self._succeeded(key, holding, credential, written)
        finally:
            self._under_way.discard(key)
            self._schedule(key)
            if uid := self._deleted_meanwhile.pop(credential.secret, None):
                self.secret_deleted(credential.secret, uid)

    def _succeeded(self, key: UnitKey, holding: Holding, credential: Credential, written: Written) -> None:
        stored = written.stored
        self._found[stored.secret] = stored
        current = self._holdings.get(key)
        if current is None or current.secret != credential.secret:  # withdrawn while under way
            self._withdraw(stored)
            return
        first, recovered = holding.stored is None, holding.problem is not None
        current.stored = stored
        if current is holding:
            holding.succeed(written)
        log.info("issued", binding=str(key.binding), holder=holding.name, expires_at=clock.rfc3339(stored.expires_at))
        if first or recovered:
            reason = Reason.ISSUED if first else Reason.REFRESHED
            message = f"Secret {stored.secret.name} holds credentials until {clock.rfc3339(stored.expires_at)}"
            about: ObjectRef = credential.pod or credential.binding
            self.audience.notice(Notice(about, reason, message, warning=False))
        self.audience.touch_binding(key.binding)

    def _failed(self, key: UnitKey, holding: Holding, credential: Credential, error: Error) -> None:
        if isinstance(error, Unwritten):
            holding.kept, error = error.issued, error.cause
        if isinstance(error, NameTaken):
            self._blocked.setdefault(credential.secret, set()).add(key)
        holding.problem, holding.attempts = error, holding.attempts + 1
        self.metrics.failures.labels(error.reason).inc()
        log.warning(
            "attempt_failed",
            binding=str(key.binding),
            holder=holding.name,
            reason=error.reason,
            attempts=holding.attempts,
            message=str(error),
        )
        about = credential.pod or credential.binding
        self.audience.notice(Notice(about, error.reason, str(error), warning=True))
        self.audience.touch_binding(key.binding)

    def _withdraw(self, stored: StoredCredential) -> None:
        self._found.pop(stored.secret, None)
        self.withdrawals.start(stored)

    def _name_free(self, secret: ObjectName) -> None:
        """Let those try at once whose claim was refused because the name was taken."""
        for key in self._blocked.pop(secret, set()):
            holding = self._holdings.get(key)
            if holding is not None and isinstance(holding.problem, NameTaken):
                holding.attempts, holding.problem = 0, None
                self._schedule(key)
