"""The Kubernetes objects that rolebound decides from, parsed: roles, bindings, pods.

Frozen values without behaviour beyond answering about themselves; raw dictionaries never get past `rolebound.api`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.session import Endpoint


class Kind(StrEnum):
    """Kinds that conditions and Events are written about."""

    CLUSTER_ROLE = "ClusterAWSRole"
    ROLE = "AWSRole"
    BINDING = "AWSRoleBinding"
    POD = "Pod"


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """A namespaced name; the namespace is empty for a cluster-scoped object."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """Which object, so that a status or an Event can be written about it."""

    kind: Kind
    name: ObjectName
    uid: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, order=True)
class RoleName:
    """A ClusterAWSRole or AWSRole by kind and name: what a roleRef points to."""

    kind: Kind
    name: ObjectName

    def __str__(self) -> str:
        return f"{self.kind} {self.name.name}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One `matchExpressions` entry of a label selector."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` meet the requirement, by the rules of Kubernetes' label selectors."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
        return False  # an operator that we do not know grants nothing


@dataclass(frozen=True, slots=True)
class AllowedNamespaces:
    """Which namespaces may use a role: those named, and those whose labels meet every requirement."""

    names: frozenset[str] = frozenset()
    selector: tuple[Requirement, ...] | None = None
    """None: no selector was given. Empty: `selector: {}`, which in Kubernetes means every namespace."""

    def allows(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether the namespace may use the role; where nothing is listed, none may."""
        if namespace in self.names:
            return True
        return self.selector is not None and all(requirement.matches(labels) for requirement in self.selector)


@dataclass(frozen=True, slots=True)
class Role:
    """A ClusterAWSRole or AWSRole: what may be assumed, and how."""

    name: RoleName
    role: RoleArn
    profile: ProfileArn
    trust_anchor: TrustAnchorArn
    certificate: ObjectName
    """The certificate Secret."""
    duration: timedelta
    session_name: str
    """The template; empty leaves the name to AWS."""
    endpoint: Endpoint
    allowed: AllowedNamespaces | None
    """None for an AWSRole, which serves its own namespace and no other."""


class SessionScope(StrEnum):
    """For whom one session is made."""

    POD = "Pod"
    SERVICE_ACCOUNT = "ServiceAccount"


class DeliveryType(StrEnum):
    """How a pod gets to the credentials."""

    CREDENTIAL_PROCESS = "CredentialProcess"
    STATIC_FILE = "StaticFile"
    ENDPOINT = "Endpoint"


@dataclass(frozen=True, slots=True)
class Binding:
    """An AWSRoleBinding: which ServiceAccounts of its namespace get which role."""

    name: ObjectName
    uid: str
    created_at: datetime
    role: RoleName
    service_accounts: tuple[str, ...]
    scope: SessionScope
    delivery: DeliveryType
    profile: str
    renew: str = ""

    @property
    def ref(self) -> ObjectRef:
        """The binding as the subject of a status or an Event."""
        return ObjectRef(Kind.BINDING, self.name, self.uid)


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that asks for credentials by its label."""

    name: ObjectName
    uid: str
    service_account: str
    claims: Mapping[str, str]
    """The Secrets that the pod mounts, by the binding's name; under "" one for whichever binding it is."""
    delivery: DeliveryType | None
    """How its credentials were injected; None where nothing was."""
    profiles: frozenset[str] | None
    """The profiles that it asks for; None for all."""
    created_at: datetime
    finished: bool
    """Succeeded or Failed: its containers never run again, so nothing is renewed for it."""

    @property
    def ref(self) -> ObjectRef:
        """The pod as the subject of an Event."""
        return ObjectRef(Kind.POD, self.name, self.uid)

    def claim(self, binding: str) -> str:
        """Return the Secret that the pod mounts for a binding, or "" where it names none."""
        return self.claims.get(binding) or self.claims.get("", "")

    def wants(self, profile: str) -> bool:
        """Whether it asks for the binding that gives this profile."""
        return self.profiles is None or profile in self.profiles
