"""A password from where the person keeps it: a file, a variable, or their memory."""

import os
from pathlib import Path
from typing import Final

from rolebound.errors import CommandRefused
from rolebound.local.passwords import first_line, typed
from rolebound.pki import files

_LONGEST: Final = 1023  # what the library that encrypts with it takes


def password(file: Path | None, variable: str, what: str, *, twice: bool = False) -> bytes:
    """Return the password in `file`, else in the environment's `variable`, else the one typed at the prompt.

    `twice` asks a second time, for one that is new. CommandRefused where it is empty, or where nobody is there to ask.
    """
    if file is not None:
        found, place = first_line(files.read(file)), str(file)
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
    try:
        first = typed(f"Password of {what}: ")
        if twice and typed("Once more: ") != first:
            raise CommandRefused("the two passwords differ")
    except OSError:
        raise CommandRefused(
            f"{what} needs a password: give --password-file, set {variable}, or run it in a terminal"
        ) from None
    return first
