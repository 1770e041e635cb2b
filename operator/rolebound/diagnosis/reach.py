"""The checks of the way to AWS, and of the call itself: clock, quota, name, TLS, session."""

from datetime import timedelta
from typing import Final

from rolebound.clock import rfc3339
from rolebound.diagnosis.certificates import printable
from rolebound.diagnosis.facts import Facts, Unknown
from rolebound.diagnosis.findings import Finding, not_checked, ok, unread, wrong
from rolebound.errors import Error, SessionDenied, Throttled

# SigV4's usual tolerance; what Roles Anywhere allows is not documented.
_TOLERANCE: Final = timedelta(minutes=5)
# https://docs.aws.amazon.com/rolesanywhere/latest/userguide/quotas.html
_DEFAULT_QUOTA: Final = 10
_SLOWER: Final = (
    "share sessions instead of making one for each process, or ask for a higher quota in Service Quotas "
    "(IAM Roles Anywhere, CreateSession)"
)


def clock(facts: Facts) -> Finding:
    """Whether this machine's clock is near enough to AWS's for a signature to hold."""
    offset = facts.reached.offset
    if isinstance(offset, Unknown):
        return unread(offset)
    apart = abs(offset).total_seconds()
    if abs(offset) < _TOLERANCE:
        return ok(f"within {max(apart, 1):.0f} s of AWS's")
    side = "behind" if offset > timedelta() else "ahead of"
    return wrong(f"this clock is {apart / 60:.0f} minutes {side} AWS's", "set it by NTP")


def quota(facts: Facts) -> Finding:
    """Whether AWS lets the calls through at their present rate."""
    known = not isinstance(facts.quota, Unknown)
    limit = f"{facts.quota:g} CreateSession a second" if known else f"AWS's default is {_DEFAULT_QUOTA} a second"
    if isinstance(facts.session, Throttled):
        return wrong(f"AWS asks to slow down; {limit}", _SLOWER)
    if isinstance(facts.quota, Unknown):
        return not_checked(f"{facts.quota.why}; {limit}", facts.quota.remedy)
    return ok(limit)


def name(facts: Facts) -> Finding:
    """Whether the endpoint's host name resolves."""
    match facts.reached.addresses:
        case Unknown() as unknown:
            return unread(unknown)
        case Error() as error:
            return wrong(str(error), "check the region, the endpoint, and this machine's resolver")
        case addresses:
            return ok(f"{facts.reached.host} is {', '.join(addresses[:3])}")


def tls(facts: Facts) -> Finding:
    """Whether the endpoint answers, and its own certificate is trusted here."""
    match facts.reached.answer:
        case Unknown() as unknown:
            return unread(unknown)
        case Error() as error:
            return wrong(
                str(error),
                "let HTTPS to the endpoint through; behind a proxy set HTTPS_PROXY, and for its CA AWS_CA_BUNDLE",
            )
        case answer:
            return ok(answer)


def session(facts: Facts) -> Finding:
    """What AWS said to a real CreateSession."""
    match facts.session:
        case Unknown() as unknown:
            return unread(unknown)
        case SessionDenied() as denied:
            return wrong(denied.said, denied.remedy or "mend what is wrong above; else ask the AWS administrator")
        case Throttled() as error:
            return wrong(str(error), _SLOWER)
        case Error() as error:
            return wrong(str(error), "see `dns` and `tls`, and try again")
        case given:
            return ok(f"{printable(given.assumed_role_arn)} until {rfc3339(given.expires_at)}")
