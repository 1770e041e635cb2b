"""What the style asks for and no linter checks."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
OURS = ("operator", "tests", "testbed", "demo", "bench", "matrix", "scripts")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


SOURCES = tracked(*(f"{folder}/*.py" for folder in OURS))


def test_operator_folder_does_not_shadow_the_standard_library() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400
    assert path.stem not in VAGUE


@pytest.mark.parametrize("path", [p for p in SOURCES if "tests" in p.parts], ids=lambda path: path.name)
def test_nothing_of_ours_is_patched(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"mock\.patch|monkeypatch\.setattr\(\s*[\"']?rolebound", text) or path == Path(__file__)


def test_no_path_of_a_machine_is_committed() -> None:
    pattern = re.compile(r"/(?:root|home/\w+|work|farm)/[a-z.]")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix not in {".sum", ".json", ".lock"} and path != Path(__file__)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]

    assert found == []
