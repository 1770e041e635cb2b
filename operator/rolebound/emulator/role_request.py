"""What an AssumeRole request asks for, in the query protocol's flat form, and whether it is well formed.

Never looks anything up. `Tags.member.1.Key` and its like are lists, counted from one.
Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from rolebound.emulator.arns import Arn
from rolebound.emulator.conditions import UnreadablePolicy
from rolebound.emulator.messages import HttpRequest, Refusal
from rolebound.emulator.policies import check_document

_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID: Final = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_TAG_KEY: Final = re.compile(r"[\w\s.:/=+@-]{1,128}")
_TAG_VALUE: Final = re.compile(r"[\w\s.:/=+@-]{0,256}")
_MOST_TAGS: Final = 50
_MOST_POLICIES: Final = 10
_LONGEST_POLICY: Final = 2048
_SHORTEST, _LONGEST = 900, 43_200

Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """A request whose every field is well formed; what it leaves open is None or empty."""

    role_arn: str
    session_name: str
    seconds: int | None
    policy: str | None
    policy_arns: tuple[str, ...]
    tags: Mapping[str, str]
    transitive: frozenset[str]
    source_identity: str | None
    external_id: str | None


def parameters_of(request: HttpRequest) -> Parameters:
    """Return the parameters of a request in the query protocol, from its query and its form."""
    pairs = parse_qsl(request.query, keep_blank_values=True)
    return dict(pairs + parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def read_role_request(parameters: Parameters) -> RoleRequest:
    """Return what `parameters` ask for; Refusal with 400 where one is missing, malformed or out of range."""
    tags = _tags(parameters)
    transitive = frozenset(_members(parameters, "TransitiveTagKeys"))
    if not transitive <= tags.keys():
        raise _invalid("TransitiveTagKeys", "must be keys of Tags")
    policy_arns = _members(parameters, "PolicyArns", "arn")
    if len(policy_arns) > _MOST_POLICIES:
        raise _invalid("PolicyArns", f"may be at most {_MOST_POLICIES}")
    return RoleRequest(
        role_arn=_role_arn(parameters),
        session_name=_matching(parameters, "RoleSessionName", _NAME, required=True) or "",
        seconds=_seconds(parameters.get("DurationSeconds")),
        policy=_policy(parameters.get("Policy")),
        policy_arns=policy_arns,
        tags=tags,
        transitive=transitive,
        source_identity=_matching(parameters, "SourceIdentity", _NAME),
        external_id=_matching(parameters, "ExternalId", _EXTERNAL_ID),
    )


def _members(parameters: Parameters, name: str, field: str | None = None) -> tuple[str, ...]:
    """Return the list called `name`, or that field of each of its structures."""
    ending = f"\\.{field}" if field else ""
    pattern = re.compile(rf"{name}\.member\.(\d+){ending}", re.ASCII)
    found = {int(match[1]): value for key, value in parameters.items() if (match := pattern.fullmatch(key))}
    return tuple(value for _, value in sorted(found.items()))


def _tags(parameters: Parameters) -> dict[str, str]:
    keys, values = _members(parameters, "Tags", "Key"), _members(parameters, "Tags", "Value")
    if len(keys) != len(values) or len(set(keys)) < len(keys) or len(keys) > _MOST_TAGS:
        raise _invalid("Tags", f"must be at most {_MOST_TAGS}, each with a key of its own and a value")
    if not all(map(_TAG_KEY.fullmatch, keys)) or not all(map(_TAG_VALUE.fullmatch, values)):
        raise _invalid("Tags", "have characters that STS takes in no tag, or too many")
    return dict(zip(keys, values, strict=True))


def _matching(parameters: Parameters, name: str, pattern: re.Pattern[str], *, required: bool = False) -> str | None:
    value = parameters.get(name)
    if value is None and not required:
        return None
    if value is None or pattern.fullmatch(value) is None:
        raise _invalid(name, f"must satisfy regular expression pattern: {pattern.pattern}")
    return value


def _role_arn(parameters: Parameters) -> str:
    try:
        arn = Arn.parse(parameters.get("RoleArn", ""))
    except ValueError:
        raise _invalid("RoleArn", "is not an ARN") from None
    if (arn.service, arn.kind) != ("iam", "role"):
        raise _invalid("RoleArn", "is not the ARN of a role")
    return str(arn)


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not _SHORTEST <= int(text) <= _LONGEST:
        raise _invalid("DurationSeconds", f"must be an integer from {_SHORTEST} to {_LONGEST}")
    return int(text)


def _policy(document: str | None) -> str | None:
    if document is None:
        return None
    if not 1 <= len(document) <= _LONGEST_POLICY:
        raise _invalid("Policy", f"must have from 1 to {_LONGEST_POLICY} characters")
    try:
        check_document(document)
    except UnreadablePolicy as error:
        raise Refusal(400, "MalformedPolicyDocument", str(error)) from None
    return document


def _invalid(name: str, what: str) -> Refusal:
    return Refusal(400, "ValidationError", f"1 validation error detected: Value at '{name}' {what}")
