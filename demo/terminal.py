"""The person's terminal: shows a command, runs it in a shell, shows what it says."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_BOLD: Final = 1
_CYAN: Final = 36


class DemoFailed(Exception):
    """A command did not do what the demo shows."""


@dataclass
class Terminal:
    """Runs commands in one folder with one growing set of variables."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    _steps: int = 0

    def heading(self, text: str) -> None:
        """Begin a step."""
        self._steps += 1
        print(f"\n{_coloured(f'── {self._steps}. {text}', _BOLD)}  [{self.elapsed:.0f} s]", flush=True)

    @property
    def elapsed(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self.started

    def say(self, text: str) -> None:
        """Print a remark."""
        print(f"   {text}", flush=True)

    def run(self, command: str, *, fails: bool = False) -> str:
        """Show and run `command`; return what it printed.

        DemoFailed where it fails, or where it succeeds although `fails` says that it must not.
        """
        print(_coloured(f"$ {command}", _CYAN), flush=True)
        done = self._shell(command)
        text = (done.stdout + done.stderr).strip()
        if text:
            print(text, flush=True)
        if (done.returncode != 0) is not fails:
            raise DemoFailed(f"exit status {done.returncode} of: {command}")
        return text

    def keep(self, name: str, command: str) -> str:
        """Show and run `command`, and keep what it prints as the variable `name`."""
        value = self.run(f"{name}=$({command}) && echo ${name}")
        self.variables[name] = value
        return value

    def until(self, command: str, met: Callable[[str], bool], seconds: float = 60) -> str:
        """Repeat `command` unseen until `met` holds of its output, then show it; DemoFailed after `seconds`."""
        deadline = time.monotonic() + seconds
        while not met(self._shell(command).stdout):
            if time.monotonic() > deadline:
                self.run(command)
                raise DemoFailed(f"not within {seconds:.0f} s: {command}")
            time.sleep(0.2)
        return self.run(command)

    def ask(self, command: str) -> str:
        """Return what `command` prints, without showing it."""
        return self._shell(command).stdout.strip()

    def _shell(self, command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.variables}
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def fail(text: str) -> None:
    """Say why the demo ended."""
    print(f"\nThe demo failed: {text}", file=sys.stderr, flush=True)


def _coloured(text: str, code: int) -> str:
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text
