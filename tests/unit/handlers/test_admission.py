"""What the webhook answers when a pod cannot be decided on."""

from typing import Any, cast

import kopf
import pytest
from structlog.testing import capture_logs

from rolebound.errors import ClusterUnavailable, SpecInvalid
from rolebound.handlers import admission, serving
from rolebound.metrics import Metrics
from rolebound.planning.injection import Injection

POD: dict[str, Any] = {"metadata": {"namespace": "shop"}, "spec": {"containers": [{"name": "secret-name"}]}}


class Call:
    """One call of the webhook, with the decision given."""

    def __init__(self, outcome: Injection | Exception) -> None:
        self.outcome = outcome
        self.warnings: list[str] = []
        self.metrics = Metrics()
        self.patch: list[dict[str, Any]] = []

    async def answer(self) -> None:
        serving._patch.set(self.patch)
        await admission._answer(kopf.Body(cast("Any", POD)), self._decide, self.warnings, self.metrics)

    def counted(self, outcome: str) -> float | None:
        return self.metrics.registry.get_sample_value("rolebound_admissions_total", {"outcome": outcome})

    async def _decide(self, _: kopf.Body) -> Injection:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def test_changed_pod_is_a_patch_with_warnings() -> None:
    changed = {**POD, "spec": {**POD["spec"], "volumes": [{"name": "aws"}]}}
    call = Call(Injection(changed, ("look here",)))

    await call.answer()

    assert call.patch == [{"op": "add", "path": "/spec/volumes", "value": [{"name": "aws"}]}]
    assert call.warnings == ["look here"]
    assert call.counted("Injected") == 1


async def test_unchanged_pod_is_no_patch() -> None:
    call = Call(Injection(POD))

    await call.answer()

    assert call.patch == []
    assert call.counted("Unchanged") == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [(SpecInvalid("annotation is wrong"), 422), (ClusterUnavailable("GET bindings: HTTP 429"), 503)],
    ids=["author", "cluster"],
)
async def test_known_error_refuses_in_its_own_words(error: Exception, code: int) -> None:
    call = Call(error)

    with pytest.raises(kopf.AdmissionError) as refused:
        await call.answer()

    assert (str(refused.value), refused.value.code) == (str(error), code)
    assert call.counted(type(error).__name__) == 1


async def test_unforeseen_error_refuses_and_shows_nothing_of_the_pod() -> None:
    call = Call(KeyError("secret-name"))

    with capture_logs() as logged, pytest.raises(kopf.AdmissionError) as refused:
        await call.answer()

    assert str(refused.value) == "rolebound failed to decide on this pod (KeyError); its log says where"
    assert refused.value.code == 500
    assert refused.value.__cause__ is None
    assert [(each["event"], each["error"], each["function"]) for each in logged] == [
        ("admission_failed", "KeyError", "_decide")
    ]
    assert "secret-name" not in str(logged)
