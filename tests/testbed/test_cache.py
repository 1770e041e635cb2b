"""The cache: whole or not there at all, and one set-up at a time."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testbed import cache

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLEBOUND_CACHE", str(tmp_path))
    return tmp_path


def run_python(code: str) -> subprocess.Popen[str]:
    """Another process with the same cache."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def interrupted(target: Path) -> None:
    """A set-up that fails in the middle."""
    with cache.whole(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError("interrupted")


def test_file_appears_when_the_block_succeeds(own_cache: Path) -> None:
    target = own_cache / "bin" / "tool"

    with cache.whole(target) as temporary:
        temporary.write_text("built")
        assert not target.exists()

    assert target.read_text() == "built"
    assert list(target.parent.iterdir()) == [target]


def test_failure_leaves_nothing_half_done(own_cache: Path) -> None:
    target = own_cache / "bin" / "tool"

    with pytest.raises(RuntimeError, match="interrupted"):
        interrupted(target)

    assert list(target.parent.iterdir()) == []


def test_failure_leaves_what_was_there_before(own_cache: Path) -> None:
    target = own_cache / "tool"
    target.write_text("old")

    with pytest.raises(RuntimeError, match="interrupted"):
        interrupted(target)

    assert target.read_text() == "old"


def test_killed_set_up_leaves_nothing_under_the_final_name(own_cache: Path) -> None:
    target = own_cache / "tool"
    code = f"""
import os, pathlib
from testbed import cache
with cache.whole(pathlib.Path({str(target)!r})) as temporary:
    temporary.write_text("half")
    os._exit(9)
"""

    killed = run_python(code)
    killed.communicate(timeout=20)

    assert killed.returncode == 9
    assert not target.exists()


HOLDER = """
import sys
from testbed import cache
with cache.locked("binaries"):
    print("held", flush=True)
    sys.stdin.read() if {wait} else None
"""


def test_second_set_up_waits_and_says_for_what() -> None:
    with cache.locked("binaries"):
        other = run_python(HOLDER.format(wait=False))
        assert other.stderr is not None
        assert "waiting for another run that holds 'binaries'" in other.stderr.readline()
        time.sleep(0.1)
        assert other.poll() is None

    said, _ = other.communicate(timeout=20)
    assert said == "held\n"


def test_lock_of_a_killed_holder_is_free() -> None:
    code = HOLDER.format(wait=True).replace("sys.stdin.read()", "__import__('time').sleep(60)")
    holder = run_python(code)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    started = time.monotonic()

    with cache.locked("binaries"):
        assert time.monotonic() - started < 5


def test_locks_of_two_names_do_not_meet() -> None:
    with cache.locked("binaries"):
        other = run_python(HOLDER.format(wait=False).replace('"binaries"', '"node"'))
        said, _ = other.communicate(timeout=20)

    assert said == "held\n"


def test_cache_is_in_the_users_cache_folder_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLEBOUND_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere/cache")

    assert cache.root() == Path("/somewhere/cache/rolebound")
