"""Verdicts come from what a program said and which keys it used."""

import pytest

from matrix.verdicts import Verdict, outcome


@pytest.mark.parametrize(
    ("said", "keys", "verdict"),
    [
        ("sts ok\ns3 ok\nsts ok\n", ["A", "B"], Verdict.WORKS),
        ("sts ok\ns3 error expired\nsts ok\n", ["A", "B"], Verdict.WORKS),
        ("sts ok\ns3 error expired\nsts error expired\n", ["A"], Verdict.UNTIL_EXPIRY),
        ("sts ok\ns3 ok\n", ["A"], Verdict.UNTIL_EXPIRY),  # nothing was seen of a second session
        ("sts error no credentials\n", [], Verdict.NOT_READ),
        ("start error no credentials\n", [], Verdict.NOT_READ),
        ("Traceback\n", [], Verdict.NOT_READ),
    ],
)
def test_verdict_follows_from_the_calls_and_the_keys(said: str, keys: list[str], verdict: Verdict) -> None:
    assert outcome(said, keys).verdict is verdict


def test_failed_calls_are_counted_and_the_first_error_kept() -> None:
    seen = outcome("WARNING: noise\nsts ok\ns3 error first thing\nsts error second\ns3 ok\n", {"A", "B"})

    assert (seen.calls, seen.failed, seen.keys, seen.first_error) == (4, 2, 2, "first thing")
