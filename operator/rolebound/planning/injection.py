"""What injection does to a pod: the pod and the bindings of its ServiceAccount in, the pod with credentials out.

Pure. One binding is added at a time, and each step looks whether its part is there already: injecting twice equals
injecting once, and a pod that another injector has served is completed, not changed. The admission policy of the chart
says the same in CEL; `tests/vectors/injection` holds the two together. What the pod's author set is never changed.

Whether a role permits the binding is not decided here. The volume is not optional, so a pod whose binding is refused
waits, and the operator tells it why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rolebound.api import names
from rolebound.api.objects import Body, parse_claims
from rolebound.model.objects import Binding, DeliveryType, ObjectName, SessionScope
from rolebound.planning import podparts
from rolebound.planning.conflicts import conflicts, obstacle
from rolebound.planning.naming import shared_secret_name
from rolebound.planning.podparts import Sidecar
from rolebound.planning.wishes import Wishes, asks, check_delivery, check_pod, wishes_of

_FIRST_PROFILE: Final = "default"


@dataclass(frozen=True, slots=True)
class Injection:
    """A pod as it should be admitted, and what its author should know."""

    pod: dict[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Injecting:
    """The pod under change."""

    pod: dict[str, Any]
    wishes: Wishes
    sidecar: Sidecar
    warnings: list[str] = field(default_factory=list)

    @property
    def annotations(self) -> dict[str, str]:
        """The pod's annotations, to be changed."""
        found: dict[str, str] = self.pod["metadata"].setdefault("annotations", {})
        return found

    @property
    def delivered(self) -> DeliveryType | None:
        """How an earlier binding was injected; None for the first."""
        mark = (self.pod["metadata"].get("annotations") or {}).get(names.INJECTED)
        return DeliveryType(mark) if mark in set(DeliveryType) and podparts.secrets(self.pod) else None


def injected(pod: Body, bindings: Sequence[Binding], new_secret_name: Callable[[], str], sidecar: Sidecar) -> Injection:
    """Return the pod with the credentials of every binding that names its ServiceAccount.

    `bindings` are those of the pod's namespace. Raises SpecInvalid where the pod asks for what cannot be.
    """
    if not asks(pod):
        return Injection(dict(pod))
    check_pod(pod)
    state = _Injecting(podparts.unshared(pod), wishes_of(pod), sidecar)
    account = pod["spec"].get("serviceAccountName") or "default"
    chosen = [binding for binding in _in_turn(bindings, account) if state.wishes.wants(binding.profile)]
    if chosen and (hindrance := obstacle(pod)):
        return Injection(state.pod, (hindrance,))
    for binding in chosen:
        _add(state, binding, account, new_secret_name)
    _name_what_is_missing(state, chosen, account)
    return Injection(state.pod, (*state.warnings, *conflicts(state.pod)))


def injected_ephemeral(pod: Body, before: Body, sidecar: Sidecar) -> Injection:
    """Return an injected pod with its new ephemeral containers equipped like the others; nothing else changes.

    `before` is the pod without them: those that run already cannot be changed, and trying it would refuse the new one.
    """
    if not asks(pod):
        return Injection(dict(pod))
    state = _Injecting(podparts.unshared(pod), wishes_of(pod), sidecar)
    delivered, secret = state.delivered, podparts.first_secret(pod)
    if delivered is not None and secret:
        equipment = podparts.equipment(delivered, secret, sidecar.port)
        running = {container["name"] for container in podparts.ephemeral_containers(before)}
        for container in podparts.ephemeral_containers(state.pod):
            if container["name"] not in running and state.wishes.chooses(container["name"]):
                podparts.equip(container, equipment)
    return Injection(state.pod, conflicts(state.pod))


def _in_turn(bindings: Sequence[Binding], account: str) -> list[Binding]:
    """Return the bindings of an account: of one profile only the oldest, the profile `default` before the others."""
    oldest: dict[str, Binding] = {}
    for binding in sorted(bindings, key=lambda each: (each.created_at, each.name)):
        if account in binding.service_accounts:
            oldest.setdefault(binding.profile, binding)
    return sorted(oldest.values(), key=lambda each: each.profile != _FIRST_PROFILE)


def _add(state: _Injecting, binding: Binding, account: str, new_secret_name: Callable[[], str]) -> None:
    """Add one binding's credentials to the pod."""
    delivered = state.delivered
    wanted = state.wishes.delivery or binding.delivery
    claims = parse_claims((state.pod["metadata"].get("annotations") or {}).get(names.SECRET_CLAIM, ""))
    secret = _secret(binding, account) or claims.get(binding.name.name)
    there = secret is not None and secret in podparts.secrets(state.pod)
    if binding.scope is SessionScope.POD and not there:
        secret = None  # a claim that nothing mounts: the annotations were copied from another pod, whose Secret it is
    if (
        delivered is not None
        and not there
        and (delivered is not DeliveryType.CREDENTIAL_PROCESS or wanted != delivered)
    ):
        state.warnings.append(_skipped(binding, delivered, wanted))
        return
    delivery = delivered or wanted
    check_delivery(state.pod, delivery)
    if secret is None:
        secret = new_secret_name()
    if binding.scope is SessionScope.POD and claims.get(binding.name.name) != secret:
        claims[binding.name.name] = secret
        state.annotations[names.SECRET_CLAIM] = ",".join(f"{name}={claim}" for name, claim in claims.items())
    if delivery is DeliveryType.CREDENTIAL_PROCESS:
        before = state.annotations.get(names.FILE_TEXT, "") if delivered else ""
        state.annotations[names.FILE_TEXT] = podparts.with_profile(before, binding.profile)
    state.annotations[names.INJECTED] = str(delivery)
    state.pod["metadata"].setdefault("labels", {})[names.INJECT_LABEL] = names.INJECT
    podparts.add_volumes(state.pod, delivery, secret, binding.profile)
    equipment = podparts.equipment(delivery, secret, state.sidecar.port)
    for container in podparts.containers(state.pod):
        if state.wishes.chooses(container["name"]):
            podparts.equip(container, equipment)
    if delivery is DeliveryType.ENDPOINT:
        podparts.add_sidecar(state.pod, state.sidecar, binding.profile)


def _secret(binding: Binding, account: str) -> str | None:
    """The name that is known before the pod is: that of the Secret which an account's pods share."""
    if binding.scope is SessionScope.SERVICE_ACCOUNT:
        return shared_secret_name(ObjectName(binding.name.namespace, binding.name.name), account).name
    return None


def _skipped(binding: Binding, delivered: DeliveryType, wanted: DeliveryType) -> str:
    name = f"AWSRoleBinding {binding.name.name}"
    if wanted is not delivered:
        return (
            f"{name} delivers by {wanted}, but this pod has {delivered} from another binding; "
            f"set the annotation {names.DELIVERY} to {DeliveryType.CREDENTIAL_PROCESS} for both, "
            f"or choose one with {names.PROFILES}"
        )
    return (
        f"{name} is left out: {delivered} gives a pod one profile; choose it with the annotation {names.PROFILES}, "
        f"or set {names.DELIVERY} to {DeliveryType.CREDENTIAL_PROCESS}"
    )


def _name_what_is_missing(state: _Injecting, chosen: Sequence[Binding], account: str) -> None:
    """Warn of what the annotations name and nothing gives, and of an account without a binding."""
    namespace = state.pod["metadata"].get("namespace", "")
    wishes = state.wishes
    for profile in sorted((wishes.profiles or frozenset()) - {binding.profile for binding in chosen}):
        state.warnings.append(
            f"annotation {names.PROFILES} names {profile!r}, which no AWSRoleBinding gives ServiceAccount {account}"
        )
    if not chosen and wishes.profiles is None:
        state.warnings.append(
            f"no AWSRoleBinding in namespace {namespace} names ServiceAccount {account}: "
            "the pod starts without AWS credentials"
        )
    known = {each["name"] for each in podparts.containers(state.pod)}
    known |= {each["name"] for each in podparts.ephemeral_containers(state.pod)}
    for container in sorted((wishes.containers or frozenset()) - known):
        state.warnings.append(f"annotation {names.CONTAINERS} names {container!r}, and the pod has no such container")
