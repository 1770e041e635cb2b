"""Resources of Roles Anywhere as plain JSON, and back.

Pure. Certificates and lists are kept as the PEM in which they came and read again, so that a kept resource is one that
could be made anew.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rolebound.emulator.arns import Arn
from rolebound.emulator.notifications import Notification
from rolebound.emulator.resources import Attempt, Crl, Profile, Resource, Subject, TrustAnchor

Document = Mapping[str, Any]


def resource_document(resource: Resource) -> Document:
    """Return `resource` as JSON can hold it."""
    own: dict[str, Any] = {
        "arn": str(resource.arn),
        "enabled": resource.enabled,
        "created_at": resource.created_at.isoformat(),
        "updated_at": resource.updated_at.isoformat(),
        "tags": dict(resource.tags),
    }
    if not isinstance(resource, Subject):
        own |= {"name": resource.name, "alias": resource.alias}
    return {**own, **_particulars(resource)}


def resource_from(document: Document) -> Resource:
    """Return the resource that `resource_document` wrote; KeyError, TypeError or ValueError where it wrote none."""
    arn = Arn.parse(document["arn"])
    common = {
        "arn": arn,
        "created_at": datetime.fromisoformat(document["created_at"]),
        "updated_at": datetime.fromisoformat(document["updated_at"]),
    }
    return _READERS[arn.kind]({**document, **common})


def _particulars(resource: Resource) -> Document:
    match resource:
        case TrustAnchor():
            notifications = {event: asdict(setting) for event, setting in resource.notifications.items()}
            points = resource.crl_distribution_points
            return {
                "bundle_pem": resource.bundle_pem,
                "crl_distribution_points": points,
                "notifications": notifications,
            }
        case Profile():
            names = (
                "role_arns",
                "duration_seconds",
                "session_policy",
                "managed_policy_arns",
                "accept_role_session_name",
                "require_instance_properties",
                "mappings",
                "created_by",
            )
            return {name: getattr(resource, name) for name in names}
        case Crl():
            data = base64.b64encode(resource.data).decode()
            return {"trust_anchor_arn": resource.trust_anchor_arn, "data": data}
        case Subject():
            attempts = [_attempt_document(attempt) for attempt in resource.attempts]
            return {"x509_subject": resource.x509_subject, "attempts": attempts}


def _attempt_document(attempt: Attempt) -> Document:
    leaf = attempt.leaf.public_bytes(Encoding.PEM).decode()
    properties = dict(attempt.properties)
    return {"leaf": leaf, "at": attempt.at.isoformat(), "failed": attempt.failed, "properties": properties}


def _trust_anchor(document: dict[str, Any]) -> TrustAnchor:
    bundle = tuple(x509.load_pem_x509_certificates(document["bundle_pem"].encode()))
    notifications = {event: Notification(**setting) for event, setting in document["notifications"].items()}
    return TrustAnchor(**{**document, "bundle": bundle, "notifications": notifications})


def _profile(document: dict[str, Any]) -> Profile:
    tuples = {name: tuple(document[name]) for name in ("role_arns", "managed_policy_arns")}
    mappings = {field: tuple(specifiers) for field, specifiers in document["mappings"].items()}
    return Profile(**{**document, **tuples, "mappings": mappings})


def _crl(document: dict[str, Any]) -> Crl:
    data = base64.b64decode(document["data"], validate=True)
    return Crl(**{**document, "data": data, "revocations": x509.load_pem_x509_crl(data)})


def _subject(document: dict[str, Any]) -> Subject:
    attempts = tuple(
        Attempt(
            leaf=x509.load_pem_x509_certificate(one["leaf"].encode()),
            at=datetime.fromisoformat(one["at"]),
            failed=one["failed"],
            properties=one["properties"],
        )
        for one in document["attempts"]
    )
    return Subject(**{**document, "attempts": attempts})


_READERS: Final[Mapping[str, Callable[[dict[str, Any]], Resource]]] = {
    TrustAnchor.kind: _trust_anchor,
    Profile.kind: _profile,
    Crl.kind: _crl,
    Subject.kind: _subject,
}
