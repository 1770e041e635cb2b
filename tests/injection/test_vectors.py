"""Every case of tests/vectors/injection, by every injector that can do it, through the real API server."""

import pytest

from tests.injection.stage import Stage
from tests.support.injection import Case, cases, comparable, with_any_region

pytestmark = pytest.mark.controlplane

PATCHED = [case for case in cases() if case.patched]
REFUSED = [case for case in cases() if case.denied]


def named(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", PATCHED, ids=named)
def test_pod_becomes_what_the_case_says(injector: str, namespaces: Stage, case: Case) -> None:
    answer = namespaces.answer(case, case.pod)

    assert not answer.denied, answer.message
    stored = namespaces.stored(case, case.patched or {})
    assert with_any_region(comparable(answer.document)) == with_any_region(comparable(stored)), injector
    assert case.untold(answer.warnings) == []


@pytest.mark.parametrize("case", PATCHED, ids=named)
def test_injecting_twice_equals_injecting_once(injector: str, namespaces: Stage, case: Case) -> None:
    answer = namespaces.answer(case, case.patched or {})

    assert not answer.denied, answer.message
    assert comparable(answer.document) == comparable(namespaces.stored(case, case.patched or {})), injector


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_pod_is_refused_in_words(injector: str, namespaces: Stage, case: Case) -> None:
    answer = namespaces.answer(case, case.pod)

    assert answer.denied, injector
    assert [word for word in case.denied if word not in answer.message] == []


def test_each_case_is_refused_or_patched() -> None:
    assert [case.name for case in cases() if bool(case.denied) == bool(case.patched)] == []
