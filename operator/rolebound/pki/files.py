"""The files of a small PKI, under the names that AWS's walk-through gives them.

Everything is for its owner alone (0600), appears whole or not at all, and replaces nothing that it was not told to
replace.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rolebound.errors import CommandRefused, Error

ROOT_CERTIFICATE: Final = "root-cert.pem"
ROOT_KEY: Final = "root-key.pem"
CLIENT_CERTIFICATE: Final = "client-cert.pem"
CLIENT_KEY: Final = "client-key.pem"
OLD: Final = ".old"
"""What `replace` appends to the name of a file that it replaces."""
# A bundle of five certificates with the longest keys is a tenth of this; a device file has no end.
_LARGEST: Final = 1 << 20


def read(path: Path, missing: type[Error] = CommandRefused, unfit: type[Error] = CommandRefused) -> bytes:
    """Return what is in a file; raises `missing` where it cannot be read, and `unfit` where it is too long."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise missing(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise missing(f"{str(path)!r} is no file name") from None
    if len(content) > _LARGEST:
        raise unfit(f"{path} is longer than any certificate or key")
    return content


def check_absent(*paths: Path) -> None:
    """Raise CommandRefused where one of the files is there already."""
    there = [str(path) for path in paths if os.path.lexists(path)]
    if there:
        raise CommandRefused(f"{' and '.join(there)} would be overwritten; choose another --dir, or say --force")


def write(contents: Mapping[Path, bytes], *, force: bool) -> None:
    """Write the files, and their folder; CommandRefused where that fails or, without `force`, one is there already."""
    if not force:
        check_absent(*contents)
    try:
        for path, content in contents.items():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _place(path, content, force=force)
    except FileExistsError as error:
        if error.filename2 is None:  # of the folder; a link has two names
            raise CommandRefused(f"{error.filename} is no folder; choose another --dir") from None
        raise CommandRefused(f"{error.filename2} appeared meanwhile, and was left alone") from None
    except OSError as error:
        raise CommandRefused(f"cannot write {error.filename}: {error.strerror}") from None


def replace(contents: Mapping[Path, bytes]) -> None:
    """Write the files in the place of what they replace, which stays beside them with `OLD` at the end of its name."""
    try:
        for path in contents:
            old = path.with_name(path.name + OLD)
            old.unlink(missing_ok=True)
            if path.exists():
                os.link(path, old)
    except OSError as error:
        raise CommandRefused(f"cannot keep {error.filename} as it was: {error.strerror}") from None
    write(contents, force=True)


def _place(path: Path, content: bytes, *, force: bool) -> None:
    number, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, 0o600)  # as it was made, unless an umask took that from its owner too
            file.write(content)
            file.flush()
            os.fsync(number)
        if force:
            Path(temporary).replace(path)
        else:
            os.link(temporary, path)  # unlike a rename, this fails where something is there
    finally:
        Path(temporary).unlink(missing_ok=True)
