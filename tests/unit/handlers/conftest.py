import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolebound.handlers.serving import AdmissionServer

PROCESS = """
import asyncio, resource, sys
from pathlib import Path
from rolebound.handlers.serving import AdmissionServer
from tests.unit.handlers.test_serving import certificate, serving

async def peak(request, **_):
    await asyncio.sleep(0.01)
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}

async def main():
    server, served = AdmissionServer(0, "127.0.0.1"), certificate()
    server.present(served)
    async with serving(server, peak) as url:
        Path(sys.argv[1]).write_text(served.authorities[0])
        print(url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def server() -> AdmissionServer:
    return AdmissionServer(0, "127.0.0.1", drain_for=0.1)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server in a process of its own, whose memory is not ours: its URL, and the authority to trust."""
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "ca.pem")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={"PYTHONPATH": "operator:."}, text=True) as running:
        assert running.stdout is not None
        url = next(line for line in running.stdout if line.startswith("https://"))  # among what it logs
        yield url.strip(), (tmp_path / "ca.pem").read_text()
        running.kill()
