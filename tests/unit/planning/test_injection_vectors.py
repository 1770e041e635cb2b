"""Every case of tests/vectors/injection, by the function that decides for the webhook."""

import copy
import itertools
from datetime import timedelta
from typing import Any

import pytest

from rolebound.api.objects import parse_binding
from rolebound.errors import SpecInvalid
from rolebound.model.objects import Binding
from rolebound.planning.injection import Injection, injected, injected_ephemeral
from rolebound.planning.podparts import Sidecar
from tests.support.builders import NOON
from tests.support.injection import PORT, SIDECAR_REPOSITORY, SIDECAR_TAG, Case, cases, comparable

SIDECAR = Sidecar(f"{SIDECAR_REPOSITORY}:{SIDECAR_TAG}", "IfNotPresent", PORT)
# Whether a pod opted in is for the API server to judge, which knows the namespace's labels too.
ASKING = [case for case in cases() if case.asks]


def bindings(case: Case) -> list[Binding]:
    """The case's bindings as the API server gives them, each a minute younger than the one before it."""
    parsed = []
    for number, body in enumerate(case.bindings):
        made = {
            "namespace": "shop",
            "uid": f"uid-{number}",
            "creationTimestamp": (NOON + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        parsed.append(parse_binding(body | {"metadata": body["metadata"] | made}))
    return parsed


def inject(case: Case, pod: dict[str, Any]) -> Injection:
    """What is decided on a pod, which itself stays as it is."""
    pod = copy.deepcopy(pod)
    pod["metadata"]["namespace"] = "shop"
    given = copy.deepcopy(pod)
    try:
        return decided(case, pod)
    finally:
        assert pod == given


def decided(case: Case, pod: dict[str, Any]) -> Injection:
    if case.ephemeral:
        before = {**pod, "spec": {key: value for key, value in pod["spec"].items() if key != "ephemeralContainers"}}
        return injected_ephemeral(pod, before, SIDECAR)
    numbers = itertools.count(1)
    return injected(pod, bindings(case), lambda: f"rolebound.{next(numbers):016x}", SIDECAR)


@pytest.mark.parametrize("case", [case for case in ASKING if case.patched], ids=lambda case: case.name)
def test_pod_becomes_what_the_case_says(case: Case) -> None:
    assert case.patched is not None

    done = inject(case, case.pod)

    assert comparable(done.pod) == comparable(case.patched)
    assert case.untold(done.warnings) == []


@pytest.mark.parametrize("case", [case for case in ASKING if case.patched], ids=lambda case: case.name)
def test_injecting_twice_equals_injecting_once(case: Case) -> None:
    assert case.patched is not None

    assert comparable(inject(case, case.patched).pod) == comparable(case.patched)


@pytest.mark.parametrize("case", [case for case in ASKING if case.denied], ids=lambda case: case.name)
def test_pod_is_refused_in_words(case: Case) -> None:
    with pytest.raises(SpecInvalid) as refused:
        inject(case, case.pod)

    assert [word for word in case.denied if word not in str(refused.value)] == []
