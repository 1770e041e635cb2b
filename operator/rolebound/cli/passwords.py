"""A password from where the person keeps it: a file, a variable, or their memory."""

import getpass
import os
import sys
from pathlib import Path
from typing import Final

from rolebound.errors import CommandRefused
from rolebound.pki import files

_LONGEST: Final = 1023  # what the library that encrypts with it takes


def password(file: Path | None, variable: str, what: str, *, twice: bool = False) -> bytes:
    """Return the password in `file`, else in the environment's `variable`, else the one typed at the prompt.

    `twice` asks a second time, for one that is new. CommandRefused where it is empty, or where nobody is there to ask.
    """
    if file is not None:
        found = files.read(file).split(b"\n", 1)[0].removesuffix(b"\r")
        place = str(file)
    elif variable in os.environ:
        found, place = os.fsencode(os.environ[variable]), variable
    else:
        found, place = _asked(what, variable, twice=twice), "the password"
    if not found:
        raise CommandRefused(f"{place} is empty; {what} needs a password")
    if len(found) > _LONGEST:
        raise CommandRefused(f"{place} is longer than the {_LONGEST} bytes of a password")
    return found


def _asked(what: str, variable: str, *, twice: bool) -> bytes:
    if not sys.stdin.isatty():
        raise CommandRefused(f"{what} needs a password: give --password-file, set {variable}, or run it in a terminal")
    first = getpass.getpass(f"Password of {what}: ")
    if twice and getpass.getpass("Once more: ") != first:
        raise CommandRefused("the two passwords differ")
    return os.fsencode(first)
