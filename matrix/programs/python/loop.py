"""Makes a program's calls, one after the other, until the program is ended, and prints a line for each.

A line is the call's name and `ok`, or `error` and what the SDK said.
"""

import os
import time
from collections.abc import Callable

BUCKET = os.environ["MATRIX_BUCKET"]
ENDPOINT_URL = os.environ["AWS_ENDPOINT_URL"]
PAUSE = float(os.environ["MATRIX_PAUSE"])


def forever(calls: dict[str, Callable[[], object]]) -> None:
    """Make the calls in turn."""
    while True:
        for name, call in calls.items():
            try:
                call()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what this program is asked about
                failed(name, error)
            else:
                print(name, "ok", flush=True)
            time.sleep(PAUSE)


def failed(name: str, error: Exception) -> None:
    """Print that a call failed."""
    print(name, "error", type(error).__name__, " ".join(str(error).split()), flush=True)
