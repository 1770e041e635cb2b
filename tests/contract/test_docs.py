"""The documentation names what the code has, and its links lead somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from rolebound.api import names
from rolebound.cli import COMMANDS
from rolebound.diagnosis.checks import CHECKS
from rolebound.metrics import Metrics
from scripts import cli_reference
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


def test_every_check_of_the_doctor_and_every_right_it_needs_is_documented() -> None:
    text = (ROOT / "docs" / "howto" / "find-out-why-aws-says-no.md").read_text()
    source = (ROOT / "operator" / "rolebound" / "diagnosis" / "account.py").read_text()
    rights = set(re.findall(r'"((?:rolesanywhere|iam|servicequotas|acm-pca):[A-Z]\w+)"', source))

    assert len(rights) == 6
    assert [name for name in [*CHECKS, *rights] if f"`{name}`" not in text] == []


def test_every_metric_is_documented() -> None:
    families = [family.name for family in Metrics().registry.collect()]

    assert families
    assert [name for name in families if f"`{name}" not in page("metrics")] == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != names.API_VERSION])
def test_every_label_and_annotation_is_documented(name: str) -> None:
    known = page("labels-and-annotations") + page("secrets")

    assert f"`{name.partition('=')[0]}" in known or f" `{name}" in known


def test_command_line_reference_is_what_help_prints() -> None:
    """`make docs` writes it anew."""
    text = cli_reference.PAGE.read_text()

    assert text == cli_reference.page(text)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_what_it_does(command: str) -> None:
    assert cli_reference.help_of(command).startswith(f"usage: rolebound {command}")


def test_every_kind_has_a_page_with_the_same_headings() -> None:
    for kind in ("clusterawsrole", "awsrole", "awsrolebinding"):
        text = page(kind)
        assert all(f"## {heading}" in text for heading in ("Example", "Writing a spec", "Working with", "Status"))
