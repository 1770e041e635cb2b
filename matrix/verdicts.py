"""What a program said and which keys it used → how the program gets along with a delivery. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_LINE: Final = re.compile(r"^(sts|s3|start) (?:(ok)|error (.*))$", re.MULTILINE)


class Verdict(StrEnum):
    """What users want to know."""

    WORKS = "works through expiry"
    UNTIL_EXPIRY = "works until first expiry"
    NOT_READ = "does not read this"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one program fared with one delivery."""

    calls: int
    failed: int
    keys: int
    """Distinct access keys that its requests were signed with."""
    last_failed: bool
    first_error: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict, from the run alone.

        Who still succeeds at the end, with a key other than the first, lives through expiries; the calls that failed
        on the way are told beside it. Who never succeeded did not find the credentials.
        """
        if self.failed == self.calls:
            return Verdict.NOT_READ
        if self.last_failed or self.keys == 1:
            return Verdict.UNTIL_EXPIRY
        return Verdict.WORKS


def outcome(said: str, keys: Collection[str]) -> Outcome:
    """Return what a program's output and the keys of its requests amount to."""
    lines = _LINE.findall(said)
    errors = [error for _, ok, error in lines if not ok]
    return Outcome(
        calls=len(lines),
        failed=len(errors),
        keys=len(keys),
        last_failed=bool(lines) and not lines[-1][1],
        first_error=errors[0] if errors else "",
    )
