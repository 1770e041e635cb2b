"""How a command ends: its errors become one line on standard error and an exit status, never a traceback."""

import sys
import warnings
from collections.abc import Callable

from rolebound.errors import CommandRefused, Error, SettingsError


def say(message: str) -> None:
    """Tell the user, where it does not get into what a program reads."""
    print(f"rolebound: {message}", file=sys.stderr, flush=True)


def status_of(work: Callable[[], int | None]) -> int:
    """Run `work` and return the exit status that it gives, or 0.

    An error is one line and 1, or 2 where a setting is wrong; 130 is for who interrupts it.
    """
    warnings.simplefilter("ignore")  # of libraries; some SDKs take what is on standard error for credentials
    try:
        return work() or 0
    except SettingsError as error:
        say(str(error))
        return 2
    except CommandRefused as error:
        say(str(error))
        return 1
    except Error as error:
        say(f"{error.reason}: {error}")
        return 1
    except BrokenPipeError:  # whoever read the output has gone
        return 1
    except KeyboardInterrupt:
        return 130
