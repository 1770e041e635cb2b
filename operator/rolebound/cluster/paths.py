"""Where each kind lives in the Kubernetes API."""

from typing import Final

from rolebound.api import names
from rolebound.model.objects import Kind, ObjectName, ObjectRef, RoleName

_GROUP: Final = f"/apis/{names.GROUP}/{names.VERSION}"
CLUSTER_ROLES: Final = f"{_GROUP}/{names.CLUSTER_ROLES}"
ROLES: Final = f"{_GROUP}/{names.ROLES}"
BINDINGS: Final = f"{_GROUP}/{names.BINDINGS}"
PODS: Final = "/api/v1/pods"
NAMESPACES: Final = "/api/v1/namespaces"
SECRETS: Final = "/api/v1/secrets"
_WEBHOOK_CONFIGURATIONS: Final = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


def webhook_configuration(name: str) -> str:
    """Return the path of one MutatingWebhookConfiguration."""
    return f"{_WEBHOOK_CONFIGURATIONS}/{name}"


def bindings_in(namespace: str) -> str:
    """Return the path of a namespace's bindings."""
    return f"{_GROUP}/namespaces/{namespace}/{names.BINDINGS}"


def secret(name: ObjectName) -> str:
    """Return the path of one Secret."""
    return f"{secrets_in(name.namespace)}/{name.name}"


def secrets_in(namespace: str) -> str:
    """Return the path of a namespace's Secrets."""
    return f"{NAMESPACES}/{namespace}/secrets"


def lease(name: ObjectName) -> str:
    """Return the path of one Lease."""
    return f"{leases_in(name.namespace)}/{name.name}"


def leases_in(namespace: str) -> str:
    """Return the path of a namespace's Leases."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


def events_in(namespace: str) -> str:
    """Return the path of a namespace's Events."""
    return f"{NAMESPACES}/{namespace}/events"


def role(name: RoleName) -> str:
    """Return the path of a ClusterAWSRole or AWSRole."""
    if name.kind is Kind.CLUSTER_ROLE:
        return f"{CLUSTER_ROLES}/{name.name.name}"
    return f"{_GROUP}/namespaces/{name.name.namespace}/{names.ROLES}/{name.name.name}"


def status(ref: ObjectRef) -> str:
    """Return the path of an object's status subresource."""
    name = ref.name
    match ref.kind:
        case Kind.CLUSTER_ROLE:
            return f"{CLUSTER_ROLES}/{name.name}/status"
        case Kind.ROLE:
            return f"{_GROUP}/namespaces/{name.namespace}/{names.ROLES}/{name.name}/status"
        case Kind.BINDING:
            return f"{_GROUP}/namespaces/{name.namespace}/{names.BINDINGS}/{name.name}/status"
        case Kind.POD:
            raise ValueError("rolebound writes no pod's status")
