"""Write the help of every command into docs/reference/cli.md, below the part that is written by hand.

`--check` only compares, and tells by the exit status.
"""

import io
import os
import re
import sys
from contextlib import redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from typing import Final

from rolebound.cli import COMMANDS

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"
MARK: Final = "<!-- From here on scripts/cli_reference.py writes what --help prints. -->\n"
_CHOICES: Final = re.compile(r"^ +\{([\w,-]+)\}", re.MULTILINE)


def page(text: str) -> str:
    """Return the page with its generated half as it should be."""
    written, mark, _ = text.partition(MARK)
    if not mark:
        raise ValueError(f"{PAGE} has lost the line {MARK!r}")
    return written + mark + "".join(_section(command) for command in COMMANDS)


def _section(command: str, *inner: str) -> str:
    shown = help_of(command, *inner)
    found = _CHOICES.search(shown.partition("\n\n")[2])
    below = found[1].split(",") if found else []
    heading = " ".join(("rolebound", command, *inner))
    return f"\n## {heading}\n\n```text\n{shown}```\n" + "".join(_section(command, *inner, each) for each in below)


def help_of(command: str, *inner: str) -> str:
    """Return what `rolebound command … --help` prints on a terminal of 100 columns."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"
    printed = io.StringIO()
    try:
        with redirect_stdout(printed), suppress(SystemExit):
            import_module(f"rolebound.cli.{command.replace('-', '_')}").main([*inner, "--help"])
    finally:
        del os.environ["COLUMNS"]
        if before is not None:
            os.environ["COLUMNS"] = before
    return printed.getvalue()


def main(arguments: list[str]) -> int:
    """Write the page, or compare it; returns the exit status."""
    text = PAGE.read_text(encoding="utf-8")
    wanted = page(text)
    if "--check" in arguments:
        return int(text != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
