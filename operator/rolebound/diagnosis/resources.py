"""The checks of what Roles Anywhere itself holds: trust anchor, profile, the role in it, names, durations."""

import re
from datetime import timedelta
from typing import Final

from rolebound.diagnosis.certificates import printable
from rolebound.diagnosis.facts import Facts, Missing, Profile, Role, Unknown
from rolebound.diagnosis.findings import Finding, not_checked, ok, unread, wrong
from rolebound.model import remedies

# https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
_SHORTEST: Final = timedelta(seconds=900)
_LONGEST: Final = timedelta(seconds=43_200)
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, of RoleSessionName and of Policy
_POLICY_LIMIT: Final = 2048
_SESSION_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_NO_PROFILE: Final = "there is no profile to look into: see `profile`"


def anchor(facts: Facts) -> Finding:
    """Whether the trust anchor is there and enabled."""
    match facts.anchor:
        case Unknown() as unknown:
            return unread(unknown)
        case Missing() as missing:
            return wrong(f"{missing.what} does not exist", "give the ARN of a trust anchor that exists")
        case found if not found.enabled:
            return wrong(
                "the trust anchor is disabled",
                f"aws rolesanywhere enable-trust-anchor --trust-anchor-id {facts.request.trust_anchor.resource}",
            )
    return ok("exists and is enabled")


def profile(facts: Facts) -> Finding:
    """Whether the profile is there and enabled."""
    match facts.profile:
        case Unknown() as unknown:
            return unread(unknown)
        case Missing() as missing:
            return wrong(f"{missing.what} does not exist", "give the ARN of a profile that exists")
        case found if not found.enabled:
            return wrong(
                "the profile is disabled",
                f"aws rolesanywhere enable-profile --profile-id {facts.request.profile.resource}",
            )
    return ok("exists and is enabled")


def role_in_profile(facts: Facts) -> Finding:
    """Whether the profile lists the role."""
    if not isinstance(facts.profile, Profile):
        return _without_profile(facts.profile)
    role = facts.request.role.text
    if role in facts.profile.roles:
        return ok("the profile lists the role")
    return wrong(
        f"the profile lists {len(facts.profile.roles)} roles, and {role} is not one of them",
        f"aws rolesanywhere update-profile --profile-id {facts.request.profile.resource} --role-arns … {role} "
        "(the list replaces the old one)",
    )


def session_name(facts: Facts) -> Finding:
    """Whether the profile takes the session name, where one is given."""
    name = facts.request.session_name
    if not name:
        return ok("none is given, so AWS names the session after the certificate's serial number")
    if not _SESSION_NAME.fullmatch(name):
        return wrong(f"{printable(name)!r} is no session name", "use 2 to 64 letters, digits or any of +=,.@_-")
    if not isinstance(facts.profile, Profile):
        return _without_profile(facts.profile)
    if facts.profile.accepts_names:
        return ok("the profile accepts session names")
    return wrong(
        "the profile does not accept session names",
        f"{remedies.NAMES_REFUSED} (aws rolesanywhere update-profile --profile-id {facts.request.profile.resource} "
        "--accept-role-session-name), or give none",
    )


def duration(facts: Facts) -> Finding:
    """Whether the session that AWS would make is not longer than the role allows; AWS refuses instead of clamping."""
    asked, found, role = facts.request.duration, facts.profile, facts.role
    if not _SHORTEST <= asked <= _LONGEST:
        return wrong(f"{_seconds(asked)} asked for", f"ask for {_seconds(_SHORTEST)} to {_seconds(_LONGEST)}")
    if not isinstance(role, Role):
        return unread(role) if isinstance(role, Unknown) else not_checked("there is no role: see `trust-policy`")
    if isinstance(found, Profile):
        seconds = min(asked, found.duration)
        cut = f"; the profile cuts it to {_seconds(found.duration)}" if found.duration < asked else ""
        if seconds <= role.longest:
            return ok(f"{_seconds(asked)} asked for{cut}; the role allows {_seconds(role.longest)}")
        return wrong(
            f"{_seconds(asked)} asked for{cut}, and the role allows {_seconds(role.longest)} at most",
            remedies.TOO_LONG,
        )
    if asked <= role.longest:
        return ok(f"{_seconds(asked)} asked for; the role allows {_seconds(role.longest)}")
    return not_checked(
        f"{_seconds(asked)} is longer than the {_seconds(role.longest)} that the role allows, "
        "unless the profile, which could not be read, cuts it",
        remedies.TOO_LONG,
    )


def session_policy(facts: Facts) -> Finding:
    """Whether the profile's session policy is short enough for STS, which counts characters before it packs them."""
    if not isinstance(facts.profile, Profile):
        return _without_profile(facts.profile)
    length = len(facts.profile.session_policy)
    if length > _POLICY_LIMIT:
        return wrong(
            f"the profile's session policy has {length} characters, and STS takes {_POLICY_LIMIT}",
            "shorten it, or move it into managed policies of the profile",
        )
    return ok(f"{length} of {_POLICY_LIMIT} characters" if length else "the profile has none")


def _without_profile(found: Missing | Unknown) -> Finding:
    return unread(found) if isinstance(found, Unknown) else not_checked(_NO_PROFILE)


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"
