"""Everything that can go wrong, and who must act.

    Error                       retry    who acts
    ├ SettingsError             never    installer: the operator refuses to start
    ├ SpecInvalid               on edit  author of the object
    │ ├ NamespaceNotAllowed              platform team, or use another role
    │ ├ RoleNotFound
    │ ├ Conflict
    │ ├ InjectionConflict
    │ └ NotBound
    ├ RoleNotReady              on edit  see the role's own condition
    ├ CertificateError          on edit  owner of the certificate
    │ ├ CertificateMissing
    │ ├ CertificateExpired
    │ ├ CertificateNotYetValid
    │ ├ KeyMismatch
    │ └ CertificateUnsuitable
    ├ SessionDenied             slowly   AWS administrator
    │ └ SessionNameRefused
    ├ SessionUnavailable        soon     nobody: it is tried again
    │ ├ Throttled
    │ └ AWSUnavailable
    └ ClusterUnavailable        soon     nobody

Each leaf's `reason` is the word that conditions, Events, metrics and the documentation share. A message is written by
us from names and identifiers; no body of a request or response, and no key, ever enters one.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class Retry(StrEnum):
    """When trying the same thing again can help."""

    ON_EDIT = "on edit"
    """Only a changed object can help, and its event will wake us."""
    SLOWLY = "slowly"
    """It is mended in AWS, where nothing tells us."""
    SOON = "soon"
    """It passes by itself."""


class Error(Exception):
    """What rolebound could not do, in words that are safe to show."""

    reason: ClassVar[str] = "Error"
    retry: ClassVar[Retry] = Retry.SOON
    passes_at: datetime | None = None
    """When time alone mends it, where that is known."""


class SettingsError(Error):
    """A setting of the operator itself is wrong: the installer acts, and until then it does not start."""

    reason = "SettingsInvalid"
    retry = Retry.ON_EDIT


class SpecInvalid(Error):
    """An object says something that cannot be done: its author acts."""

    reason = "SpecInvalid"
    retry = Retry.ON_EDIT


class NamespaceNotAllowed(SpecInvalid):
    """The ClusterAWSRole does not list the binding's namespace."""

    reason = "NamespaceNotAllowed"


class RoleNotFound(SpecInvalid):
    """The binding's roleRef names a role that does not exist."""

    reason = "RoleNotFound"


class Conflict(SpecInvalid):
    """Somebody else was first: another binding has the profile, or a Secret of that name is not ours."""

    reason = "Conflict"


class InjectionConflict(SpecInvalid):
    """A pod sets something itself that stands against the injected credentials; nothing of it was changed."""

    reason = "InjectionConflict"


class NotBound(SpecInvalid):
    """A pod asks for credentials, and no binding names its ServiceAccount."""

    reason = "NotBound"


class RoleNotReady(Error):
    """The role's certificate cannot be used; the role's own condition says why."""

    reason = "RoleNotReady"
    retry = Retry.ON_EDIT


class CertificateError(Error):
    """The certificate Secret cannot sign for the role: its owner acts."""

    reason = "CertificateUnsuitable"
    retry = Retry.ON_EDIT


class CertificateMissing(CertificateError):
    """The Secret, or `tls.crt` or `tls.key` in it, is not there."""

    reason = "CertificateMissing"


class CertificateExpired(CertificateError):
    """The leaf or an intermediate is past its notAfter."""

    reason = "CertificateExpired"


class CertificateNotYetValid(CertificateError):
    """The leaf or an intermediate is before its notBefore."""

    reason = "CertificateNotYetValid"

    def __init__(self, message: str, valid_from: datetime | None = None) -> None:
        super().__init__(message)
        self.passes_at = valid_from


class KeyMismatch(CertificateError):
    """`tls.key` is not the private key of the leaf in `tls.crt`."""

    reason = "KeyMismatch"


class CertificateUnsuitable(CertificateError):
    """Roles Anywhere would refuse this certificate, chain or key, or it cannot be read at all."""

    reason = "CertificateUnsuitable"


class SessionDenied(Error):
    """AWS read the request and refused it: anchor, profile, role or trust policy must be mended there."""

    reason = "SessionDenied"
    retry = Retry.SLOWLY

    def __init__(self, message: str, said: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.said = said or message
        """AWS's own words, without what was checked before the call."""
        self.remedy = remedy


class SessionNameRefused(SessionDenied):
    """The profile does not accept a session name of ours (`acceptRoleSessionName`)."""

    reason = "SessionNameRefused"


class SessionUnavailable(Error):
    """No answer that can be used came from AWS this time."""

    reason = "AWSUnavailable"
    retry = Retry.SOON


class Throttled(SessionUnavailable):
    """AWS asks to be called less often."""

    reason = "Throttled"


class AWSUnavailable(SessionUnavailable):
    """Network, TLS, 5xx, or an answer that is not a session."""

    reason = "AWSUnavailable"


class ClusterUnavailable(Error):
    """The Kubernetes API did not do what was asked, and may do it later."""

    reason = "ClusterUnavailable"
    retry = Retry.SOON
