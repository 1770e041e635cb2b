"""The edge to kopf for pods at their admission: delegate, patch, warn, refuse.

It fails closed: a pod that asked for credentials and cannot be decided on is refused, in words for its author, and
whoever made the pod tries again. Nothing is written here, so a dry run needs no case of its own.
"""

import traceback
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import kopf
import structlog

from rolebound.errors import Error, SpecInvalid
from rolebound.handlers.serving import answer_with
from rolebound.metrics import Metrics
from rolebound.planning.injection import Injection
from rolebound.refresh.admission import Admission

log = structlog.get_logger(__name__)

_PODS: Final = ("", "v1", "pods")


def register(registry: kopf.OperatorRegistry, admission: Admission, metrics: Metrics) -> None:
    """Answer for new pods, and for ephemeral containers that are added to running ones."""

    async def created(body: kopf.Body, warnings: list[str], **_: Any) -> None:
        await _answer(body, admission.pod, warnings, metrics)

    async def debugged(body: kopf.Body, warnings: list[str], **event: Any) -> None:
        await _answer(body, partial(admission.ephemeral, before=event["old"]), warnings, metrics)

    kopf.on.mutate(*_PODS, registry=registry, id="inject", operations=["CREATE"])(created)
    kopf.on.mutate(
        *_PODS, registry=registry, id="inject-ephemeral", operations=["UPDATE"], subresource="ephemeralcontainers"
    )(debugged)


async def _answer(
    body: kopf.Body,
    decide: Callable[[kopf.Body], Awaitable[Injection]],
    warnings: list[str],
    metrics: Metrics,
) -> None:
    with metrics.admission_seconds.time():
        try:
            injection = await decide(body)
        except Error as error:
            metrics.admissions.labels(error.reason).inc()
            log.info("pod_refused", namespace=body.metadata.get("namespace"), reason=error.reason, message=str(error))
            code = HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(error, SpecInvalid) else HTTPStatus.SERVICE_UNAVAILABLE
            raise kopf.AdmissionError(str(error), code=code) from None
        except Exception as error:  # noqa: BLE001 - kopf would log the pod and answer with what the exception quotes
            metrics.admissions.labels(Error.reason).inc()
            log.error("admission_failed", **_place(error))  # noqa: TRY400 - a traceback may quote the pod
            message = f"rolebound failed to decide on this pod ({type(error).__name__}); its log says where"
            raise kopf.AdmissionError(message, code=HTTPStatus.INTERNAL_SERVER_ERROR) from None
    changes = _changes(dict(body), injection.pod)
    metrics.admissions.labels("Injected" if changes else "Unchanged").inc()
    warnings.extend(injection.warnings)
    answer_with(changes)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the patch (RFC 6902) from one pod to the other. Injection only adds, and within these two parts."""
    return [
        {"op": "add", "path": f"/{part}/{name}", "value": value}
        for part in ("metadata", "spec")
        for name, value in after[part].items()
        if before[part].get(name) != value
    ]


def _place(error: Exception) -> dict[str, Any]:
    """Return what may be said of an exception that nobody foresaw: its kind and place, not its words."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    return {"error": type(error).__name__, "function": frame.name, "where": where}
