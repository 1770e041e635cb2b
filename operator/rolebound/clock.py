"""The only reader of time and chance.

Everything else is handed an instant or a share of one, so that a decision can be tested at any time of day. Instants
are aware and in UTC; on the wire they end in `Z`, because some SDKs refuse `+00:00`.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the module that the ban points to


def chance() -> float:
    """Return a share in [0, 1), for jitter; not for secrets."""
    import random  # noqa: PLC0415 - slow to import, and a command that only reads a cache has no use for it

    return random.random()  # noqa: S311 - jitter needs no cryptography


def rfc3339(at: datetime) -> str:
    """Return `at` as RFC 3339 in whole seconds with a trailing `Z`."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Return the instant that `text` names; ValueError where it names none or has no offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset")
    return at.astimezone(UTC)
