"""Kubernetes JSON → model: the one place that knows field names.

The API server has checked these objects against their schemas, so a surprise here is an object older than its schema:
it is answered with SpecInvalid, which names the field, and never with a traceback.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

from rolebound.api import names
from rolebound.clock import parse_rfc3339
from rolebound.errors import SpecInvalid
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.credential import StoredCredential
from rolebound.model.objects import (
    AllowedNamespaces,
    Binding,
    DeliveryType,
    Kind,
    ObjectName,
    Pod,
    Requirement,
    Role,
    RoleName,
    SessionScope,
)
from rolebound.model.session import Endpoint

DEFAULT_SESSION_NAME = "{namespace}.{serviceAccount}.{pod}"

Body: TypeAlias = Mapping[str, Any]
T = TypeVar("T")


def object_name(body: Body) -> ObjectName:
    """Return the namespaced name of any object."""
    metadata = body["metadata"]
    return ObjectName(metadata.get("namespace", ""), metadata["name"])


def role_name(body: Body) -> RoleName:
    """Return the name of a ClusterAWSRole or AWSRole."""
    name = object_name(body)
    return RoleName(Kind.ROLE if name.namespace else Kind.CLUSTER_ROLE, name)


def parse_role(body: Body, operator_namespace: str) -> Role:
    """Return the role in `body`; SpecInvalid where it cannot be used.

    A ClusterAWSRole's certificate is read in the operator's namespace, an AWSRole's in its own.
    """
    return _parsed(body, lambda: _role(body, operator_namespace))


def parse_binding(body: Body) -> Binding:
    """Return the binding in `body`; SpecInvalid where it cannot be used."""
    return _parsed(body, lambda: _binding(body))


def parse_pod(body: Body) -> Pod:
    """Return the pod in `body`."""
    metadata = body["metadata"]
    annotations = metadata.get("annotations") or {}
    profiles = annotations.get(names.PROFILES)
    return Pod(
        name=object_name(body),
        uid=metadata["uid"],
        service_account=body["spec"].get("serviceAccountName") or "default",
        claims=parse_claims(annotations.get(names.SECRET_CLAIM, "")),
        delivery=_injected_delivery(annotations.get(names.INJECTED, "")),
        profiles=None if profiles is None else frozenset(listed(profiles)),
        created_at=parse_rfc3339(metadata["creationTimestamp"]),
        finished=(body.get("status") or {}).get("phase") in {"Succeeded", "Failed"},
    )


def listed(text: str) -> list[str]:
    """Return the entries of an annotation that is a list, as people write one: with commas, and spaces around them."""
    return [entry.strip(" ") for entry in text.split(",")]


def parse_claims(text: str) -> dict[str, str]:
    """Return the Secrets that a pod claims, by binding: `BINDING=NAME,…`; a bare NAME stands under "".

    Anybody's text: names are not checked here, and a second claim for one binding counts for nothing.
    """
    claims: dict[str, str] = {}
    for entry in listed(text) if text else ():
        binding, equals, name = entry.partition("=")
        claims.setdefault(binding if equals else "", name if equals else binding)
    return claims


def parse_stored_credential(body: Body) -> StoredCredential | None:
    """Return what a credential Secret says of itself, or None where it is not one of ours or was tampered with."""
    metadata = body["metadata"]
    annotations = metadata.get("annotations") or {}
    owners = metadata.get("ownerReferences") or []
    if (metadata.get("labels") or {}).get(names.MANAGED_BY_LABEL) != names.MANAGED_BY or len(owners) != 1:
        return None
    try:
        return StoredCredential(
            secret=object_name(body),
            uid=metadata["uid"],
            owner_uid=owners[0]["uid"],
            fingerprint=annotations[names.ISSUED_FOR],
            issued_at=parse_rfc3339(annotations[names.ISSUED_AT]),
            expires_at=parse_rfc3339(annotations[names.EXPIRES_AT]),
        )
    except (KeyError, ValueError):
        return None


def _injected_delivery(text: str) -> DeliveryType | None:
    return DeliveryType(text) if text in set(DeliveryType) else None


def _parsed(body: Body, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except SpecInvalid as error:
        raise SpecInvalid(f"spec: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SpecInvalid(
            f"spec cannot be read ({type(error).__name__}: {str(error)[:100]}); apply {object_name(body)} again "
            "with the schema of the installed CRD"
        ) from error


def _role(body: Body, operator_namespace: str) -> Role:
    spec = body["spec"]
    name = role_name(body)
    trust_anchor = TrustAnchorArn.parse(spec["trustAnchorARN"])
    own_namespace = name.name.namespace
    return Role(
        name=name,
        role=RoleArn.parse(spec["roleARN"]),
        profile=ProfileArn.parse(spec["profileARN"]),
        trust_anchor=trust_anchor,
        certificate=ObjectName(own_namespace or operator_namespace, spec["certificate"]["secretRef"]["name"]),
        duration=timedelta(seconds=int(spec.get("sessionDurationSeconds", 3600))),
        session_name=spec.get("sessionName", DEFAULT_SESSION_NAME),
        endpoint=Endpoint(
            region=spec.get("region") or trust_anchor.region,
            url=spec.get("endpointURL", ""),
            use_fips=bool(spec.get("useFIPS", False)),
            use_dual_stack=bool(spec.get("useDualStack", False)),
        ),
        allowed=None if own_namespace else _allowed_namespaces(spec.get("allowedNamespaces") or {}),
    )


def _allowed_namespaces(spec: Body) -> AllowedNamespaces:
    selector = spec.get("selector")
    return AllowedNamespaces(
        names=frozenset(spec.get("names") or ()),
        selector=None if selector is None else tuple(_requirements(selector)),
    )


def _requirements(selector: Body) -> list[Requirement]:
    """`matchLabels` is shorthand for `In` with one value, says Kubernetes' API reference of LabelSelector."""
    labels = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    return [Requirement(key, "In", frozenset({value})) for key, value in sorted(labels.items())] + [
        Requirement(entry["key"], entry["operator"], frozenset(entry.get("values") or ())) for entry in expressions
    ]


def _binding(body: Body) -> Binding:
    metadata, spec = body["metadata"], body["spec"]
    name = object_name(body)
    ref = spec["roleRef"]
    kind = Kind(ref["kind"])
    delivery = spec.get("delivery") or {}
    return Binding(
        name=name,
        uid=metadata["uid"],
        created_at=parse_rfc3339(metadata["creationTimestamp"]),
        role=RoleName(kind, ObjectName(name.namespace if kind is Kind.ROLE else "", ref["name"])),
        service_accounts=tuple(subject["name"] for subject in spec["subjects"]),
        scope=SessionScope(spec.get("sessionScope", SessionScope.POD)),
        delivery=DeliveryType(delivery.get("type", DeliveryType.CREDENTIAL_PROCESS)),
        profile=delivery.get("profile", "default"),
        renew=(metadata.get("annotations") or {}).get(names.RENEW, ""),
    )
