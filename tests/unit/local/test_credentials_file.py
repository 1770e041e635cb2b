"""The credentials file on disk: whole at every moment, and as its owner wants it."""

import os
import resource
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from configparser import RawConfigParser
from pathlib import Path

import pytest

from rolebound.errors import SettingsError
from rolebound.local.credentials_file import credentials_file, write_profile
from tests.support.builders import a_session


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_file_and_folder_are_the_users_alone(tmp_path: Path) -> None:
    path = credentials_file({"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "aws" / "credentials")})

    write_profile(path, "default", a_session())

    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_umask_takes_nothing_from_the_owner(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        write_profile(tmp_path / "credentials", "default", a_session())
    finally:
        os.umask(before)

    assert mode(tmp_path / "credentials") == 0o600


def test_what_is_no_file_is_told_and_stays(tmp_path: Path) -> None:
    # As /dev/null, which `exec --delivery endpoint` sets, and which root could replace.
    device = tmp_path / "device"
    os.mkfifo(device)

    with pytest.raises(SettingsError, match="device is no file; set AWS_SHARED_CREDENTIALS_FILE to another"):
        write_profile(device, "default", a_session())

    assert device.is_fifo()
    assert list(tmp_path.iterdir()) == [device]


def test_home_of_nobody_is_told() -> None:
    with pytest.raises(SettingsError, match="there is no home directory for ~nobody-here/x"):
        credentials_file({"AWS_SHARED_CREDENTIALS_FILE": "~nobody-here/x"})


def test_mode_and_link_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("[other]\nregion = x\n")
    real.chmod(0o640)
    link.symlink_to(real)

    write_profile(link, "default", a_session())

    assert link.is_symlink()
    assert mode(real) == 0o640
    assert "not-a-token" in real.read_text()


def test_bytes_that_are_no_text_stay(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(b"# caf\xe9\r\n[default]\r\n")

    write_profile(path, "default", a_session())

    assert path.read_bytes().startswith(b"# caf\xe9\r\n[default]\r\naws_access_key_id = ")


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    profiles = [f"team-{number}" for number in range(20)]

    with ThreadPoolExecutor(20) as writers:
        list(writers.map(lambda profile: write_profile(path, profile, a_session()), profiles))

    assert all(f"[{profile}]\n" in path.read_text() for profile in profiles)


def test_file_that_cannot_be_written_stays_and_nothing_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("[other]\nregion = x\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))  # as little as on a full disk
    try:
        with pytest.raises(SettingsError, match=r"credentials cannot be written: File too large"):
            write_profile(path, "default", a_session())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert path.read_text() == "[other]\nregion = x\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == [".credentials.lock", "credentials"]


ENDLESS = """
import sys
from pathlib import Path
from rolebound.local.credentials_file import write_profile
from tests.support.builders import a_session
path = Path(sys.argv[1])
for number in range(100_000):
    write_profile(path, f"team-{number % 50}", a_session())
    if number == 0:
        print("begun", flush=True)
"""


def test_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("[mine]\nregion = x\n")
    for pause in (0.0, 0.003, 0.011, 0.047):
        command = [sys.executable, "-c", ENDLESS, str(path)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(pause)
            writer.kill()

        parser = RawConfigParser()
        parser.read(path)
        assert parser.get("mine", "region") == "x"
        assert all(len(parser.items(name)) == 3 for name in parser.sections() if name != "mine")
