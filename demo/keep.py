"""KEEP=1: the story is played by a process of the background, which stays, so the cluster's parts outlive the command.

Everything that the demo starts dies with the process that started it; that process therefore has to be the one that
stays.
"""

import fcntl
import os
import signal
from collections.abc import Callable
from typing import Final

from demo.stage import FOLDER, Stage
from testbed.processes import until_stopped

_PID: Final = FOLDER / "pid"


def running() -> str | None:
    """Return the process of a demo that was kept, or None."""
    try:
        with _PID.open() as file:  # its process holds the lock for as long as it lives, however it ends
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _PID.read_text()
    return None


def in_background(play: Callable[[Callable[[], None]], int]) -> int:
    """Run `play` in a process that survives this one; return when it says that it is done, or its exit status."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setsid()

        def done() -> None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            os.write(writing, b"done")
            os.close(writing)

        os._exit(play(done))
    os.close(writing)
    try:
        if os.read(reading, 4):
            return 0
    except KeyboardInterrupt:
        os.kill(child, signal.SIGINT)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def until_told(stage: Stage, done: Callable[[], None]) -> None:
    """Print how to use what runs and how to stop it, then wait for SIGTERM."""
    names = ("KUBECONFIG", "PATH", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION")
    lines = [f"export {name}='{stage.terminal.variables[name]}'\n" for name in (*names, "AWS_DEFAULT_REGION")]
    (FOLDER / "environment").write_text("".join(lines))
    with _PID.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(str(os.getpid()))
        file.flush()
        _say_how(stage)
        done()
        until_stopped()
    _PID.unlink(missing_ok=True)


def _say_how(stage: Stage) -> None:
    print(
        "\nAll of it is left running. To use it, as the cluster's and the stand-in's administrator:\n\n"
        "  . .demo/environment\n"
        "  kubectl get rolebound -A\n"
        f"  {stage.in_application('aws sts get-caller-identity')}\n\n"
        f"To stop it:\n\n  kill $(cat .demo/pid)\n",
        flush=True,
    )
