"""What a check says: a verdict, a sentence, and where something is to be done, what.

A check never guesses. What it may not read, or cannot judge, is NOT_CHECKED, with the reason.
"""

from dataclasses import dataclass
from enum import StrEnum

from rolebound.diagnosis.facts import Unknown


class Verdict(StrEnum):
    """The three things that a check can say."""

    OK = "ok"
    WRONG = "wrong"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer."""

    verdict: Verdict
    message: str
    remedy: str = ""
    """What to do; with OK, what would be better still."""


def ok(message: str, advice: str = "") -> Finding:
    """Return that nothing is wrong here."""
    return Finding(Verdict.OK, message, advice)


def wrong(message: str, remedy: str) -> Finding:
    """Return that AWS would refuse for this, and what mends it."""
    return Finding(Verdict.WRONG, message, remedy)


def not_checked(why: str, remedy: str = "") -> Finding:
    """Return that this is not known, and why."""
    return Finding(Verdict.NOT_CHECKED, why, remedy)


def unread(unknown: Unknown) -> Finding:
    """Return that a fact could not be had."""
    return not_checked(unknown.why, unknown.remedy)
