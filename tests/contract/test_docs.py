"""The documentation names what the code has, and its links lead somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from rolebound.api import names
from rolebound.metrics import Metrics
from tests.contract.test_house_style import ROOT, tracked

REFERENCE = ROOT / "docs" / "reference"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
NAMES = [value for value in vars(names).values() if isinstance(value, str) and value.startswith(f"{names.GROUP}/")]


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text()


@pytest.mark.parametrize("path", tracked("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    broken = [link for link in LINK.findall(path.read_text()) if not (path.parent / link).exists()]

    assert broken == []


def test_every_environment_variable_is_documented() -> None:
    source = (ROOT / "operator" / "rolebound" / "settings.py").read_text()
    variables = set(re.findall(r"\"(ROLEBOUND_[A-Z_]+|POD_NAMESPACE)\"", source))

    assert variables
    assert [name for name in sorted(variables) if f"`{name}`" not in page("settings")] == []


def test_every_chart_value_is_documented() -> None:
    values: dict[str, Any] = yaml.safe_load((ROOT / "helm" / "rolebound" / "values.yaml").read_text())
    settings = page("settings")

    assert [name for name in values if f"`{name}`" not in settings and f"`{name}." not in settings] == []


def test_every_option_of_the_sidecar_is_documented() -> None:
    source = (ROOT / "operator" / "rolebound" / "cli" / "endpoint.py").read_text()
    options = re.findall(r"add\(\"(--[a-z-]+)\"", source)

    assert options
    assert [option for option in options if f"`{option}`" not in page("endpoint")] == []


def test_every_metric_is_documented() -> None:
    families = [family.name for family in Metrics().registry.collect()]

    assert families
    assert [name for name in families if f"`{name}" not in page("metrics")] == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != names.API_VERSION])
def test_every_label_and_annotation_is_documented(name: str) -> None:
    known = page("labels-and-annotations") + page("secrets")

    assert f"`{name.partition('=')[0]}" in known or f" `{name}" in known


def test_every_kind_has_a_page_with_the_same_headings() -> None:
    for kind in ("clusterawsrole", "awsrole", "awsrolebinding"):
        text = page(kind)
        assert all(f"## {heading}" in text for heading in ("Example", "Writing a spec", "Working with", "Status"))
