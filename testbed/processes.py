"""Child processes that die with their parent and write to a log each."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from threading import Event
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(slots=True)
class Process:
    """One running program."""

    name: str
    log: Path
    popen: subprocess.Popen[bytes]

    def check(self) -> None:
        """Raise RuntimeError with the end of its log where it has ended."""
        if self.popen.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.popen.returncode}:\n{tail(self.log)}")

    def stop(self, patience: float = 15.0) -> None:
        """End it and wait until it is gone, gently first."""
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it at once."""
        self.popen.kill()
        self.popen.wait()


def start(
    name: str, command: Sequence[str | Path], logs: Path, environment: Mapping[str, str] | None = None
) -> Process:
    """Start `command` with its output in `logs`; the kernel kills it when the calling thread ends, however it ends."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("ab") as output:
        popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            preexec_fn=_die_with_parent if _LIBC else None,  # noqa: PLW1509 - only prctl is called
        )
    return Process(name, log, popen)


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def tail(log: Path, lines: int = 30) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def own_address() -> str:
    """Return this machine's IPv4 address towards others; a Service cannot lead to loopback."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))  # RFC 5737's; nothing is sent, only the route is chosen
        address: str = probe.getsockname()[0]
        return address


def wait_until(what: str, condition: Callable[[], bool], seconds: float, every: float = 0.1) -> None:
    """Return when `condition` holds; TimeoutError names `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)


def until_stopped() -> None:
    """Return when this process is told to stop, by SIGTERM or Ctrl-C; call it from the main thread."""
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


def answers(url: str) -> bool:
    """Whether a plain HTTP GET of `url` succeeds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own loopback server
            return bool(response.status < HTTPStatus.MULTIPLE_CHOICES)
    except (urllib.error.URLError, OSError):
        return False


def remove_tree(path: Path) -> None:
    """Remove a folder and what is mounted below it."""
    mounts = Path("/proc/self/mounts")
    if mounts.exists():
        points = [line.split()[1] for line in mounts.read_text().splitlines()]
        for point in sorted((point for point in points if point.startswith(f"{path}/")), reverse=True):
            subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)
    shutil.rmtree(path, ignore_errors=True)
