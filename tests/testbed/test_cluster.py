"""A control plane without a node: it works, and whatever ends it, nothing of it is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.cluster import Cluster
from testbed.workdir import owned_folder

pytestmark = pytest.mark.controlplane

ROOT = Path(__file__).parents[2]
COMPONENTS = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
OWNER = """
import time
from testbed.cluster import Cluster
from testbed.workdir import owned_folder
with Cluster.start(with_node=False) as cluster:
    print(cluster.workdir, flush=True)
    time.sleep(300)
"""


def processes_of(workdir: Path) -> set[str]:
    """The programs that run with a file of `workdir` among their arguments."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = entry.read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        if any(str(workdir).encode() in each for each in arguments):
            found.add(Path(os.fsdecode(arguments[0])).name)
    return found


def wait_for_nothing(workdir: Path) -> None:
    deadline = time.monotonic() + 10
    while (left := processes_of(workdir)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == set()


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = subprocess.Popen([sys.executable, "-c", OWNER], env=environment, text=True, stdout=subprocess.PIPE)
    yield running
    running.kill()
    running.communicate()


def workdir_of(owner: subprocess.Popen[str]) -> Path:
    assert owner.stdout is not None
    workdir = Path(owner.stdout.readline().strip())
    assert processes_of(workdir) == COMPONENTS
    return workdir


def test_cluster_takes_objects_and_leaves_nothing() -> None:
    with Cluster.start(with_node=False) as cluster:
        workdir = cluster.workdir
        cluster.kubectl("create", "configmap", "a", "--from-literal=b=c")
        answer = cluster.kubectl("get", "configmap", "a", "-o", "jsonpath={.data.b}").stdout

        assert answer == "c"
        assert not cluster.has_node
        assert cluster.host_address == "127.0.0.1"
        assert processes_of(workdir) == COMPONENTS

    wait_for_nothing(workdir)
    assert not workdir.exists()


def test_interrupted_owner_leaves_nothing(owner: subprocess.Popen[str]) -> None:
    workdir = workdir_of(owner)

    owner.send_signal(signal.SIGINT)
    owner.wait(30)

    wait_for_nothing(workdir)
    assert not workdir.exists()


def test_killed_owner_leaves_no_process_and_a_folder_only_until_the_next_start(owner: subprocess.Popen[str]) -> None:
    workdir = workdir_of(owner)
    owner.kill()
    owner.wait()
    wait_for_nothing(workdir)

    with Cluster.start(with_node=False) as following:
        assert not workdir.exists()
        assert following.workdir.exists()


def test_folder_in_use_is_not_taken_away() -> None:
    with owned_folder() as in_use, owned_folder():
        assert in_use.exists()

    assert not in_use.exists()
