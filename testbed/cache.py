"""Where built things live between runs: outside the tree, found again by every clone, safe against a parallel set-up.

A file appears under its final name only when it is whole, so an interrupted set-up leaves nothing half done.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.progress import say


def root() -> Path:
    """Return the cache folder: $ROLEBOUND_CACHE, or `rolebound` in the user's cache folder."""
    chosen = os.environ.get("ROLEBOUND_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rolebound"


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock `name` of this machine's user; wait for whoever holds it, and say so."""
    folder = root() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that holds {name!r}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which takes its place when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
