"""Sessions kept between calls of one command, so that a program that starts often asks AWS seldom.

An entry is found by how the command was called, and is good while every file that it was made from is as it was then;
so a command whose session is cached need not even read its flags. Entries are the user's alone (0600 in a directory
with 0700), and what somebody else could have written is not believed. Importing this must stay cheap: no dataclasses,
no JSON, no `typing`, nor whatever imports them.
"""

import os

try:
    # hashlib loads OpenSSL, which takes longer than all else that is done here; Python's own `random` does the same.
    from _blake2 import blake2b
except ImportError:  # a Python that was built to have OpenSSL's hashes only
    from hashlib import blake2b

_FORM = "rolebound cache 1"
# What shapes a session or who is asked for it, beside the command line; how AWS is reached is not part of it.
_VARIABLES = (
    "AWS_CONFIG_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ROLESANYWHERE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "HOME",
    "XDG_CONFIG_HOME",
)
_PRIVATE = 0o077


class Entry:
    """What a command printed, until when that is good, and what it was made from. Times are seconds since the epoch."""

    __slots__ = ("expires_at", "files", "output", "renew_at")

    def __init__(self, output: str, renew_at: float, expires_at: float, files: list[str]) -> None:
        self.output = output
        self.renew_at = renew_at
        """From then on a new session is asked for; this one serves where there is none."""
        self.expires_at = expires_at
        self.files = files
        """The fingerprints of its files, taken before they were read."""


def key_of(command: list[str], environ: dict[str, str]) -> str:
    """Return the name of the entry for a command called like this."""
    said = [f"{name}={value}" for name, value in sorted(environ.items()) if name.startswith("ROLEBOUND_")]
    said += [f"{name}={environ.get(name, '')}" for name in _VARIABLES]
    whole = "\0".join([_FORM, *command, "", *said]).encode(errors="surrogateescape")
    return blake2b(whole, digest_size=32).hexdigest()


def directory(environ: dict[str, str]) -> str:
    """Return where entries are kept: `$XDG_CACHE_HOME/rolebound`, or in `~/.cache`; "" where there is no home."""
    home = environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return "" if home.startswith("~") else os.path.join(home, "rolebound")


def read(folder: str, key: str, now: float) -> Entry | None:
    """Return the entry if it has not expired and its files are as they were; None for whatever cannot be believed."""
    try:
        with open(os.path.join(folder, key), encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & _PRIVATE:
                return None
            form, times, count, *rest = file.read().split("\n")
        renew_at, expires_at = map(float, times.split())
        files, output = rest[: int(count)], rest[int(count) :]
        unchanged = all(line == fingerprint(line.partition(" ")[2]) for line in files)
    except (OSError, ValueError):
        return None
    if form != _FORM or not unchanged or not now < expires_at or len(output) != 1:
        return None
    return Entry(output[0], renew_at, expires_at, files)


def write(folder: str, key: str, entry: Entry) -> None:
    """Keep `entry`; OSError where that cannot be done. A reader sees the old one or the new one."""
    lines = [_FORM, f"{entry.renew_at} {entry.expires_at}", str(len(entry.files)), *entry.files]
    temporary = os.path.join(folder, f"{key}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join((*lines, entry.output)))
    os.replace(temporary, os.path.join(folder, key))


class Lock:
    """Holds an entry against other processes, and makes the directory.

    It tells whether it holds it: there need not be anywhere to keep one, as in a container without a home.
    """

    def __init__(self, folder: str, key: str) -> None:
        self._folder = folder
        self._path = os.path.join(folder, f"{key}.lock")
        self._descriptor = -1

    def __enter__(self) -> bool:
        from fcntl import LOCK_EX, flock  # noqa: PLC0415 - who finds an entry needs no lock

        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)  # fails for "", as it must
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            flock(self._descriptor, LOCK_EX)
        except OSError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def fingerprint(path: str) -> str:
    """Return a line that is another one once the file is: which file it is, its size, and its times of change."""
    try:
        status = os.stat(path)
    except OSError:
        return f"- {path}"
    parts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return f"{':'.join(map(str, parts))} {path}"
