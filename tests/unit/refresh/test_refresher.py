"""The engine: one attempt of a key at a time, nothing lost on the way, nothing left to those who lost their right."""

import asyncio
from typing import Any

import pytest

from rolebound.errors import AWSUnavailable, SessionDenied
from rolebound.model.objects import ObjectName
from rolebound.planning.reporting import Holder
from rolebound.refresh.observer import Resource
from tests.support.api_server import refusing
from tests.support.builders import a_binding, binding_body, pod_body, role_body
from tests.unit.refresh.engine import CERTIFICATE, Engine, eventually

SECRETS = "/api/v1/namespaces/shop/secrets"


def holder(engine: Engine) -> Holder:
    [found] = engine.refresher.holders(a_binding())
    return found


async def test_attempts_of_one_pod_never_overlap(engine: Engine) -> None:
    engine.aws.gate.clear()
    engine.see_role()
    engine.see_binding()
    engine.see_pod()
    await eventually(lambda: engine.aws.requests)

    for number in range(20):
        engine.see_binding(annotations={"rolebound.dev/renew": str(number)})
        await asyncio.sleep(0.001)
    assert len(engine.aws.requests) == 1
    engine.aws.gate.set()

    await eventually(lambda: len(engine.aws.requests) == 2)
    await asyncio.sleep(0.05)
    assert (len(engine.aws.requests), engine.aws.most_at_a_time) == (2, 1)


async def test_change_during_an_attempt_is_served_when_it_ends(engine: Engine) -> None:
    engine.aws.gate.clear()
    engine.see_role()
    engine.see_binding()
    engine.see_pod()
    await eventually(lambda: engine.aws.requests)

    engine.see_role(sessionDurationSeconds=900)
    engine.observer.seen(Resource.CLUSTER_ROLES, _generation(role_body(sessionDurationSeconds=900), 2))
    engine.aws.gate.set()

    await eventually(lambda: len(engine.aws.requests) == 2)
    assert engine.aws.requests[1].duration.total_seconds() == 900


async def test_binding_withdrawn_during_an_attempt_leaves_no_secret(engine: Engine) -> None:
    engine.aws.gate.clear()
    engine.see_role()
    engine.see_binding()
    engine.see_pod()
    await eventually(lambda: engine.aws.requests)

    engine.observer.gone(Resource.BINDINGS, binding_body())
    engine.aws.gate.set()

    await eventually(lambda: "DELETE" in engine.server.methods(SECRETS))
    await eventually(lambda: not engine.secret())


async def test_pod_that_is_gone_takes_its_secret_along(engine: Engine) -> None:
    await engine.serve()

    engine.observer.gone(Resource.PODS, pod_body())

    await eventually(lambda: not engine.secret())
    assert engine.refresher.holders(a_binding()) == []


async def test_finished_pod_gives_its_secret_back(engine: Engine) -> None:
    await engine.serve()

    engine.see_pod(phase="Succeeded")

    await eventually(lambda: not engine.secret())


async def test_withdrawal_goes_on_until_the_secret_is_gone(engine: Engine) -> None:
    await engine.serve()
    engine.server.canned.append(refusing(503))

    engine.observer.gone(Resource.PODS, pod_body())

    await eventually(lambda: not engine.secret())
    assert engine.server.methods(SECRETS).count("DELETE") == 2


async def test_session_that_the_cluster_would_not_take_is_kept_and_written(engine: Engine) -> None:
    engine.see_role()
    engine.see_binding()
    engine.server.put(f"{SECRETS}/warm", {"metadata": {"name": "warm"}})
    await engine.certificates.identity(ObjectName("rolebound-system", "client"))
    engine.server.canned.extend([refusing(404), refusing(500)])  # the look for the Secret, and the write

    engine.see_pod()

    await eventually(engine.secret)
    assert len(engine.aws.requests) == 1


async def test_failed_attempt_is_tried_again_by_itself(engine: Engine) -> None:
    engine.aws.failures.append(AWSUnavailable("HTTP 503"))

    await engine.serve()

    assert len(engine.aws.requests) == 2
    await eventually(lambda: holder(engine).problem is None)


async def test_failure_is_remembered_with_its_reason(engine: Engine) -> None:
    engine.aws.failures.append(SessionDenied("no"))
    engine.see_role()
    engine.see_binding()
    engine.see_pod()

    await eventually(lambda: engine.aws.requests and holder(engine).problem)

    assert str(holder(engine).problem) == "no"
    assert (
        engine.metrics.registry.get_sample_value("rolebound_attempt_failures_total", {"reason": "SessionDenied"}) == 1
    )


async def test_new_certificate_is_tried_at_once_where_the_old_one_failed(engine: Engine) -> None:
    good = engine.server.objects.pop(CERTIFICATE)
    engine.see_role()
    engine.see_binding()
    engine.see_pod()
    await eventually(lambda: holder(engine).problem)
    assert engine.aws.requests == []
    stored = engine.server.put(CERTIFICATE, {**good, "metadata": {"name": "client", "namespace": "rolebound-system"}})

    engine.observer.seen(Resource.CERTIFICATES, stored)

    await eventually(engine.secret)


async def test_new_certificate_alone_renews_nothing(engine: Engine) -> None:
    await engine.serve()
    good = engine.server.objects[CERTIFICATE]
    stored = engine.server.put(CERTIFICATE, {**good, "metadata": {"name": "client", "namespace": "rolebound-system"}})

    engine.observer.seen(Resource.CERTIFICATES, stored)

    await asyncio.sleep(0.05)
    assert len(engine.aws.requests) == 1


async def test_waiting_pod_gets_the_name_as_soon_as_its_holder_gives_it_back(engine: Engine) -> None:
    await engine.serve()
    engine.see_pod("thief", claim="api-1-aws")
    await eventually(lambda: any(each.problem for each in engine.refresher.holders(a_binding())))
    assert engine.secret()["metadata"]["ownerReferences"][0]["name"] == "api-1"

    engine.observer.gone(Resource.PODS, pod_body())

    await eventually(lambda: engine.secret().get("metadata", {}).get("ownerReferences", [{}])[0].get("name") == "thief")


async def test_shared_secret_is_one_for_all_pods(engine: Engine) -> None:
    engine.see_role()
    engine.see_binding(sessionScope="ServiceAccount")
    for number in range(5):
        engine.see_pod(f"api-{number}")

    await eventually(lambda: engine.secret("rolebound-reader-api"))

    await asyncio.sleep(0.02)
    assert len(engine.aws.requests) == 1
    assert engine.refresher.holders(a_binding())[0].pods == 5


@pytest.mark.parametrize(
    "change",
    [
        {"allowedNamespaces": {"names": ["elsewhere"]}},
        {"allowedNamespaces": {}},
        {"roleARN": "nonsense"},
    ],
    ids=["another namespace", "nobody", "unreadable"],
)
async def test_right_that_ends_takes_the_secret_at_once(engine: Engine, change: dict[str, Any]) -> None:
    await engine.serve()

    engine.observer.seen(Resource.CLUSTER_ROLES, _generation(role_body(**change), 2))

    await eventually(lambda: not engine.secret())


async def test_stop_waits_for_the_session_that_is_under_way(engine: Engine) -> None:
    engine.aws.gate.clear()
    engine.see_role()
    engine.see_binding()
    engine.see_pod()
    await eventually(lambda: engine.aws.requests)
    stopping = asyncio.create_task(engine.refresher.stop())
    await asyncio.sleep(0.01)
    assert not stopping.done()

    engine.aws.gate.set()
    await stopping

    assert engine.secret()


def _generation(body: dict[str, Any], generation: int) -> dict[str, Any]:
    return body | {"metadata": body["metadata"] | {"generation": generation}}


async def test_pod_that_chose_other_profiles_is_not_of_the_binding(engine: Engine) -> None:
    engine.see_role()
    engine.see_binding()
    engine.see_binding("audit", delivery={"profile": "audit"})

    engine.see_pod(claim="audit=api-1-audit", annotations={"rolebound.dev/profiles": "audit"})

    await eventually(lambda: engine.secret("api-1-audit"))
    assert len(engine.aws.requests) == 1


async def test_pod_with_two_claims_gets_two_secrets(engine: Engine) -> None:
    engine.see_role()
    engine.see_binding()
    engine.see_binding("audit", delivery={"profile": "audit"})

    engine.see_pod(claim="reader=api-1-reader,audit=api-1-audit")

    await eventually(lambda: engine.secret("api-1-audit") and engine.secret("api-1-reader"))
    assert engine.secret("api-1-audit")["metadata"]["annotations"]["rolebound.dev/binding"] == "audit"
