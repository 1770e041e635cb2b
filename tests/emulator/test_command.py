"""`rolebound emulate` where a setting is wrong: one line, and no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from rolebound.cli.emulate import main


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (["--port", "65536"], "--port: a port is 0 to 65535"),
        (["--port=-1"], "--port: a port is 0 to 65535"),
        (["--clock-offset", "9" * 14], "--clock-offset: a whole number of seconds"),
        (["--clock-offset", "x"], "--clock-offset: a whole number of seconds"),
        (["--session-lifetime", "9" * 20], "--session-lifetime: a whole number of seconds"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_number_that_cannot_be_is_told(setting: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(setting)

    assert end.value.code == 2
    assert f"argument {said}" in capsys.readouterr().err


def test_file_for_the_authority_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "gone" / "ca.pem"
    command = [sys.executable, "-m", "rolebound", "emulate", "--port", "0", "--ca-file", str(file)]

    done = subprocess.run(
        command, env={"PYTHONPATH": "operator"}, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"rolebound: --ca-file: {file} cannot be written: No such file or directory\n"
