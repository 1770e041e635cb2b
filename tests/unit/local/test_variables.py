"""Lines that a shell evaluates to exactly the value, whatever is in it."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolebound.local.variables import exports

HARD = "a'b\"c$HOME`id`\\ \\' !x\n;é"


@settings(max_examples=20)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_sh_gets_the_value(value: str) -> None:
    script = exports({"VALUE": value}, "sh") + '\nprintf %s "$VALUE"'

    assert subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout == value.encode()


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("fish", "set -gx VALUE 'a\\'b\"c$HOME`id`\\\\ \\\\\\' !x\n;é'"),
        ("powershell", "$Env:VALUE = 'a''b\"c$HOME`id`\\ \\'' !x\n;é'"),
    ],
)
def test_other_shells_quotes_are_theirs(shell: str, line: str) -> None:
    """As their manuals have it; neither is on the machines that run the tests."""
    assert exports({"VALUE": HARD}, shell) == line
