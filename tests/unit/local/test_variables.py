"""Lines that a shell evaluates to exactly the value, whatever is in it."""

import os
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rolebound.local.variables import exports

HARD = "a'b\"c$HOME`id`\\ \\' !x\n;é"


ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@settings(max_examples=20)
@given(ANY_TEXT)
@example(HARD)
def test_sh_gets_the_value(value: str) -> None:
    script = exports({"VALUE": value}, "sh") + '\nprintf %s "$VALUE"'

    assert subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout == value.encode()


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish on the path (Debian: fish)")
@settings(max_examples=20, deadline=None)
@given(ANY_TEXT)
@example(HARD)
def test_fish_gets_the_value_and_gives_it_to_its_children(value: str) -> None:
    lines = exports({"VALUE": value}, "fish")

    done = subprocess.run(
        ["fish", "--no-config", "-c", "source; and exec printenv -0 VALUE"],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        input=lines.encode(),
        capture_output=True,
        check=True,
    )

    assert done.stdout == value.encode() + b"\0"


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("fish", "set -gx VALUE 'a\\'b\"c$HOME`id`\\\\ \\\\\\' !x\n;é'"),
        ("powershell", "$Env:VALUE = 'a''b\"c$HOME`id`\\ \\'' !x\n;é'"),
    ],
)
def test_other_shells_quotes_are_theirs(shell: str, line: str) -> None:
    """As their manuals have it, for machines that do not have them."""
    assert exports({"VALUE": HARD}, shell) == line
