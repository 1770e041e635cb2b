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
COMMAND = [sys.executable, "-m", "rolebound", "pki"]
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "operator"), "TERM": "dumb"}


@contextmanager
def terminal(
    folder: Path, *arguments: str, before: tuple[str, ...] = ()
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The command at a terminal, and the terminal's other end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", *before, *COMMAND, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
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


def test_password_is_not_taken_from_what_is_piped_in(tmp_path: Path) -> None:
    with terminal(tmp_path, "init") as (descriptor, process):
        typed(descriptor, PASSWORD, PASSWORD)
    assert process.returncode == 0

    piped = ("sh", "-c", 'echo wrong | "$@"', "sh")
    with terminal(tmp_path, "issue", "--subject", "web", before=piped) as (descriptor, process):
        typed(descriptor, PASSWORD)
        read_until(descriptor, b"client-key.pem")

    assert process.returncode == 0


def test_without_a_terminal_it_says_how_else_to_give_a_password(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "init"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        input="correct horse\n" * 2,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )

    assert done.returncode == 1
    assert "--password-file, set ROLEBOUND_CA_PASSWORD" in done.stderr
    assert list(tmp_path.iterdir()) == []
