"""The AWS CLI: a command, hence a process, for each call."""

import subprocess
import sys
from pathlib import Path

from loop import BUCKET, forever

AWS = str(Path(sys.executable).with_name("aws"))


def run(*command: str) -> None:
    """Run one command; what it says on failure becomes the error."""
    done = subprocess.run([AWS, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)


forever(
    {
        "sts": lambda: run("sts", "get-caller-identity"),
        "s3": lambda: run("s3api", "list-objects-v2", "--bucket", BUCKET),
    }
)
