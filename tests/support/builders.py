"""Kubernetes objects as the API server would give them, with only what a test does not care about filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rolebound.api.objects import parse_binding, parse_pod, parse_role
from rolebound.model.credential import Credential, StoredCredential
from rolebound.model.objects import Binding, Pod, Role
from rolebound.model.session import Session, SessionCredentials

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ANCHOR = "arn:aws:rolesanywhere:eu-central-1:111122223333:trust-anchor/0a1b2c3d-0000-4000-8000-000000000001"
PROFILE = "arn:aws:rolesanywhere:eu-central-1:111122223333:profile/0a1b2c3d-0000-4000-8000-000000000002"
ROLE = "arn:aws:iam::111122223333:role/readers"


def role_body(name: str = "readers", namespace: str = "", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-role-{namespace}-{name}", "generation": 1}
    if namespace:
        metadata["namespace"] = namespace
    defaults: dict[str, Any] = {
        "roleARN": ROLE,
        "profileARN": PROFILE,
        "trustAnchorARN": ANCHOR,
        "certificate": {"secretRef": {"name": "client"}},
    }
    if not namespace:
        defaults["allowedNamespaces"] = {"names": ["shop"]}
    return {"metadata": metadata, "spec": defaults | spec}


def binding_body(name: str = "reader", namespace: str = "shop", **changes: Any) -> dict[str, Any]:
    created = changes.pop("created", NOON)
    spec: dict[str, Any] = {
        "subjects": [{"kind": "ServiceAccount", "name": "api"}],
        "roleRef": {"kind": "ClusterAWSRole", "name": "readers"},
    }
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-binding-{name}",
            "generation": 1,
            "creationTimestamp": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "annotations": changes.pop("annotations", {}),
        },
        "spec": spec | changes,
    }


def pod_body(name: str = "api-1", namespace: str = "shop", **changes: Any) -> dict[str, Any]:
    claim = changes.pop("claim", f"{name}-aws")
    annotations = {"rolebound.dev/secret": claim} if claim else {}
    created = changes.pop("created", NOON)
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": changes.pop("uid", f"uid-pod-{name}"),
            "labels": {"rolebound.dev/inject": "true"},
            "annotations": annotations | changes.pop("annotations", {}),
            "creationTimestamp": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "spec": {"serviceAccountName": changes.pop("service_account", "api")},
        "status": {"phase": changes.pop("phase", "Pending")},
    }


def a_role(**changes: Any) -> Role:
    return parse_role(role_body(**changes), "rolebound-system")


def a_binding(**changes: Any) -> Binding:
    return parse_binding(binding_body(**changes))


def a_pod(**changes: Any) -> Pod:
    return parse_pod(pod_body(**changes))


def a_session(issued_at: datetime = NOON, lasting: timedelta = timedelta(hours=1)) -> Session:
    keys = SessionCredentials("ASIAEXAMPLE", "not-a-secret-key", "not-a-token")
    return Session(keys, issued_at, issued_at + lasting, "arn:aws:sts::111122223333:assumed-role/readers/shop.api")


def stored_for(
    credential: Credential, issued_at: datetime = NOON, lasting: timedelta = timedelta(hours=1)
) -> StoredCredential:
    return StoredCredential(
        secret=credential.secret,
        uid="uid-secret",
        owner_uid=credential.owner.uid,
        fingerprint=credential.fingerprint,
        issued_at=issued_at,
        expires_at=issued_at + lasting,
    )
