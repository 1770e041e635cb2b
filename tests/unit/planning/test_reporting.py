from datetime import timedelta

import pytest

from rolebound.errors import AWSUnavailable, Error, NamespaceNotAllowed, RoleNotReady, SessionNameRefused, Throttled
from rolebound.model.conditions import Condition
from rolebound.model.objects import Kind, ObjectName, ObjectRef
from rolebound.planning.decisions import Facts, pod_credential
from rolebound.planning.reporting import (
    BindingStatus,
    Holder,
    assumable_after,
    binding_status,
    role_status,
    within_session,
)
from rolebound.planning.statuses import status_body, transitions
from tests.support.builders import NOON, a_binding, a_pod, a_role, stored_for

CREDENTIAL = pod_credential(a_binding(), a_pod(), Facts(role=a_role(), namespace_labels={}))
STORED = stored_for(CREDENTIAL)
ABOUT = ObjectRef(Kind.BINDING, ObjectName("shop", "reader"), "uid")


def holder(*, held: bool = True, problem: Error | None = None, pods: int = 1) -> Holder:
    return Holder("api-1", pods, STORED if held else None, problem)


def condition(status: BindingStatus, kind: str) -> Condition:
    return next(each for each in status.conditions if each.type == kind)


def summary(status: BindingStatus, kind: str = "Ready") -> tuple[str, str]:
    found = condition(status, kind)
    return found.status, found.reason


def test_permitted_binding_without_pods_is_ready() -> None:
    assert summary(binding_status(None, None, [], NOON)) == ("True", "Issued")


def test_binding_without_pods_whose_role_cannot_issue_is_not() -> None:
    assert summary(binding_status(None, RoleNotReady("x"), [], NOON)) == ("False", "RoleNotReady")


def test_refusal_comes_before_everything() -> None:
    assert summary(binding_status(NamespaceNotAllowed("x"), None, [holder()], NOON)) == ("False", "NamespaceNotAllowed")


def test_failing_renewal_leaves_ready_and_shows_in_renewed() -> None:
    status = binding_status(None, None, [holder(problem=AWSUnavailable("no answer"))], NOON)

    assert summary(status) == ("True", "Issued")
    assert summary(status, "Renewed") == ("False", "AWSUnavailable")
    assert "hold until 2026-11-23T13:00:00Z" in condition(status, "Renewed").message


def test_expired_credentials_take_ready_away() -> None:
    status = binding_status(None, None, [holder(problem=AWSUnavailable("x"))], NOON + timedelta(hours=1))

    assert summary(status) == ("False", "AWSUnavailable")
    assert (status.bound_pods, status.ready_pods, status.earliest_expiry) == (1, 0, None)


def test_most_common_problem_is_named() -> None:
    holders = [holder(held=False, problem=problem) for problem in (Throttled("a"), AWSUnavailable("b"), Throttled("c"))]

    assert summary(binding_status(None, None, holders, NOON)) == ("False", "Throttled")


def test_pods_that_wait_without_a_problem_are_issuing() -> None:
    status = binding_status(None, None, [holder(), holder(held=False)], NOON)

    assert summary(status) == ("False", "Issuing")
    assert "1 of 2" in condition(status, "Ready").message


def test_shared_secret_counts_its_pods() -> None:
    status = binding_status(None, None, [holder(pods=7)], NOON)

    assert (status.bound_pods, status.ready_pods) == (7, 7)


def test_transition_time_moves_only_with_the_status() -> None:
    first = status_body(binding_status(None, None, [], NOON), {}, 1, NOON)
    later = NOON + timedelta(minutes=5)

    same = status_body(binding_status(None, None, [holder()], later), first, 1, later)
    other = status_body(binding_status(NamespaceNotAllowed("x"), None, [], later), first, 1, later)

    assert same["conditions"][0]["lastTransitionTime"] == "2026-11-23T12:00:00Z"
    assert other["conditions"][0]["lastTransitionTime"] == "2026-11-23T12:05:00Z"


def test_notice_only_where_a_status_or_reason_changed() -> None:
    first = status_body(binding_status(None, None, [], NOON), {}, 1, NOON)
    same = status_body(binding_status(None, None, [holder()], NOON), first, 2, NOON)
    refused = status_body(binding_status(NamespaceNotAllowed("not listed"), None, [], NOON), first, 2, NOON)

    assert [notice.reason for notice in transitions(ABOUT, first, same)] == ["Refreshed"]  # Renewed is new
    (notice,) = transitions(ABOUT, first, refused)
    assert (notice.reason, notice.message, notice.warning) == ("NamespaceNotAllowed", "not listed", True)


def test_unreadable_previous_conditions_are_replaced() -> None:
    broken = {"conditions": [{"type": "Ready"}, {"type": "Ready", "lastTransitionTime": 3}]}

    assert status_body(binding_status(None, None, [], NOON), broken, 1, NOON)["conditions"]


def test_role_is_assumable_without_a_name_but_says_so() -> None:
    status = role_status(None, None, assumable_after(SessionNameRefused("set acceptRoleSessionName")))

    assert [(c.type, c.status, c.reason) for c in status.conditions] == [
        ("Ready", "True", "CertificateVerified"),
        ("Assumable", "True", "SessionNameRefused"),
    ]


def test_silence_of_aws_says_nothing_about_the_role() -> None:
    status = role_status(None, None, assumable_after(AWSUnavailable("x")))

    assert status.conditions[1].status == "Unknown"


def test_long_running_pod_with_static_keys_is_warned_of() -> None:
    pods = [a_pod(name="old", created=NOON - timedelta(hours=2)), a_pod(name="young", created=NOON)]
    binding = a_binding(delivery={"type": "StaticFile"})

    told, ahead = within_session(binding, pods, timedelta(hours=1), NOON)

    assert told is not None
    assert (told.type, told.status, told.reason) == ("WithinSession", "False", "PodOutlivesSession")
    assert told.message.startswith("1 of 2 pods with StaticFile, old first, run for longer than a session (3600 s)")
    assert ahead == NOON + timedelta(hours=1)


def test_pods_younger_than_a_session_are_within_it() -> None:
    told, ahead = within_session(
        a_binding(delivery={"type": "StaticFile"}), [a_pod(created=NOON)], timedelta(hours=1), NOON
    )

    assert told is not None
    assert told.status == "True"
    assert ahead == NOON + timedelta(hours=1)


@pytest.mark.parametrize(("binding", "pod"), [("CredentialProcess", None), ("StaticFile", "Endpoint")])
def test_nothing_is_said_of_pods_that_renew(binding: str, pod: str | None) -> None:
    annotations = {"rolebound.dev/injected": pod} if pod else {}
    pods = [a_pod(created=NOON - timedelta(days=9), annotations=annotations)]

    told = within_session(a_binding(delivery={"type": binding}), pods, timedelta(hours=1), NOON)

    assert told == (None, None)


def test_static_pod_under_another_default_is_warned_of() -> None:
    pods = [a_pod(created=NOON - timedelta(days=9), annotations={"rolebound.dev/injected": "StaticFile"})]

    told, _ = within_session(a_binding(), pods, timedelta(hours=1), NOON)

    assert told is not None
    assert told.status == "False"
