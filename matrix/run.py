"""One run: every program that this machine can run, by every delivery at once, through so many sessions."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from matrix import builds
from matrix.programs import PROGRAMS, Program
from matrix.readers import Reader
from matrix.stage import Stage
from matrix.verdicts import Outcome
from rolebound.model.objects import DeliveryType
from testbed.processes import wait_until
from testbed.progress import say

_REFRESHING: Final = (DeliveryType.CREDENTIAL_PROCESS, DeliveryType.ENDPOINT)
_EVERY: Final = 2.0  # seconds between two looks
_FIRST_CALL_WITHIN: Final = 90.0  # all programs start at once


@dataclass(frozen=True, slots=True)
class Cell:
    """One program by one delivery."""

    program: Program
    delivery: DeliveryType
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Pace:
    """How long sessions are, how many each program lives through, and how often it calls."""

    lifetime: int
    sessions: int
    pause: float

    @property
    def longest(self) -> float:
        """How many seconds a run may take.

        A program that fetches at the expiry alone sees a new session in less than one lifetime.
        """
        return self.lifetime * (self.sessions + 1.5)


def runnable() -> tuple[list[Program], dict[Program, str]]:
    """Return the programs that this machine can run, and why it cannot run the others."""
    refused = {program: f"no {what}" for program in PROGRAMS if (what := builds.missing(program.language))}
    return [program for program in PROGRAMS if program not in refused], refused


def run(stage: Stage, programs: Sequence[Program], pace: Pace) -> list[Cell]:
    """Run the programs until each that renews its credentials has used as many sessions as the pace says."""
    with ExitStack() as undo:
        readers = []
        for program in programs:
            for delivery in DeliveryType:
                readers.append(Reader.start(stage, program, delivery, pace.pause))
                undo.callback(readers[-1].stop)
        for reader in readers:
            wait_until(f"a call of {reader.program.name} by {reader.delivery}", reader.has_called, _FIRST_CALL_WITHIN)
        started = time.monotonic()
        while not _is_over(readers, pace, time.monotonic() - started):
            time.sleep(_EVERY)
        say(f"ran for {time.monotonic() - started:.0f} s")
        return [Cell(reader.program, reader.delivery, reader.outcome()) for reader in readers]


def _is_over(readers: Sequence[Reader], pace: Pace, seconds: float) -> bool:
    """Whether all has been seen: two lifetimes at least, so that every first session has ended."""
    if seconds < 2 * pace.lifetime:
        return False
    refreshing = [reader for reader in readers if reader.delivery in _REFRESHING]
    return seconds > pace.longest or all(len(reader.relay.keys) >= pace.sessions for reader in refreshing)
