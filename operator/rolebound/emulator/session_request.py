"""What a CreateSession request asks for: three ARNs, a duration and a session name, and whether they are well formed.

The ARNs come in the query (as AWS's own helper sends them) or in the body (as AWS's guide shows); the query wins. Never
looks anything up. `read` takes whatever there is, so that a refused request can be logged too; `check` says 400.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from rolebound.emulator.arns import Arn
from rolebound.emulator.messages import HttpRequest, invalid

MINIMUM_SECONDS: Final = 900
MAXIMUM_SECONDS: Final = 43_200
# InstancePropertyMap in botocore's model of `rolesanywhere`.
_MOST_PROPERTIES: Final = 50
_LONGEST_PROPERTY: Final = 200
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_SESSION_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """The fields as they came; a field that is absent is None, and one of a wrong type keeps its value."""

    trust_anchor_arn: object = None
    profile_arn: object = None
    role_arn: object = None
    duration_seconds: object = None
    role_session_name: object = None
    instance_properties: object = None
    is_object: bool = True


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A request whose every field is well formed; `seconds` and `session_name` are None where it leaves them open."""

    trust_anchor: Arn
    profile: Arn
    role: Arn
    seconds: int | None
    session_name: str | None
    properties: Mapping[str, str]


def read(request: HttpRequest) -> SessionRequest:
    """Return what `request` asks for, whatever it is worth."""
    try:
        body = json.loads(request.body) if request.body.strip() else {}
    except (ValueError, RecursionError):
        body = None
    fields: dict[str, object] = dict(body) if isinstance(body, dict) else {}
    fields |= parse_qsl(request.query)
    return SessionRequest(
        trust_anchor_arn=fields.get("trustAnchorArn"),
        profile_arn=fields.get("profileArn"),
        role_arn=fields.get("roleArn"),
        duration_seconds=fields.get("durationSeconds"),
        role_session_name=fields.get("roleSessionName"),
        instance_properties=fields.get("instanceProperties"),
        is_object=isinstance(body, dict),
    )


def check(asked: SessionRequest) -> CheckedRequest:
    """Return the fields by type; Refusal with 400 where one is missing, malformed or out of range."""
    if not asked.is_object:
        raise invalid("The request body is not a JSON object")
    checked = CheckedRequest(
        trust_anchor=_arn(asked.trust_anchor_arn, "trustAnchorArn", "rolesanywhere", "trust-anchor"),
        profile=_arn(asked.profile_arn, "profileArn", "rolesanywhere", "profile"),
        role=_arn(asked.role_arn, "roleArn", "iam", "role"),
        seconds=_seconds(asked.duration_seconds),
        session_name=_session_name(asked.role_session_name),
        properties=_properties(asked.instance_properties),
    )
    owners = {(arn.partition, arn.account) for arn in (checked.trust_anchor, checked.profile, checked.role)}
    if len(owners) > 1:
        raise invalid("The trust anchor, profile and role must not have different account IDs")
    return checked


def _arn(value: object, field: str, service: str, kind: str) -> Arn:
    if not value:
        raise invalid(f"Value null at '{field}' failed to satisfy constraint: Member must not be null")
    try:
        arn = Arn.parse(str(value))
    except ValueError:
        raise invalid(f"Value at '{field}' is not an ARN") from None
    if (arn.service, arn.kind) != (service, kind) or not arn.account or (service == "iam") == bool(arn.region):
        raise invalid(f"Value at '{field}' is not the ARN of a {kind}")
    return arn


def _seconds(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not MINIMUM_SECONDS <= value <= MAXIMUM_SECONDS:
        raise invalid(
            f"Value '{value}' at 'durationSeconds' failed to satisfy constraint: "
            f"Member must be an integer from {MINIMUM_SECONDS} to {MAXIMUM_SECONDS}"
        )
    return value


def _session_name(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or _SESSION_NAME.fullmatch(value) is None:
        raise invalid(
            f"Value '{value}' at 'roleSessionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}"
        )
    return value


def _properties(value: object) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MOST_PROPERTIES or not all(map(_is_property, value.items())):
        raise invalid(
            f"instanceProperties must be a map of at most {_MOST_PROPERTIES} strings "
            f"of 1 to {_LONGEST_PROPERTY} characters"
        )
    return value


def _is_property(pair: tuple[object, object]) -> bool:
    return all(isinstance(one, str) and 1 <= len(one) <= _LONGEST_PROPERTY for one in pair)
