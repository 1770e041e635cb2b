"""A cluster's folder, which goes with its owner.

An owner that is killed cannot take its folder away, so the next one does. Who owns a folder holds a lock in it, which
the kernel lets go however the owner ends; a folder without that file is still being made, or somebody else's.
"""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from testbed.processes import remove_tree

_PREFIX: Final = "rolebound-testbed-"
_OWNER: Final = "owner.lock"


@contextmanager
def owned_folder() -> Iterator[Path]:
    """Yield a new folder, and remove it at the end together with those whose owners were killed."""
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    with (folder / f".{_OWNER}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path(lock.name).rename(folder / _OWNER)  # under this name it is locked from the start
        try:
            yield folder
        finally:
            remove_tree(folder)


def _remove_abandoned() -> None:
    for owner in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_OWNER}"):
        try:
            with owner.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(owner.parent)
        except OSError:
            continue  # it is in use, another user's, or just gone
