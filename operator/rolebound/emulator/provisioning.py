"""Trust anchors, profiles and revocation lists from the parameters of the calls that make or change them.

Decides what AWS would not take beyond its model's shapes: a bundle that holds no CA, a session policy that is none.
Pure. Resources start disabled unless `enabled` is said, as the AWS CLI's walk-through has it.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography import x509

from rolebound.emulator.arns import Arn
from rolebound.emulator.certificates import trust_anchor_bundle
from rolebound.emulator.conditions import UnreadablePolicy
from rolebound.emulator.messages import invalid
from rolebound.emulator.policies import check_document
from rolebound.emulator.resources import Crl, Profile, Resource, TrustAnchor


def created(kind: type[Resource], parameters: Mapping[str, Any], arn: Arn, now: datetime) -> Resource:
    """Return a new resource of `kind`; Refusal where its parameters make none."""
    enabled = bool(parameters.get("enabled", False))
    name = str(parameters["name"])
    if kind is TrustAnchor:
        bundle, pem = _bundle(parameters["source"])
        return TrustAnchor(
            arn=arn, name=name, enabled=enabled, bundle=bundle, bundle_pem=pem, created_at=now, updated_at=now
        )
    if kind is Crl:
        data, revocations = _revocations(parameters["crlData"])
        return Crl(
            arn=arn,
            name=name,
            enabled=enabled,
            trust_anchor_arn=str(parameters["trustAnchorArn"]),
            revocations=revocations,
            data=data,
            created_at=now,
            updated_at=now,
        )
    empty = Profile(arn=arn, name=name, enabled=enabled, role_arns=(), created_by="", created_at=now, updated_at=now)
    return updated(empty, parameters)


def updated(resource: Resource, parameters: Mapping[str, Any]) -> Resource:
    """Return `resource` with everything that `parameters` name; Refusal where they make none."""
    name = str(parameters.get("name", resource.name))
    match resource:
        case TrustAnchor():
            if "source" not in parameters:
                return replace(resource, name=name)
            bundle, pem = _bundle(parameters["source"])
            return replace(resource, name=name, bundle=bundle, bundle_pem=pem)
        case Crl():
            if "crlData" not in parameters:
                return replace(resource, name=name)
            data, revocations = _revocations(parameters["crlData"])
            return replace(resource, name=name, data=data, revocations=revocations)
        case Profile():
            if "sessionPolicy" in parameters:
                resource = replace(resource, session_policy=_policy(parameters["sessionPolicy"]))
            return replace(
                resource,
                name=name,
                role_arns=tuple(parameters.get("roleArns", resource.role_arns)),
                managed_policy_arns=tuple(parameters.get("managedPolicyArns", resource.managed_policy_arns)),
                duration_seconds=int(parameters.get("durationSeconds", resource.duration_seconds)),
                accept_role_session_name=bool(
                    parameters.get("acceptRoleSessionName", resource.accept_role_session_name)
                ),
            )


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
