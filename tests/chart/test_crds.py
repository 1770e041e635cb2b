"""The chart's CRDs are those of crds/, and whoever changes one alone is told."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chart.rendering import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A tree of its own with what the script reads and writes."""
    for folder in ("crds", "scripts", "helm/rolebound/templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def chart_crds(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(tree / "scripts" / "chart_crds.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_chart_has_the_crds_of_this_tree() -> None:
    done = chart_crds(ROOT, "--check")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("changed", ["crds/awsroles.yaml", "helm/rolebound/templates/crd-awsroles.yaml"])
def test_change_on_one_side_is_told_and_not_mended(copy: Path, changed: str) -> None:
    (copy / changed).write_text((copy / changed).read_text().replace("maximum: 43200", "maximum: 43201"))
    before = (copy / "helm/rolebound/templates/crd-awsroles.yaml").read_text()

    done = chart_crds(copy, "--check")

    assert done.returncode == 1
    assert "crd-awsroles.yaml" in done.stderr
    assert (copy / "helm/rolebound/templates/crd-awsroles.yaml").read_text() == before


def test_change_in_crds_is_brought_over(copy: Path) -> None:
    source = copy / "crds" / "awsroles.yaml"
    source.write_text(source.read_text().replace("maximum: 43200", "maximum: 43201"))

    assert chart_crds(copy).returncode == 0

    assert "maximum: 43201" in (copy / "helm/rolebound/templates/crd-awsroles.yaml").read_text()
    assert chart_crds(copy, "--check").returncode == 0
