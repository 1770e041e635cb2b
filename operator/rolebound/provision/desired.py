"""What a set-up should be, whatever is in AWS now."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rolebound.errors import CommandRefused
from rolebound.provision.trust import Pin

TAG: Final = "rolebound.dev/setup"
"""The tag on everything that a set-up made; its value is the set-up's name."""
WALK_THROUGH_POLICIES: Final = ("ReadOnlyAccess", "IAMAccessAnalyzerReadOnlyAccess")
"""The managed policies of AWS's walk-through."""
# IAM gives a role without a maximum one hour, and CreateSession fails where a session would last longer.
ROLE_SESSION: Final = timedelta(hours=1)
# https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_CreateProfile.html
_SHORTEST: Final = timedelta(seconds=900)
_LONGEST: Final = timedelta(seconds=43200)
# botocore's model takes 50; STS, which has to apply them, takes ten:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_SESSION_POLICIES: Final = 10
_NAME: Final = re.compile(r"[\w-]{1,64}", re.ASCII)  # IAM's and Roles Anywhere's at once, and shown without quotes
_ROLE_NAME: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_POLICY: Final = re.compile(r"[\w+=,.@/-]{1,512}", re.ASCII)
_POLICY_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::(aws|\d{12}):policy/[\w+=,.@/-]{1,512}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Names:
    """What the parts of one set-up are called: trust anchor and profile by `setup`, the role by `role`."""

    setup: str
    role: str

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.setup) is None:
            raise CommandRefused(f"{self.setup[:100]!r} is no name of a set-up: up to 64 letters, digits, '-' and '_'")
        if _ROLE_NAME.fullmatch(self.role) is None:
            raise CommandRefused(f"{self.role[:100]!r} is no name of a role: up to 64 letters, digits and +=,.@_-")


@dataclass(frozen=True, slots=True)
class Desired:
    """One trust anchor, one role and one profile that go together."""

    names: Names
    bundle: str
    """The CA certificates of the trust anchor, in PEM."""
    policies: tuple[str, ...] = WALK_THROUGH_POLICIES
    """Managed policies of the role: ARNs, or names of AWS's own."""
    session_policies: tuple[str, ...] = WALK_THROUGH_POLICIES
    """Managed policies that cap every session of the profile; none caps nothing."""
    duration: timedelta = ROLE_SESSION
    pins: tuple[Pin, ...] = ()

    def __post_init__(self) -> None:
        if not _SHORTEST <= self.duration <= _LONGEST:
            least, most = (f"{each.total_seconds():.0f}" for each in (_SHORTEST, _LONGEST))
            raise CommandRefused(f"a session lasts {least} to {most} seconds, not {self.duration.total_seconds():.0f}")
        if len(self.session_policies) > _SESSION_POLICIES:
            raise CommandRefused(f"{len(self.session_policies)} session policies; AWS takes {_SESSION_POLICIES}")
        for policy in (*self.policies, *self.session_policies):
            if not (_POLICY_ARN if policy.startswith("arn:") else _POLICY).fullmatch(policy):
                raise CommandRefused(f"{policy[:200]!r} is neither a managed policy's ARN nor the name of one of AWS's")

    @property
    def duration_seconds(self) -> int:
        """How long a session lasts."""
        return int(self.duration.total_seconds())

    @property
    def role_seconds(self) -> int:
        """The role's longest session, which may not be shorter than the profile's."""
        return int(max(self.duration, ROLE_SESSION).total_seconds())


def policy_arns(policies: Sequence[str], partition: str) -> list[str]:
    """Return the ARNs of managed policies, each once; a bare name is one of AWS's own in that partition."""
    found = (each if each.startswith("arn:") else f"arn:{partition}:iam::aws:policy/{each}" for each in policies)
    return list(dict.fromkeys(found))
