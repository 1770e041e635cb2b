"""Every case of tests/vectors/injection, by every injector that can do it, through the real API server."""

import pytest

from tests.injection.injectors import INJECTORS
from tests.injection.stage import Stage
from tests.support.injection import Case, cases, comparable, with_any_region

pytestmark = pytest.mark.controlplane

EACH = [(injector, case) for injector in INJECTORS for case in cases() if case.is_for(injector)]
PATCHED = [(injector, case, case.patched) for injector, case in EACH if case.patched]
REFUSED = [(injector, case) for injector, case in EACH if case.denied]


def named(value: object) -> str | None:
    return value.name if isinstance(value, Case) else "" if isinstance(value, dict) else None


@pytest.mark.parametrize(("injector", "case", "patched"), PATCHED, indirect=["injector"], ids=named)
def test_pod_becomes_what_the_case_says(injector: str, namespaces: Stage, case: Case, patched: dict[str, object]) -> None:
    answer = namespaces.answer(case, case.pod)

    assert not answer.denied, answer.message
    stored = namespaces.stored(case, patched)
    assert with_any_region(comparable(answer.document)) == with_any_region(comparable(stored)), injector
    assert case.untold(answer.warnings) == []


@pytest.mark.parametrize(("injector", "case", "patched"), PATCHED, indirect=["injector"], ids=named)
def test_injecting_twice_equals_injecting_once(
    injector: str, namespaces: Stage, case: Case, patched: dict[str, object]
) -> None:
    answer = namespaces.answer(case, patched)

    assert not answer.denied, answer.message
    assert comparable(answer.document) == comparable(namespaces.stored(case, patched)), injector


@pytest.mark.parametrize(("injector", "case"), REFUSED, indirect=["injector"], ids=named)
def test_pod_is_refused_in_words(injector: str, namespaces: Stage, case: Case) -> None:
    answer = namespaces.answer(case, case.pod)

    assert answer.denied, injector
    assert [word for word in case.denied if word not in answer.message] == []


def test_each_case_is_refused_or_patched() -> None:
    assert [case.name for case in cases() if bool(case.denied) == bool(case.patched)] == []
