"""The password, typed at a terminal: asked for twice when it is new, and never shown."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.operator import ROOT

PASSWORD = b"correct horse"


@contextmanager
def terminal(folder: Path, *arguments: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The command at a terminal, and the terminal's other end."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "rolebound", "pki", *arguments]
    variables = {"PYTHONPATH": str(ROOT / "operator"), "TERM": "dumb"}
    process = subprocess.Popen(
        command, cwd=folder, env=variables, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        yield ours, process
        process.wait(30)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(descriptor: int, prompt: bytes) -> bytes:
    """What the terminal shows up to and with `prompt`."""
    shown = b""
    while prompt not in shown:
        part = os.read(descriptor, 1024)
        assert part, shown
        shown += part
    return shown


def typed(descriptor: int, *answers: bytes) -> bytes:
    """What is shown while an answer is typed at the first prompt, and another at the second."""
    shown = b""
    for prompt, answer in zip((b"Password of the CA's key: ", b"Once more: "), answers, strict=False):
        shown += read_until(descriptor, prompt)
        os.write(descriptor, answer + b"\n")
    return shown


def test_a_new_password_is_asked_for_twice_and_never_shown(tmp_path: Path) -> None:
    with terminal(tmp_path, "init") as (descriptor, process):
        shown = typed(descriptor, PASSWORD, PASSWORD) + read_until(descriptor, b"root-key.pem")
    assert process.returncode == 0
    assert PASSWORD not in shown

    with terminal(tmp_path, "issue", "--subject", "web") as (descriptor, process):
        shown = typed(descriptor, PASSWORD) + read_until(descriptor, b"client-key.pem")
    assert process.returncode == 0
    assert PASSWORD not in shown


def test_two_different_passwords_make_no_ca(tmp_path: Path) -> None:
    with terminal(tmp_path, "init") as (descriptor, process):
        typed(descriptor, PASSWORD, b"correct house")
        read_until(descriptor, b"the two passwords differ")

    assert process.returncode == 1
    assert list(tmp_path.iterdir()) == []
