"""The management API's operations as botocore's own model of `rolesanywhere` describes them.

Decides which operation a request is and whether its parameters have the required members, types, lengths, ranges and
patterns. Never runs an operation. The model is AWS's publication, so no constraint is transcribed here by hand.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from botocore.loaders import Loader
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from rolebound.emulator.messages import HttpRequest, Refusal, invalid

_LABEL: Final = re.compile(r"\{(\w+)\}")
_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "blob": str,
    "list": list,
    "structure": dict,
    "map": dict,
    "timestamp": (str, int, float),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request as an operation with its parameters; `success` is the status that the model gives it."""

    operation: str
    parameters: Mapping[str, Any]
    success: int

    @property
    def action(self) -> str:
        """The operation's name in IAM policies."""
        return f"rolesanywhere:{self.operation}"


def call(request: HttpRequest) -> Call:
    """Return the operation that `request` calls, with checked parameters; Refusal where there is none."""
    for operation, pattern in _routes():
        match = pattern.fullmatch(request.path)
        if match is not None and operation.http["method"] == request.method:
            parameters = _parameters(operation, request, match.groupdict())
            violations = list(_violations(operation.input_shape, parameters, ""))
            if violations:
                count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''} detected: "
                raise invalid(count + "; ".join(violations))
            return Call(operation.name, parameters, int(operation.http.get("responseCode", 200)))
    raise Refusal(404, "UnknownOperationException", f"No operation of rolesanywhere is {request.method} {request.path}")


@cache
def _routes() -> list[tuple[OperationModel, re.Pattern[str]]]:
    service = ServiceModel(Loader().load_service_model("rolesanywhere", "service-2"), "rolesanywhere")
    operations = [service.operation_model(name) for name in service.operation_names]
    return [
        (operation, re.compile(_LABEL.sub(r"(?P<\1>[^/]+)", operation.http["requestUri"]))) for operation in operations
    ]


def _parameters(operation: OperationModel, request: HttpRequest, labels: Mapping[str, str]) -> dict[str, Any]:
    try:
        body = json.loads(request.body) if request.body.strip() else {}
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise invalid("The request body is not a JSON object")
    query = parse_qs(request.query)
    parameters: dict[str, Any] = {}
    shape = operation.input_shape
    for name, member in shape.members.items() if isinstance(shape, StructureShape) else ():
        wire = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                parameters[name] = unquote(labels[wire])
            case "querystring" if wire in query:
                parameters[name] = query[wire] if isinstance(member, ListShape) else _scalar(member, query[wire][0])
            case None if body.get(wire) is not None:
                parameters[name] = body[wire]
    return parameters


def _scalar(member: Shape, text: str) -> object:
    return int(text) if member.type_name == "integer" and text.isdecimal() else text


def _violations(shape: Shape | None, value: Any, path: str) -> Iterator[str]:
    if shape is None:
        return
    # To Python a boolean is an integer; to AWS it is none.
    of_type = isinstance(value, _TYPES[shape.type_name]) and isinstance(value, bool) == (shape.type_name == "boolean")
    if not of_type:
        yield f"Value at '{path}' failed to satisfy constraint: Member must be of type {shape.type_name}"
        return
    for constraint in _broken(shape, value):
        yield f"Value at '{path}' failed to satisfy constraint: {constraint}"
    if isinstance(shape, StructureShape):
        dot = "." if path else ""
        missing = [name for name in shape.required_members if name not in value]
        yield from (
            f"Value null at '{path}{dot}{name}' failed to satisfy constraint: Member must not be null"
            for name in missing
        )
        if shape.is_tagged_union and len(shape.members.keys() & value.keys()) > 1:
            yield f"Value at '{path}' failed to satisfy constraint: Member must have only one of its members set"
        for name in shape.members.keys() & value.keys():
            yield from _violations(shape.members[name], value[name], f"{path}{dot}{name}")
    elif isinstance(shape, ListShape):
        for number, one in enumerate(value, 1):
            yield from _violations(shape.member, one, f"{path}.{number}.member")


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    size = value if isinstance(value, int) else _length(shape, value)
    what = "value" if isinstance(value, int) else "length"
    if not isinstance(value, bool):
        if size < shape.metadata.get("min", size):
            yield f"Member must have {what} greater than or equal to {shape.metadata['min']}"
        if size > shape.metadata.get("max", size):
            yield f"Member must have {what} less than or equal to {shape.metadata['max']}"
    pattern = shape.metadata.get("pattern")
    if pattern and re.fullmatch(pattern, value) is None:
        yield f"Member must satisfy regular expression pattern: {pattern}"
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield f"Member must satisfy enum value set: {allowed}"


def _length(shape: Shape, value: Any) -> int:
    # A blob's length is that of its bytes, of which base64 makes four characters from three.
    return len(value) * 3 // 4 - value[-2:].count("=") if shape.type_name == "blob" else len(value)
