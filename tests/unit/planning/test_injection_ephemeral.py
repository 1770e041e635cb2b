"""Ephemeral containers, which `kubectl debug` adds to a pod that runs."""

import copy

from rolebound.planning.injection import Injection, injected_ephemeral
from tests.unit.planning.test_injection import SIDECAR, a_new_pod, env, inject


def test_ephemeral_container_gets_what_the_others_have_and_nothing_else_changes() -> None:
    pod = inject(a_new_pod()).pod
    pod["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "x"}]

    done = injected_ephemeral(pod, inject(a_new_pod()).pod, SIDECAR).pod

    assert env(done["spec"]["ephemeralContainers"][0]) == env(done["spec"]["containers"][0])
    done["spec"]["ephemeralContainers"] = pod["spec"]["ephemeralContainers"]
    assert done == pod


def test_ephemeral_container_of_a_pod_without_credentials_stays_as_it_is() -> None:
    pod = a_new_pod(ephemeralContainers=[{"name": "debug", "image": "x"}])

    assert injected_ephemeral(pod, a_new_pod(), SIDECAR) == Injection(pod)


def test_ephemeral_container_that_runs_is_not_changed_by_the_next_one() -> None:
    before = inject(a_new_pod()).pod
    before["spec"]["ephemeralContainers"] = [{"name": "first", "image": "x"}]
    pod = copy.deepcopy(before)
    pod["spec"]["ephemeralContainers"].append({"name": "second", "image": "x"})

    first, second = injected_ephemeral(pod, before, SIDECAR).pod["spec"]["ephemeralContainers"]

    assert first == {"name": "first", "image": "x"}
    assert env(second)
