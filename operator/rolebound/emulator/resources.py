"""Trust anchors, profiles and revocation lists: what an administrator sets up before CreateSession can succeed.

Holds them by ARN, so that account and region part them as AWS does. Checks nothing; `management` did that already.
Shapes: botocore's model of `rolesanywhere`, 2018-05-10.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import ClassVar, Final, TypeVar

from cryptography import x509

from rolebound.emulator.arns import Arn
from rolebound.emulator.clock import iso8601

# What a profile has until someone trims it: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
_DEFAULT_MAPPINGS: Final = [
    {"certificateField": "x509Issuer", "mappingRules": [{"specifier": "*"}]},
    {"certificateField": "x509SAN", "mappingRules": [{"specifier": s} for s in ("DNS", "Name/*", "URI")]},
    {"certificateField": "x509Subject", "mappingRules": [{"specifier": "*"}]},
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor:
    """A certificate bundle whose certificates' signatures this account trusts."""

    kind: ClassVar[str] = "trust-anchor"

    arn: Arn
    name: str
    enabled: bool
    bundle: tuple[x509.Certificate, ...]
    bundle_pem: str
    created_at: datetime
    updated_at: datetime

    def detail(self) -> dict[str, object]:
        """Return the trust anchor as the API shows it."""
        return {
            "trustAnchorId": resource_id(self.arn),
            "trustAnchorArn": str(self.arn),
            "name": self.name,
            "enabled": self.enabled,
            "source": {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": self.bundle_pem}},
            "createdAt": iso8601(self.created_at),
            "updatedAt": iso8601(self.updated_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The roles that may be assumed through it, for how long, and what caps their sessions."""

    kind: ClassVar[str] = "profile"

    arn: Arn
    name: str
    enabled: bool
    role_arns: tuple[str, ...]
    duration_seconds: int = 3600
    session_policy: str | None = None
    managed_policy_arns: tuple[str, ...] = ()
    accept_role_session_name: bool = False
    created_by: str
    created_at: datetime
    updated_at: datetime

    def detail(self) -> dict[str, object]:
        """Return the profile as the API shows it."""
        detail: dict[str, object] = {
            "profileId": resource_id(self.arn),
            "profileArn": str(self.arn),
            "name": self.name,
            "enabled": self.enabled,
            "roleArns": list(self.role_arns),
            "durationSeconds": self.duration_seconds,
            "managedPolicyArns": list(self.managed_policy_arns),
            "acceptRoleSessionName": self.accept_role_session_name,
            "requireInstanceProperties": False,  # "unused, saved for future use"
            "attributeMappings": _DEFAULT_MAPPINGS,
            "createdBy": self.created_by,
            "createdAt": iso8601(self.created_at),
            "updatedAt": iso8601(self.updated_at),
        }
        return detail | ({"sessionPolicy": self.session_policy} if self.session_policy else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl:
    """A certificate revocation list, imported for one trust anchor."""

    kind: ClassVar[str] = "crl"

    arn: Arn
    name: str
    enabled: bool
    trust_anchor_arn: str
    revocations: x509.CertificateRevocationList
    data: bytes
    created_at: datetime
    updated_at: datetime

    def detail(self) -> dict[str, object]:
        """Return the list as the API shows it."""
        return {
            "crlId": resource_id(self.arn),
            "crlArn": str(self.arn),
            "name": self.name,
            "enabled": self.enabled,
            "crlData": base64.b64encode(self.data).decode(),
            "trustAnchorArn": self.trust_anchor_arn,
            "createdAt": iso8601(self.created_at),
            "updatedAt": iso8601(self.updated_at),
        }


Resource = TrustAnchor | Profile | Crl
_Kind = TypeVar("_Kind", bound=Resource)


@dataclass(slots=True)
class Resources:
    """Every resource of one emulator, by ARN."""

    _by_arn: dict[str, Resource] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def put(self, resource: Resource) -> None:
        """Add `resource`, or replace the one of the same ARN."""
        with self._lock:
            self._by_arn[str(resource.arn)] = resource

    def get(self, kind: type[_Kind], arn: str) -> _Kind | None:
        """Return the resource of that kind and ARN, or None."""
        with self._lock:
            found = self._by_arn.get(arn)
        return found if isinstance(found, kind) else None

    def list(self, kind: type[_Kind], account: str, region: str) -> Sequence[_Kind]:
        """Return that account's and region's resources of one kind, oldest first."""
        with self._lock:
            several = [one for one in self._by_arn.values() if isinstance(one, kind)]
        return [one for one in several if (one.arn.account, one.arn.region) == (account, region)]

    def remove(self, arn: Arn) -> None:
        """Forget the resource of that ARN."""
        with self._lock:
            self._by_arn.pop(str(arn), None)

    def revocation_lists(self, trust_anchor: TrustAnchor) -> Sequence[x509.CertificateRevocationList]:
        """Return the enabled revocation lists of a trust anchor."""
        lists = self.list(Crl, trust_anchor.arn.account, trust_anchor.arn.region)
        return [crl.revocations for crl in lists if crl.enabled and crl.trust_anchor_arn == str(trust_anchor.arn)]


def resource_id(arn: Arn) -> str:
    """Return the UUID at the end of a resource's ARN."""
    return arn.resource.partition("/")[2]
