"""Trust anchors, profiles and revocation lists from the parameters of the calls that make or change them.

Decides what AWS would not take beyond its model's shapes: a bundle that holds no CA, a session policy that is none.
Pure. Resources start disabled unless `enabled` is said, as the AWS CLI's walk-through has it.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from cryptography import x509

from rolebound.emulator.arns import Arn
from rolebound.emulator.certificates import trust_anchor_bundle
from rolebound.emulator.conditions import UnreadablePolicy
from rolebound.emulator.messages import invalid
from rolebound.emulator.notifications import with_settings
from rolebound.emulator.policies import check_document
from rolebound.emulator.resources import Crl, Profile, TrustAnchor
from rolebound.emulator.tags import with_tags

_RESERVED_ALIAS: Final = "aws/"

Provisioned = TrustAnchor | Profile | Crl


def created(kind: type[Provisioned], parameters: Mapping[str, Any], arn: Arn, now: datetime) -> Provisioned:
    """Return a new resource of `kind`; Refusal where its parameters make none."""
    own: dict[str, Any] = {
        "arn": arn,
        "name": str(parameters["name"]),
        "enabled": bool(parameters.get("enabled", False)),
        "alias": _alias(parameters.get("aliasName", "")),
        "tags": with_tags({}, parameters.get("tags", ())),
        "created_at": now,
        "updated_at": now,
    }
    if kind is TrustAnchor:
        bundle, pem = _bundle(parameters["source"])
        notifications = with_settings({}, parameters.get("notificationSettings", ()), arn.account)
        points = bool(parameters.get("crlDpRevocationEnabled", False))
        return TrustAnchor(
            **own, bundle=bundle, bundle_pem=pem, crl_distribution_points=points, notifications=notifications
        )
    if kind is Crl:
        data, revocations = _revocations(parameters["crlData"])
        anchor = str(parameters["trustAnchorArn"])
        return Crl(**own, trust_anchor_arn=anchor, revocations=revocations, data=data)
    required = bool(parameters.get("requireInstanceProperties", False))
    empty = Profile(**own, role_arns=(), created_by="", require_instance_properties=required)
    return updated(empty, parameters)


def updated(resource: Provisioned, parameters: Mapping[str, Any]) -> Provisioned:
    """Return `resource` with everything that `parameters` name; Refusal where they make none."""
    own: dict[str, Any] = {
        "name": str(parameters.get("name", resource.name)),
        "alias": _alias(parameters.get("aliasName", resource.alias)),
    }
    match resource:
        case TrustAnchor():
            if "source" in parameters:
                own["bundle"], own["bundle_pem"] = _bundle(parameters["source"])
            points = parameters.get("crlDpRevocationEnabled", resource.crl_distribution_points)
            return replace(resource, **own, crl_distribution_points=bool(points))
        case Crl():
            if "crlData" in parameters:
                own["data"], own["revocations"] = _revocations(parameters["crlData"])
            return replace(resource, **own)
        case Profile():
            if "sessionPolicy" in parameters:
                own["session_policy"] = _policy(parameters["sessionPolicy"])
            return replace(
                resource,
                **own,
                role_arns=tuple(parameters.get("roleArns", resource.role_arns)),
                managed_policy_arns=tuple(parameters.get("managedPolicyArns", resource.managed_policy_arns)),
                duration_seconds=int(parameters.get("durationSeconds", resource.duration_seconds)),
                accept_role_session_name=bool(
                    parameters.get("acceptRoleSessionName", resource.accept_role_session_name)
                ),
            )


def _alias(name: object) -> str:
    """Return an alias that the model's pattern has let through; Refusal where it is one of AWS's own."""
    if str(name).lower().startswith(_RESERVED_ALIAS):
        raise invalid(f"Alias names that begin with {_RESERVED_ALIAS} are reserved")
    return str(name)


def _policy(document: object) -> str:
    try:
        check_document(str(document))
    except UnreadablePolicy as error:
        raise invalid(f"sessionPolicy is not a policy document: {error}") from None
    return str(document)


def _bundle(source: Mapping[str, Any]) -> tuple[tuple[x509.Certificate, ...], str]:
    if source.get("sourceType") != "CERTIFICATE_BUNDLE":
        raise invalid("rolebound's emulator has no trust anchors but those of the source type CERTIFICATE_BUNDLE")
    pem = source.get("sourceData", {}).get("x509CertificateData")
    if not pem:
        raise invalid("A trust anchor of the source type CERTIFICATE_BUNDLE needs x509CertificateData")
    return tuple(trust_anchor_bundle(pem)), pem


def _revocations(data: str) -> tuple[bytes, x509.CertificateRevocationList]:
    try:
        pem = base64.b64decode(data, validate=True)
        return pem, x509.load_pem_x509_crl(pem)
    except (binascii.Error, ValueError):
        raise invalid("crlData must be a certificate revocation list in PEM") from None
