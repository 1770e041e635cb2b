"""A CreateSession asked for, and what it gave.

`SessionRequest` is everything that shapes a session but the identity that signs it; `Session` is AWS's answer.
Secrets are kept out of `repr`, so that no log line or traceback can show them.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where CreateSession is sent; `url` empty means AWS's own endpoint for the region."""

    region: str
    url: str = ""
    use_fips: bool = False
    use_dual_stack: bool = False


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """The parameters of one CreateSession."""

    role: RoleArn
    profile: ProfileArn
    trust_anchor: TrustAnchorArn
    duration: timedelta
    session_name: str = ""
    """Empty: AWS names the session after the certificate's serial number."""


@dataclass(frozen=True, slots=True)
class SessionCredentials:
    """The three values that an SDK signs with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


_TOLD_SOONER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials, for how long by AWS's clock, and as whom."""

    credentials: SessionCredentials
    issued_at: datetime
    expires_at: datetime
    assumed_role_arn: str
    behind: timedelta = timedelta()
    """How far this machine's clock was behind AWS's; negative where it was ahead."""

    @property
    def lifetime(self) -> timedelta:
        """How long AWS really granted, which may be less than was asked for."""
        return self.expires_at - self.issued_at

    @property
    def told_end(self) -> datetime:
        """The end that programs are told, a little before AWS's.

        The AWS SDKs for Go ask again only once a credential_process's credentials are over, and what they sign in the
        last moment reaches AWS too late.
        """
        return self.expires_at - min(_TOLD_SOONER, self.lifetime / 20)

    def here(self) -> "Session":
        """Return the same by this machine's clock, to be renewed by.

        A reader whose clock is ahead of AWS's, like this one, holds it for expired that much too early, so it ends as
        early as that; but not before a quarter of its lifetime, as no clock is worth asking AWS all the time.
        """
        issued_at = self.issued_at - self.behind
        is_ahead = self.behind < timedelta()
        lasting = self.told_end - issued_at if is_ahead else self.lifetime
        return replace(
            self, issued_at=issued_at, expires_at=issued_at + max(lasting, self.lifetime / 4), behind=timedelta()
        )
