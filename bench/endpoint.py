"""The sidecar: memory after 1,000 requests from 20 connections, and how fast it answers.

With root it runs from the operator's own image, unpacked and chrooted into, as a pod would have it; else from this
interpreter, and the table says so. The clients share the machine with it, so its own CPU time is the steadier number.
"""

import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Final

from bench.pods import Usage
from testbed import images
from testbed.processes import free_port, wait_until

_REQUESTS: Final = 1000
_CONNECTIONS: Final = 20
_RSS_GOAL: Final = 20  # MiB
_TOKEN: Final = "t" * 1200  # as long as a ServiceAccount's
_FILES: Final = "run/endpoint"


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = _root(Path(folder))
        where = "the operator's image" if root else "this interpreter, as there is no root to chroot with"
        print(f"\nThe endpoint sidecar, from {where}: {_REQUESTS} requests, {_CONNECTIONS} connections\n", flush=True)
        with _running(Path(folder), root) as (process, port, started_in):
            idle = Usage.of(process.pid)
            kept, kept_seconds = _measured(port, _on_one_connection)
            after = Usage.of(process.pid)
            fresh, fresh_seconds = _measured(port, _on_new_connections)
    met = "met" if after.rss <= _RSS_GOAL else "NOT met"
    rows = [
        ("start to first answer", f"{started_in:.0f} ms", ""),
        ("memory (RSS), idle", f"{idle.rss:.1f} MiB", ""),
        ("memory (RSS) after", f"{after.rss:.1f} MiB", f"goal {_RSS_GOAL} MiB: {met}"),
        ("CPU per request", f"{1000 * (after.cpu - idle.cpu) / _REQUESTS:.2f} ms", ""),
        ("kept connections: a second", f"{_REQUESTS / kept_seconds:.0f}", ""),
        ("kept connections: p50, p99", _cuts(kept), ""),
        ("new connections: a second", f"{_REQUESTS / fresh_seconds:.0f}", ""),
        ("new connections: p50, p99", _cuts(fresh), ""),
    ]
    for what, value, verdict in rows:
        print(f"  {what:<30}{value:>18}   {verdict}".rstrip())


def _root(folder: Path) -> Path | None:
    """Return a root file system made of the image, or None where nobody may chroot."""
    if os.geteuid() != 0:
        return None
    root = folder / "root"
    with tarfile.open(images.operator()) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        for layer in json.load(manifest)[0]["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(layer)) as files:
                files.extractall(root, filter="fully_trusted")  # noqa: S202 - our own image
    return root


@contextmanager
def _running(folder: Path, root: Path | None) -> Iterator[tuple["subprocess.Popen[bytes]", int, float]]:
    """The sidecar, its port, and the milliseconds until its first answer."""
    files = (root or folder) / _FILES
    files.mkdir(parents=True)
    document = {"Version": 1, "AccessKeyId": "ASIA", "SecretAccessKey": "s" * 40, "SessionToken": "t" * 900}
    (files / "credentials.json").write_text(json.dumps(document | {"Expiration": "2999-01-01T00:00:00Z"}))
    (files / "token").write_text(_TOKEN)
    seen = Path("/", _FILES) if root else files
    port = free_port()
    options = ["--file", str(seen / "credentials.json"), "--token-file", str(seen / "token"), "--port", str(port)]
    program = ["chroot", str(root), "/opt/rolebound/bin/rolebound"] if root else [sys.executable, "-m", "rolebound"]
    started = time.monotonic()
    process = subprocess.Popen([*program, "endpoint", *options], stderr=subprocess.DEVNULL)
    try:
        wait_until("the sidecar", lambda: _answers(process, port), 30, every=0.005)
        yield process, port, 1000 * (time.monotonic() - started)
    finally:
        process.kill()
        process.wait()


def _answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    assert process.poll() is None, "the sidecar has ended"
    try:
        with _connect(port) as connection:
            _ask(connection)
    except OSError:
        return False
    return True


def _measured(port: int, ask: Callable[[int, int], list[float]]) -> tuple[list[float], float]:
    """Return what each request took in milliseconds, and all of them in seconds."""
    each = _REQUESTS // _CONNECTIONS
    started = time.monotonic()
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        took = [took for client in pool.map(lambda _: ask(port, each), range(_CONNECTIONS)) for took in client]
    return took, time.monotonic() - started


def _on_one_connection(port: int, requests: int) -> list[float]:
    with _connect(port) as connection:
        return [_timed(lambda: _ask(connection)) for _ in range(requests)]


def _on_new_connections(port: int, requests: int) -> list[float]:
    def connect_and_ask() -> None:
        with _connect(port) as connection:
            _ask(connection)

    return [_timed(connect_and_ask) for _ in range(requests)]


def _timed(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return 1000 * (time.monotonic() - started)


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def _ask(connection: socket.socket) -> None:
    request = f"GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {_TOKEN}\r\n\r\n"
    connection.sendall(request.encode())
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]
    assert answer.endswith(b"}"), "an answer that came in pieces"


def _cuts(took: list[float]) -> str:
    cuts = quantiles(took, n=100)
    return f"{cuts[49]:.1f} ms, {cuts[98]:.1f} ms"
