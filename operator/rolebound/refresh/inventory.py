"""The observed world: roles, bindings, pods, namespaces, as the last event or list told.

It remembers and finds; it decides nothing and does no I/O. What an object is wins over what it was by the uid that it
has: a late word about a deleted namesake is ignored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rolebound.api.objects import Body, object_name, parse_binding, parse_pod, parse_role, role_name
from rolebound.errors import SpecInvalid
from rolebound.model.objects import Binding, Kind, ObjectName, ObjectRef, Pod, Role, RoleName
from rolebound.planning.decisions import Facts


@dataclass(slots=True)
class Known:
    """An object whose status rolebound writes."""

    ref: ObjectRef
    generation: int
    status: Mapping[str, Any]


@dataclass(slots=True)
class KnownRole(Known):
    """A role, or why it cannot be read."""

    spec: Role | SpecInvalid


@dataclass(slots=True)
class KnownBinding(Known):
    """A binding, or why it cannot be read."""

    spec: Binding | SpecInvalid


@dataclass(frozen=True, slots=True)
class KnownNamespace:
    """A namespace's labels, which a role's selector is matched against."""

    uid: str
    labels: Mapping[str, str]


@dataclass(slots=True)
class Inventory:
    """Everything that decisions are made from."""

    operator_namespace: str
    roles: dict[RoleName, KnownRole] = field(default_factory=dict)
    bindings: dict[ObjectName, KnownBinding] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    namespaces: dict[str, KnownNamespace] = field(default_factory=dict)
    _bindings_in: dict[str, set[ObjectName]] = field(default_factory=dict)
    _pods_of: dict[ObjectName, dict[str, Pod]] = field(default_factory=dict)

    def put_role(self, body: Body) -> KnownRole | None:
        """Remember a role and return it, or None where nothing but its status changed."""
        name = role_name(body)
        try:
            spec: Role | SpecInvalid = parse_role(body, self.operator_namespace)
        except SpecInvalid as error:
            spec = error
        known = KnownRole(*_standing(body, name.kind), spec)
        before = self.roles.get(name)
        self.roles[name] = known
        return None if _unchanged(before, known) else known

    def drop_role(self, body: Body) -> bool:
        """Forget a role; whether it was known."""
        return _dropped(self.roles, role_name(body), body)

    def put_binding(self, body: Body) -> KnownBinding | None:
        """Remember a binding and return it, or None where nothing but its status changed."""
        name = object_name(body)
        try:
            spec: Binding | SpecInvalid = parse_binding(body)
        except SpecInvalid as error:
            spec = error
        known = KnownBinding(*_standing(body, Kind.BINDING), spec)
        before = self.bindings.get(name)
        self.bindings[name] = known
        self._bindings_in.setdefault(name.namespace, set()).add(name)
        same_spec = before is not None and before.spec == spec
        return None if same_spec and _unchanged(before, known) else known

    def drop_binding(self, body: Body) -> bool:
        """Forget a binding; whether it was known."""
        name = object_name(body)
        if not _dropped(self.bindings, name, body):
            return False
        siblings = self._bindings_in[name.namespace]
        siblings.discard(name)
        if not siblings:
            del self._bindings_in[name.namespace]
        return True

    def put_pod(self, body: Body) -> Pod | None:
        """Remember a pod and return it, or None where nothing that matters here changed."""
        pod = parse_pod(body)
        if self.pods.get(pod.uid) == pod:
            return None
        self.pods[pod.uid] = pod
        self._pods_of.setdefault(_account(pod), {})[pod.uid] = pod
        return pod

    def drop_pod(self, body: Body) -> Pod | None:
        """Forget a pod and return what was known of it."""
        pod = self.pods.pop(body["metadata"]["uid"], None)
        if pod is not None:
            siblings = self._pods_of[_account(pod)]
            siblings.pop(pod.uid, None)
            if not siblings:
                del self._pods_of[_account(pod)]
        return pod

    def put_namespace(self, body: Body) -> bool:
        """Remember a namespace's labels; whether they changed."""
        metadata = body["metadata"]
        known = KnownNamespace(metadata["uid"], dict(metadata.get("labels") or {}))
        before = self.namespaces.get(metadata["name"])
        self.namespaces[metadata["name"]] = known
        return before is None or before.labels != known.labels

    def drop_namespace(self, body: Body) -> None:
        """Forget a namespace; its objects are deleted one by one, with an event each."""
        known = self.namespaces.get(body["metadata"]["name"])
        if known is not None and known.uid == body["metadata"]["uid"]:
            del self.namespaces[body["metadata"]["name"]]

    def binding_names_in(self, namespace: str) -> list[ObjectName]:
        """Return the names of a namespace's bindings, readable or not."""
        return sorted(self._bindings_in.get(namespace, ()))

    def bindings_in(self, namespace: str) -> Iterator[Binding]:
        """Yield the readable bindings of a namespace."""
        for name in self.binding_names_in(namespace):
            spec = self.bindings[name].spec
            if isinstance(spec, Binding):
                yield spec

    def bindings_of_role(self, role: RoleName) -> list[ObjectName]:
        """Return the bindings that refer to `role`."""
        return [
            name for name, known in self.bindings.items() if isinstance(known.spec, Binding) and known.spec.role == role
        ]

    def roles_of_certificate(self, secret: ObjectName) -> list[RoleName]:
        """Return the roles whose certificate is `secret`."""
        return [
            name
            for name, known in self.roles.items()
            if isinstance(known.spec, Role) and known.spec.certificate == secret
        ]

    def pods_of(self, namespace: str, service_account: str) -> list[Pod]:
        """Return the pods that ask for credentials as a ServiceAccount and have not finished."""
        pods = self._pods_of.get(ObjectName(namespace, service_account), {})
        return [pod for pod in pods.values() if not pod.finished]

    def pods_of_binding(self, binding: Binding) -> list[Pod]:
        """Return the pods that ask for credentials through a binding and have not finished."""
        namespace = binding.name.namespace
        pods = (pod for account in binding.service_accounts for pod in self.pods_of(namespace, account))
        return [pod for pod in pods if pod.wants(binding.profile)]

    def facts(self, binding: Binding) -> Facts:
        """Return what the decision about `binding` needs to know."""
        known = self.roles.get(binding.role)
        namespace = self.namespaces.get(binding.name.namespace)
        return Facts(
            role=known.spec if known else None,
            namespace_labels=namespace.labels if namespace else {},
            rivals=tuple(other for other in self.bindings_in(binding.name.namespace) if other.name != binding.name),
        )

    def bindings_of_account(self, namespace: str, service_account: str) -> list[Binding]:
        """Return the bindings that name a ServiceAccount, whatever their scope."""
        return [each for each in self.bindings_in(namespace) if service_account in each.service_accounts]


def _account(pod: Pod) -> ObjectName:
    return ObjectName(pod.name.namespace, pod.service_account)


def _standing(body: Body, kind: Kind) -> tuple[ObjectRef, int, Mapping[str, Any]]:
    metadata = body["metadata"]
    ref = ObjectRef(kind, object_name(body), metadata["uid"])
    return ref, metadata.get("generation", 0), body.get("status") or {}


def _unchanged(before: Known | None, after: Known) -> bool:
    return before is not None and before.ref == after.ref and before.generation == after.generation


def _dropped(table: dict[Any, Any], key: Any, body: Body) -> bool:
    known = table.get(key)
    if known is None or known.ref.uid != body["metadata"]["uid"]:
        return False
    del table[key]
    return True
