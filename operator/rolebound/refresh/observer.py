"""Events and lists → inventory → whoever must decide again.

The same two words serve a watch event and a line of a list: an object was seen, or it is gone. Watches tell fast;
every few minutes a complete list makes up for what a watch may have missed, and only what no event has touched since
the list began is taken from it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from weakref import WeakSet

from rolebound.api import names
from rolebound.api.objects import Body, object_name, role_name
from rolebound.cluster.certificates import Certificates
from rolebound.errors import InjectionConflict
from rolebound.model.conditions import Notice
from rolebound.model.objects import Kind, RoleName
from rolebound.planning.conflicts import conflicts
from rolebound.refresh.inventory import Inventory
from rolebound.refresh.refresher import Refresher
from rolebound.refresh.reporter import Reporter


class Resource(StrEnum):
    """What is watched; in the order in which a list must be taken in, so that nothing is decided from half of it."""

    NAMESPACES = "namespaces"
    CLUSTER_ROLES = names.CLUSTER_ROLES
    ROLES = names.ROLES
    BINDINGS = names.BINDINGS
    PODS = "pods"
    CERTIFICATES = "secrets"


LISTED: Final = tuple(resource for resource in Resource if resource is not Resource.CERTIFICATES)
"""Certificate Secrets are not listed: each is read by name when a role needs it."""


@dataclass(eq=False)
class Listing:
    """A list that is under way, and the uids that events were about since it began: those it knows no better."""

    touched: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Observer:
    """Tells the inventory, and tells on what changed."""

    inventory: Inventory
    certificates: Certificates
    refresher: Refresher
    reporter: Reporter
    _listings: WeakSet[Listing] = field(default_factory=WeakSet)
    """One that is given up is forgotten with its last reference."""

    def seen(self, resource: Resource, body: Body) -> None:
        """Take in an object as it is now."""
        self._note(body)
        self._seen(resource, body)

    def gone(self, resource: Resource, body: Body) -> None:
        """Take in that an object is no more, or no longer of our concern."""
        self._note(body)
        self._gone(resource, body)

    def begin_list(self) -> Listing:
        """Remember from now on what events are about."""
        listing = Listing()
        self._listings.add(listing)
        return listing

    def end_list(self, listing: Listing, listed: Mapping[Resource, Iterable[Body]]) -> None:
        """Take in complete lists that were begun since begin_list() gave `listing`."""
        for resource, bodies in listed.items():
            fresh = {body["metadata"]["uid"]: body for body in bodies}
            for uid, body in self._known(resource).items():
                if uid not in fresh and uid not in listing.touched:
                    self._gone(resource, body)
            self.add_listed(listing, resource, fresh.values())
        self._listings.discard(listing)

    def add_listed(self, listing: Listing, resource: Resource, bodies: Iterable[Body]) -> None:
        """Take in what a list shows, where it is a part of all that there is."""
        for body in bodies:
            if body["metadata"]["uid"] not in listing.touched:
                self._seen(resource, body)

    def _note(self, body: Body) -> None:
        for listing in self._listings:
            listing.touched.add(body["metadata"]["uid"])

    def _seen(self, resource: Resource, body: Body) -> None:
        take_in: dict[Resource, Callable[[Body], None]] = {
            Resource.NAMESPACES: self._namespace_seen,
            Resource.CLUSTER_ROLES: self._role_seen,
            Resource.ROLES: self._role_seen,
            Resource.BINDINGS: self._binding_seen,
            Resource.PODS: self._pod_seen,
            Resource.CERTIFICATES: self._certificate_changed,
        }
        take_in[resource](body)

    def _gone(self, resource: Resource, body: Body) -> None:
        match resource:
            case Resource.NAMESPACES:
                self.inventory.drop_namespace(body)
            case Resource.CLUSTER_ROLES | Resource.ROLES:
                if self.inventory.drop_role(body):
                    self._role_changed(role_name(body))
            case Resource.BINDINGS:
                if self.inventory.drop_binding(body):
                    self.refresher.binding_changed(object_name(body))
                    self._bindings_changed(object_name(body).namespace)
            case Resource.PODS:
                pod = self.inventory.drop_pod(body)
                if pod is not None:
                    self.refresher.pod_gone(pod)
            case Resource.CERTIFICATES:
                self._certificate_changed(body)

    def _known(self, resource: Resource) -> dict[str, Body]:
        """What the inventory holds of a kind, as bodies that are enough to say that they are gone."""
        if resource is Resource.NAMESPACES:
            return {known.uid: _identified("", name, known.uid) for name, known in self.inventory.namespaces.items()}
        if resource is Resource.PODS:
            return {
                pod.uid: _identified(pod.name.namespace, pod.name.name, pod.uid) for pod in self.inventory.pods.values()
            }
        table = self.inventory.bindings if resource is Resource.BINDINGS else self.inventory.roles
        kind = Kind.ROLE if resource is Resource.ROLES else Kind.CLUSTER_ROLE
        return {
            known.ref.uid: _identified(known.ref.name.namespace, known.ref.name.name, known.ref.uid)
            for known in table.values()
            if resource is Resource.BINDINGS or known.ref.kind is kind
        }

    def _namespace_seen(self, body: Body) -> None:
        if self.inventory.put_namespace(body):
            self._bindings_changed(body["metadata"]["name"])

    def _role_seen(self, body: Body) -> None:
        if self.inventory.put_role(body):
            self._role_changed(role_name(body))

    def _role_changed(self, name: RoleName) -> None:
        self.reporter.touch_role(name)
        for binding in self.inventory.bindings_of_role(name):
            self.refresher.binding_changed(binding)

    def _binding_seen(self, body: Body) -> None:
        if self.inventory.put_binding(body):
            self._bindings_changed(object_name(body).namespace)

    def _bindings_changed(self, namespace: str) -> None:
        """Bindings of a namespace compete for profiles, so a change of one is looked at in all."""
        for name in self.inventory.binding_names_in(namespace):
            self.refresher.binding_changed(name)

    def _pod_seen(self, body: Body) -> None:
        pod = self.inventory.put_pod(body)
        if pod is None:
            return
        self.refresher.pod_changed(pod)
        if found := conflicts(body):
            self.reporter.notice(Notice(pod.ref, InjectionConflict.reason, "; ".join(found), warning=True))

    def _certificate_changed(self, body: Body) -> None:
        secret = object_name(body)
        if not self.certificates.changed(secret, body["metadata"].get("resourceVersion", "")):
            return
        self.refresher.certificate_changed(secret)
        for role in self.inventory.roles_of_certificate(secret):
            self.reporter.touch_role(role)


def _identified(namespace: str, name: str, uid: str) -> Body:
    return {"metadata": {"namespace": namespace, "name": name, "uid": uid}}
