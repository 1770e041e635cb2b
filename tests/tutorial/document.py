"""A document with console blocks: `$ ` begins a command, `> ` continues it, and the rest is what it says."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
MARK = "end-of-command"


@dataclass(frozen=True)
class Command:
    """One command, and what the document shows of its output."""

    text: str
    shown: str


def commands(path: Path) -> list[Command]:
    """Every command of the document, in order."""
    found: list[Command] = []
    for block in BLOCK.findall(path.read_text()):
        assert block.startswith("$ "), f"a console block begins with a command, not with: {block[:60]}"
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            length = 1
            while length < len(lines) and lines[length].startswith("> "):
                length += 1
            text = "\n".join([lines[0], *(line[2:] for line in lines[1:length])])
            found.append(Command(text, "\n".join(lines[length:]).strip()))
    return found


def said(found: list[Command], folder: Path, variables: Mapping[str, str]) -> list[tuple[str, int]]:
    """What each command printed and its exit status, all run in one shell."""
    script = "\n".join(f"{command.text}\nprintf '\\n%s %s\\n' {MARK} $?" for command in found)
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = shell.communicate(timeout=300)
    finally:
        with suppress(ProcessLookupError):  # whatever it left in the background
            os.killpg(shell.pid, signal.SIGKILL)
    parts = re.split(rf"^{MARK} (\d+)\n", printed, flags=re.MULTILINE)
    return [(output.strip(), int(status)) for output, status in zip(parts[::2], parts[1::2], strict=False)]
