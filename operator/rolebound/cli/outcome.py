"""How a command ends: its errors become one line on standard error and an exit status, never a traceback."""

import sys
from collections.abc import Callable

from rolebound.errors import Error


def status_of(command: Callable[[], None]) -> int:
    """Run `command`; return 0, or 1 after saying on standard error what is wrong, or 130 where it was interrupted."""
    try:
        command()
    except Error as error:
        print(f"rolebound: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has enough; nothing more can be told
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
