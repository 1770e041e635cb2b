"""The error tree: each leaf has a reason of its own, and users find it in the documentation."""

from pathlib import Path

import pytest

from rolebound import errors
from rolebound.model.conditions import Reason

ROOT = Path(__file__).parents[2]


def leaves(kind: type[errors.Error]) -> list[type[errors.Error]]:
    below = [each for each in kind.__subclasses__() if each.__module__ == "rolebound.errors"]
    return [kind] if not below else [leaf for each in below for leaf in leaves(each)]


LEAVES = leaves(errors.Error)


def test_reasons_are_unique() -> None:
    reasons = [each.reason for each in LEAVES] + [str(each) for each in Reason]

    assert len(reasons) == len(set(reasons))


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_leaf_is_drawn_in_the_tree_and_explained(kind: type[errors.Error]) -> None:
    assert kind.__doc__
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize("reason", [each.reason for each in LEAVES if each.reason != "SettingsInvalid"] + list(Reason))
def test_reason_is_documented(reason: str) -> None:
    page = (ROOT / "docs/reference/conditions-and-reasons.md").read_text()

    assert f"`{reason}`" in page
