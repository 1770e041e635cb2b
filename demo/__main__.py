"""`python -m demo`; with KEEP=1 in the environment everything is left running, and how to stop it is printed."""

import os
import signal
import sys
from collections.abc import Callable

from demo import keep
from demo.stage import Stage, raised
from demo.story import play
from demo.terminal import DemoFailed, fail


def main() -> int:
    """Play the demo; returns the exit status."""
    if pid := keep.running():
        fail(f"an earlier one was kept and still runs; stop it with: kill {pid}")
        return 1
    if os.environ.get("KEEP", "0") in {"", "0"}:
        return _played(lambda _: None)
    return keep.in_background(lambda done: _played(lambda stage: keep.until_told(stage, done)))


def _played(afterwards: Callable[[Stage], None]) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whatever ends the demo ends the cluster with it
    try:
        with raised() as stage:
            play(stage)
            issued = stage.sessions_issued()
            print(f"\nDone in {stage.terminal.elapsed:.0f} s, with {issued} CreateSession calls.", flush=True)
            afterwards(stage)
    except (DemoFailed, RuntimeError, TimeoutError) as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


sys.exit(main())
