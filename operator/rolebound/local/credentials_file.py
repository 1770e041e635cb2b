"""The AWS credentials file on disk: one writer at a time, and a reader sees the old file or the new one.

Whatever interrupts a write leaves one of the two whole. Permissions, owner and a symbolic link stay as they are.
"""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from fcntl import LOCK_EX, flock
from pathlib import Path
from tempfile import mkstemp

from rolebound.errors import SettingsError
from rolebound.local.profile_text import with_profile
from rolebound.local.values import user_path
from rolebound.model.session import Session


def credentials_file(environ: Mapping[str, str]) -> Path:
    """Return the file that SDKs read: `AWS_SHARED_CREDENTIALS_FILE`, or `~/.aws/credentials`.

    SettingsError where there is no home directory and nothing else was said.
    """
    path = user_path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials")
    if str(path).startswith("~"):
        raise SettingsError(f"there is no home directory for {path}; set HOME or AWS_SHARED_CREDENTIALS_FILE")
    return path


def write_profile(path: Path, profile: str, session: Session) -> None:
    """Give `profile` in `path` the session's keys; SettingsError where it is no file that can be read and written."""
    keys = session.credentials
    settings = {
        "aws_access_key_id": keys.access_key_id,
        "aws_secret_access_key": keys.secret_access_key,
        "aws_session_token": keys.session_token,
    }
    try:
        real = Path(os.path.realpath(path))
        if real.exists() and not real.is_file():  # a device would be replaced by a file, and a pipe waits for ever
            raise SettingsError(f"{path} is no file; set AWS_SHARED_CREDENTIALS_FILE to another")
        real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(real.with_name(f".{real.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            flock(lock, LOCK_EX)
            _replace(real, with_profile(_text(real), profile, settings))
        finally:
            os.close(lock)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from None


def _text(path: Path) -> str:
    # Bytes that are no UTF-8 stay what they are, too.
    with suppress(FileNotFoundError), path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()
    return ""


def _replace(path: Path, text: str) -> None:
    descriptor, temporary = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            _keep_owner_and_mode(path, file.fileno())
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _keep_owner_and_mode(path: Path, descriptor: int) -> None:
    try:
        old = path.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, 0o600)  # as it was made, unless an umask took that from its owner too
        return
    if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
