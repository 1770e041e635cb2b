"""`rolebound credential-process`: what an SDK's `credential_process` runs.

SDKs run it often, and for each command of the AWS CLI; so what is cached is printed before anything slow is imported:
no flags are parsed, and neither botocore nor cryptography is loaded.
"""

import os
import sys

from rolebound import clock
from rolebound.local import cache

NAME = "credential-process"
_DESCRIPTION = (
    "Print temporary credentials as JSON, as the AWS configuration's credential_process wants them. "
    "They are kept in the user's cache, so that AWS is asked once for each session."
)


def main(arguments: list[str]) -> int:
    """Print credentials; returns the exit status: 0, 1 where there are none, 2 where a setting is wrong."""
    environ, now = dict(os.environ), clock.now().timestamp()
    command = [NAME, *arguments]
    held = cache.read(cache.directory(environ), cache.key_of(command, environ), now)
    if held and now < held.renew_at:
        sys.stdout.write(held.output + "\n")
        return 0
    from rolebound.cli import session_flags  # noqa: PLC0415 - see above
    from rolebound.local.flags import CACHED_FLAGS  # noqa: PLC0415

    def work() -> int:
        values = session_flags.values_of(NAME, _DESCRIPTION, CACHED_FLAGS, arguments)
        from rolebound.cli.cached import output_of  # noqa: PLC0415 - slow, and a wrong flag is told without it

        print(output_of(values, command))
        return 0

    return session_flags.ended(work)
