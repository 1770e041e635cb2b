"""How a command ends: its errors become one line on standard error and an exit status, never a traceback."""

import os
import sys
from collections.abc import Callable

from rolebound.errors import CommandRefused, Error


def status_of(command: Callable[[], None]) -> int:
    """Run `command`; return 0, or 1 after saying on standard error what is wrong, or 130 where it was interrupted."""
    try:
        command()
        sys.stdout.flush()  # so that a reader who has gone is met here
    except CommandRefused as error:
        print(f"rolebound: {error}", file=sys.stderr)
        return 1
    except Error as error:
        print(f"rolebound: {error.reason}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
