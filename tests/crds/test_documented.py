"""Every object of ours that the documentation shows is one that the API server takes."""

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from testbed.cluster import Cluster
from testbed.operator import ROOT

pytestmark = pytest.mark.controlplane

BLOCK = re.compile(r"^( *)```yaml\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


def examples() -> list[tuple[str, str]]:
    """Where each object stands, and its text."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
        (f"{path.relative_to(ROOT)}:{number}", textwrap.dedent(text))
        for path in pages
        for number, (_, text) in enumerate(BLOCK.findall(path.read_text()), 1)
        if "apiVersion: rolebound.dev/" in text
    ]


@pytest.mark.parametrize("text", [pytest.param(text, id=where) for where, text in examples()])
def test_example_is_accepted(cluster: Cluster, tmp_path: Path, text: str) -> None:
    body = yaml.safe_load(text)
    body["metadata"].pop("namespace", None)
    file = tmp_path / "example.yaml"
    file.write_text(yaml.safe_dump(body))

    cluster.kubectl("create", "--dry-run=server", "-f", str(file))


def test_documentation_has_an_example_of_each_kind() -> None:
    kinds = {yaml.safe_load(text)["kind"] for _, text in examples()}

    assert kinds == {"ClusterAWSRole", "AWSRole", "AWSRoleBinding"}
