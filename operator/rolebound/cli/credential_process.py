"""`rolebound credential-process`: what an SDK's `credential_process` runs.

SDKs run it often, and for each command of the AWS CLI; so what is cached is printed before anything slow is imported:
no flags are parsed, and neither botocore nor cryptography is loaded.
"""

import os
import time

from rolebound.local import cache

NAME = "credential-process"
_DESCRIPTION = (
    "Print temporary credentials as JSON, as the AWS configuration's credential_process wants them. "
    "They are kept in the user's cache, so that AWS is asked once for each session."
)
_NOTHING_TO_KEEP = frozenset(("-h", "--help", "--no-cache"))


def main(arguments: list[str]) -> int:
    """Print credentials; returns the exit status: 0, 1 where there are none, 2 where a setting is wrong."""
    if _NOTHING_TO_KEEP.intersection(arguments):
        return _ask(arguments, "")
    environ = dict(os.environ)
    folder, key = cache.directory(environ), cache.key_of([NAME, *arguments], environ)
    if _printed(folder, key):
        return 0
    # Who has to wait for another process waits here, before anything slow, and then finds what that one got.
    with cache.Lock(folder, key) as is_locked:
        if is_locked and _printed(folder, key):
            return 0
        return _ask(arguments, key if is_locked else "")


def _printed(folder: str, key: str) -> bool:
    """Print what is cached, if that is good enough, and tell."""
    now = time.time()  # noqa: TID251 - the clock's datetime takes longer to import than all that is done here
    held = cache.read(folder, key, now)
    if held is None or now >= held.renew_at:
        return False
    print(held.output)
    return True


def _ask(arguments: list[str], key: str) -> int:
    from rolebound.cli import session_flags  # noqa: PLC0415 - slow
    from rolebound.cli.outcome import status_of  # noqa: PLC0415 - slow
    from rolebound.local.flags import CACHED_FLAGS  # noqa: PLC0415 - slow

    def work() -> int:
        values = session_flags.values_of(NAME, _DESCRIPTION, CACHED_FLAGS, arguments)
        from rolebound.cli.cached import locked_output_of  # noqa: PLC0415 - slow, and a wrong flag is told without it

        print(locked_output_of(values, key))
        return 0

    return status_of(work)
