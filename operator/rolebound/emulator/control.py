"""The control API under `/_emulator/`: what a test or a demonstration reads from the stand-in and tells it.

Not AWS's and not authenticated: whoever reaches the stand-in may use it. GET health, GET requests, and GET, POST and
DELETE faults. Decides nothing about sessions, and shows no secret.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from rolebound.emulator.faults import FAULT_KINDS, Fault, Faults
from rolebound.emulator.messages import (
    HttpRequest,
    HttpResponse,
    Refusal,
    invalid,
    json_answer,
    json_refusal,
    not_found,
)
from rolebound.emulator.request_log import RequestLog

PREFIX: Final = "/_emulator/"
# JSON name: its type, or types.
_FAULT_FIELDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "operation": str,
    "kind": str,
    "status": int,
    "code": str,
    "message": str,
    "seconds": (int, float),
    "count": int,
    "match": dict,
}
_MATCH_FIELDS: Final = {"roleArn": "role_arn", "sessionName": "session_name"}


@dataclass(frozen=True, slots=True)
class Control:
    """The control API of one emulator."""

    log: RequestLog
    faults: Faults

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to one request under `/_emulator/`."""
        try:
            match request.method, request.path.removeprefix(PREFIX):
                case "GET", "health":
                    return json_answer(200, {"status": "ok"})
                case "GET", "requests":
                    records = [record.document() for record in self.log.records()]
                    return json_answer(200, {"counts": self.log.counts(), "requests": records})
                case "GET", "faults":
                    return json_answer(200, {"faults": [asdict(fault) for fault in self.faults.all()]})
                case "POST", "faults":
                    fault = read_fault(request.body)
                    self.faults.add(fault)
                    return json_answer(201, {"id": fault.id})
                case "DELETE", "faults":
                    self.faults.clear()
                    return json_answer(200, {})
            raise not_found(f"the control API has no {request.method} {request.path}")
        except Refusal as refusal:
            return json_refusal(refusal)


def read_fault(body: bytes) -> Fault:
    """Return the fault that a JSON body describes; Refusal with 400 where it describes none."""
    try:
        document = json.loads(body)
    except ValueError:
        raise invalid("a fault is a JSON object") from None
    if not isinstance(document, dict):
        raise invalid("a fault is a JSON object")
    _check_fields(document)
    if document.get("operation", "CreateSession") != "CreateSession":
        raise invalid("only CreateSession has faults")
    if document.get("kind") not in FAULT_KINDS:
        raise invalid(f"kind must be one of {', '.join(FAULT_KINDS)}")
    fields: dict[str, Any] = {name: value for name, value in document.items() if name not in ("operation", "match")}
    fields |= {_MATCH_FIELDS[name]: value for name, value in document.get("match", {}).items()}
    return Fault(**fields)


def _check_fields(document: Mapping[str, Any]) -> None:
    unknown = [name for name in document if name not in _FAULT_FIELDS]
    unknown += [f"match.{name}" for name in document.get("match", {}) if name not in _MATCH_FIELDS]
    if unknown:
        raise invalid(f"a fault has no {', '.join(unknown)}")
    for name, value in document.items():
        if not isinstance(value, _FAULT_FIELDS[name]) or isinstance(value, bool):
            raise invalid(f"{name} has the wrong type")
