"""The sidecar as a process that may not open much."""

import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.mounted import TOKEN, Mounted

# Standard streams, selector, listener and the alarm's two ends: nothing is left for a connection or a file.
FULL = 7
GET = f"GET /v1/credentials HTTP/1.1\r\nHost: localhost\r\nAuthorization: {TOKEN}\r\n\r\n".encode()


@pytest.fixture
def mounted(tmp_path: Path) -> Mounted:
    made = Mounted(tmp_path)
    made.token()
    made.credentials()
    return made


@contextmanager
def connections(mounted: Mounted, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that say nothing."""
    with ExitStack() as held:
        yield [held.enter_context(connect(mounted)) for _ in range(count)]


def connect(mounted: Mounted) -> socket.socket:
    return socket.create_connection(("127.0.0.1", mounted.port), timeout=15)


def used(process: "subprocess.Popen[str]") -> float:
    """Seconds of CPU time of a process that has ended, or runs: as ps tells them, user and system."""
    ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def test_connections_leave_room_for_the_files(mounted: Mounted) -> None:
    with mounted.running(descriptors=40) as process, connections(mounted, 200):
        mounted.credentials("ASIA2")

        status, document = mounted.get()

        assert (status, document["AccessKeyId"]) == (200, "ASIA2")
        assert process.poll() is None


def test_one_connection_at_a_time_is_enough_where_there_is_room_for_no_more(mounted: Mounted) -> None:
    with mounted.running(descriptors=FULL + 1) as process, connections(mounted, 5):
        for _ in range(3):
            assert mounted.get()[0] == 200  # by what was read at the start: there is nothing left to open a file with
        assert process.poll() is None


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit and /proc, hence Linux")
def test_connections_that_cannot_be_taken_wait_and_cost_nothing(mounted: Mounted) -> None:
    with mounted.running() as process, connections(mounted, 1) as [open_before]:
        open_before.sendall(GET)
        assert open_before.recv(65536).startswith(b"HTTP/1.1 200 ")
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, 1024))
        with connect(mounted) as waiting:
            waiting.sendall(GET)
            before = used(process)
            time.sleep(2)
            spent = used(process) - before

            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (1024, 1024))

            assert waiting.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert spent < 0.5
        assert process.poll() is None
        process.terminate()
        assert process.wait(15) == 0
