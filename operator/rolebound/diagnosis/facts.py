"""Everything that the checks look at, as it was found; nothing here does I/O or decides.

A fact is there, or AWS says that there is no such thing (`Missing`), or it could not be had (`Unknown`, with the
reason): three different things, which no check may confuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from rolebound.errors import CertificateError, Error
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, Session, SessionRequest


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be had, why, and what would help."""

    why: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """AWS knows no such thing."""

    what: str


@dataclass(frozen=True, slots=True)
class Material:
    """The certificates and the key of the files, whether or not they go together."""

    certificates: tuple[x509.Certificate, ...]
    public_key: PublicKeyTypes
    """The public half of the key of the files."""
    leaf: x509.Certificate | None
    """The certificate of that key; None where there is none."""
    identity: SigningIdentity | CertificateError = field(repr=False)
    """What the client would sign with, or why it would not."""

    @property
    def others(self) -> tuple[x509.Certificate, ...]:
        """All certificates but the leaf."""
        return tuple(each for each in self.certificates if each != self.leaf)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trust anchor."""

    enabled: bool
    authorities: tuple[x509.Certificate, ...] | Unknown
    """The certificates of its CA."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile. `mappings` are the specifiers of each certificate field that becomes session tags."""

    enabled: bool
    roles: frozenset[str]
    duration: timedelta
    accepts_names: bool
    mappings: Mapping[str, frozenset[str]]
    session_policy: str = ""
    """The inline policy that caps its sessions, where there is one."""


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role: its trust policy as JSON, and the longest session that it allows."""

    trust_policy: object
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Reached:
    """What the way to the endpoint showed."""

    host: str
    addresses: tuple[str, ...] | Unknown | Error
    """What the name resolves to; an error where it resolves to nothing."""
    answer: str | Unknown | Error
    """What the server answered over TLS, with a certificate that is trusted here."""
    offset: timedelta | Unknown
    """How far the server's clock is ahead of this one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One set-up, at one instant."""

    now: datetime
    """By this machine's clock."""
    request: SessionRequest
    endpoint: Endpoint
    known_regions: Mapping[str, frozenset[str]]
    """The regions of each partition in which botocore knows the service."""
    material: Material | CertificateError | Unknown
    anchor: Anchor | Missing | Unknown
    profile: Profile | Missing | Unknown
    role: Role | Missing | Unknown
    revocations: tuple[x509.CertificateRevocationList, ...] | Unknown
    """The enabled revocation lists of the trust anchor."""
    quota: float | Unknown
    """CreateSession calls a second."""
    reached: Reached
    session: Session | Error | Unknown = field(repr=False)
    """What the real call gave."""

    @property
    def aws_now(self) -> datetime:
        """The instant by AWS's clock, as far as it is known."""
        offset = self.reached.offset
        return self.now if isinstance(offset, Unknown) else self.now + offset
