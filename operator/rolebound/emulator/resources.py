"""Trust anchors, profiles, revocation lists and subjects: what an administrator sets up, and whom the service has seen.

Holds them by ARN, so that account and region part them as AWS does. Checks nothing; `management` did that already.
Shapes: botocore's model of `rolesanywhere`, 2018-05-10.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import ClassVar, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rolebound.emulator.arns import Arn
from rolebound.emulator.attributes import DEFAULT_MAPPINGS, Mappings, mapping_details
from rolebound.emulator.clock import iso8601
from rolebound.emulator.notifications import Notifications, setting_details
from rolebound.emulator.tags import Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    kind: ClassVar[str]
    # How its members begin in the API's shapes.
    prefix: ClassVar[str]

    arn: Arn
    enabled: bool
    created_at: datetime
    updated_at: datetime
    tags: Tags = field(default_factory=dict)

    def _common(self) -> dict[str, object]:
        return {
            f"{self.prefix}Id": resource_id(self.arn),
            f"{self.prefix}Arn": str(self.arn),
            "enabled": self.enabled,
            "createdAt": iso8601(self.created_at),
            "updatedAt": iso8601(self.updated_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named(_Common):
    name: str
    # Empty where there is none.
    alias: str = ""

    def _named(self) -> dict[str, object]:
        alias = {"aliasName": self.alias, "aliasArn": str(alias_arn(self.arn, self.alias))} if self.alias else {}
        return {**self._common(), "name": self.name, **alias}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor(_Named):
    """A certificate bundle whose certificates' signatures this account trusts."""

    kind: ClassVar[str] = "trust-anchor"
    prefix: ClassVar[str] = "trustAnchor"

    bundle: tuple[x509.Certificate, ...]
    bundle_pem: str
    # Kept and shown; this stand-in fetches no list from a distribution point.
    crl_distribution_points: bool = False
    notifications: Notifications = field(default_factory=dict)

    def detail(self) -> dict[str, object]:
        """Return the trust anchor as the API shows it."""
        return {
            **self._named(),
            "source": {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": self.bundle_pem}},
            "crlDpRevocationEnabled": self.crl_distribution_points,
            "notificationSettings": setting_details(self.notifications),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(_Named):
    """The roles that may be assumed through it, for how long, and what caps and tags their sessions."""

    kind: ClassVar[str] = "profile"
    prefix: ClassVar[str] = "profile"

    role_arns: tuple[str, ...]
    duration_seconds: int = 3600
    session_policy: str | None = None
    managed_policy_arns: tuple[str, ...] = ()
    accept_role_session_name: bool = False
    require_instance_properties: bool = False  # "unused, saved for future use"
    mappings: Mappings = field(default_factory=lambda: DEFAULT_MAPPINGS)
    created_by: str

    def detail(self) -> dict[str, object]:
        """Return the profile as the API shows it."""
        detail: dict[str, object] = {
            **self._named(),
            "roleArns": list(self.role_arns),
            "durationSeconds": self.duration_seconds,
            "managedPolicyArns": list(self.managed_policy_arns),
            "acceptRoleSessionName": self.accept_role_session_name,
            "requireInstanceProperties": self.require_instance_properties,
            "attributeMappings": mapping_details(self.mappings),
            "createdBy": self.created_by,
        }
        return detail | ({"sessionPolicy": self.session_policy} if self.session_policy else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl(_Named):
    """A certificate revocation list, imported for one trust anchor."""

    kind: ClassVar[str] = "crl"
    prefix: ClassVar[str] = "crl"

    trust_anchor_arn: str
    revocations: x509.CertificateRevocationList
    data: bytes

    def detail(self) -> dict[str, object]:
        """Return the list as the API shows it."""
        data = base64.b64encode(self.data).decode()
        return {**self._named(), "crlData": data, "trustAnchorArn": self.trust_anchor_arn}


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last CreateSession call with one certificate, and the instance properties that it brought."""

    leaf: x509.Certificate
    at: datetime
    failed: bool
    properties: Mapping[str, str] = field(default_factory=dict)

    def credential(self) -> dict[str, object]:
        """Return the certificate as the API shows it."""
        return {
            "seenAt": iso8601(self.at),
            "serialNumber": str(self.leaf.serial_number),
            "issuer": self.leaf.issuer.rfc4514_string(),
            "enabled": True,
            "x509CertificateData": self.leaf.public_bytes(Encoding.PEM).decode(),
            "failed": self.failed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject(_Common):
    """A name in certificates that led to a trust anchor of this account; `attempts` are the newest last."""

    kind: ClassVar[str] = "subject"
    prefix: ClassVar[str] = "subject"

    x509_subject: str
    attempts: tuple[Attempt, ...]

    def summary(self) -> dict[str, object]:
        """Return the subject as a list of subjects shows it."""
        return {**self._common(), "x509Subject": self.x509_subject, "lastSeenAt": iso8601(self.attempts[-1].at)}

    def detail(self) -> dict[str, object]:
        """Return the subject as the API shows it."""
        newest_first = self.attempts[::-1]
        properties = [
            {"seenAt": iso8601(attempt.at), "properties": dict(attempt.properties), "failed": attempt.failed}
            for attempt in newest_first
            if attempt.properties
        ]
        credentials = [attempt.credential() for attempt in newest_first]
        return {**self.summary(), "credentials": credentials, "instanceProperties": properties}


Resource = TrustAnchor | Profile | Crl | Subject
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

    def change(self, kind: type[_Kind], arn: str, changed: Callable[[_Kind | None], _Kind]) -> _Kind:
        """Put what `changed` makes of the resource of that kind and ARN, with nobody in between, and return it."""
        with self._lock:
            found = self._by_arn.get(arn)
            made = changed(found if isinstance(found, kind) else None)
            self._by_arn[arn] = made
        return made

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

    def all(self) -> Sequence[Resource]:
        """Return every resource, oldest first."""
        with self._lock:
            return list(self._by_arn.values())

    def by_alias(self, kind: type[_Kind], arn: Arn, alias: str) -> _Kind | None:
        """Return the resource of that kind that has this alias in the account and region of `arn`, or None."""
        several = self.list(kind, arn.account, arn.region)
        return next((one for one in several if not isinstance(one, Subject) and one.alias == alias), None)

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


def alias_arn(arn: Arn, alias: str) -> Arn:
    """Return the ARN by which a resource of that kind, account and region is known under `alias`."""
    return Arn(arn.partition, arn.service, arn.region, arn.account, f"alias/{arn.kind}/{alias}")
