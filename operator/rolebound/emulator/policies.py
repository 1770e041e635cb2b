"""IAM's evaluation of policy documents: an explicit deny, else an allow, else nothing.

Pure: documents and one request in, a decision out. Serves trust policies, session policies and identity policies alike.
A document that cannot be read denies, because a test double that skips what it does not understand proves nothing.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final

from rolebound.emulator.conditions import Condition, UnreadablePolicy, read_conditions
from rolebound.emulator.patterns import RequestContext, matches, pattern_source

# Policy variables came with this version; in a document of 2008 `${` is text.
_VERSION_WITH_VARIABLES: Final = "2012-10-17"


class Decision(Enum):
    """What documents say about a request."""

    ALLOWED = "allowed"
    DENIED = "explicitly denied"
    NOT_ALLOWED = "not allowed"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One action on one resource, by a caller who answers to `principals`: names by kind, `AWS` or `Service`."""

    action: str
    resource: str = "*"
    context: RequestContext = field(default_factory=dict)
    principals: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Statement:
    allows: bool
    actions: re.Pattern[str]
    not_action: bool
    resources: tuple[str, ...] | None
    not_resource: bool
    principals: Mapping[str, frozenset[str]] | None
    not_principal: bool
    conditions: tuple[Condition, ...]
    variables: bool

    def applies(self, request: AccessRequest) -> bool:
        if (self.actions.fullmatch(request.action) is not None) == self.not_action:
            return False
        context = request.context if self.variables else None
        if self.resources is not None:
            named = any(matches(pattern, request.resource, context) for pattern in self.resources)
            if named == self.not_resource:
                return False
        if self.principals is not None and self._names_caller(request) == self.not_principal:
            return False
        return all(condition.holds(request.context, variables=self.variables) for condition in self.conditions)

    def _names_caller(self, request: AccessRequest) -> bool:
        return any(
            "*" in named or bool(named & request.principals.get(kind, frozenset()))
            for kind, named in (self.principals or {}).items()
            if kind == "*" or kind in request.principals
        )


def evaluate(documents: Iterable[str], request: AccessRequest) -> Decision:
    """Return what `documents` together say about `request`; an unreadable one denies."""
    decision = Decision.NOT_ALLOWED
    try:
        for document in documents:
            for statement in _statements(document):
                if not statement.applies(request):
                    continue
                if not statement.allows:
                    return Decision.DENIED
                decision = Decision.ALLOWED
    except UnreadablePolicy:
        return Decision.DENIED
    return decision


def allowed(documents: Iterable[str], request: AccessRequest) -> bool:
    """Return whether `documents` allow `request`."""
    return evaluate(documents, request) is Decision.ALLOWED


def check_document(document: str) -> None:
    """Return where `document` is a policy; UnreadablePolicy otherwise."""
    _statements(document)


# AWS's ReadOnlyAccess alone is over 100 KB, and is read at each call of each session.
@lru_cache(maxsize=256)
def _statements(document: str) -> tuple[_Statement, ...]:
    try:
        policy = json.loads(document)
        statements = policy["Statement"]
        variables = policy.get("Version") == _VERSION_WITH_VARIABLES
        several = statements if isinstance(statements, list) else [statements]
        return tuple(_statement(one, variables=variables) for one in several)
    except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise UnreadablePolicy(f"not a policy document: {type(error).__name__}") from error


def _statement(element: Mapping[str, object], *, variables: bool) -> _Statement:
    effect = element["Effect"]
    if effect not in ("Allow", "Deny"):
        raise UnreadablePolicy("Effect must be Allow or Deny")
    not_action, actions = _either(element, "Action")
    not_resource, resources = _either(element, "Resource")
    not_principal, principals = _either(element, "Principal")
    if actions is None:
        raise UnreadablePolicy("a statement needs Action or NotAction")
    # Actions know no upper and lower case; resources do.
    sources = "|".join(pattern_source(action) for action in _texts(actions))
    return _Statement(
        allows=effect == "Allow",
        actions=re.compile(sources, re.IGNORECASE | re.DOTALL),
        not_action=not_action,
        resources=None if resources is None else _texts(resources),
        not_resource=not_resource,
        principals=None if principals is None else _principals(principals),
        not_principal=not_principal,
        conditions=read_conditions(element.get("Condition", {})),
        variables=variables,
    )


def _either(element: Mapping[str, object], name: str) -> tuple[bool, object]:
    if name in element and f"Not{name}" in element:
        raise UnreadablePolicy(f"{name} and Not{name} exclude each other")
    negated = f"Not{name}" in element
    return negated, element.get(f"Not{name}" if negated else name)


def _texts(element: object) -> tuple[str, ...]:
    several = element if isinstance(element, list) else [element]
    if not all(isinstance(one, str) for one in several):
        raise UnreadablePolicy("expected a string or a list of strings")
    return tuple(several)


def _principals(element: object) -> Mapping[str, frozenset[str]]:
    if element == "*":
        return {"*": frozenset("*")}
    if not isinstance(element, Mapping):
        raise UnreadablePolicy('Principal must be "*" or an object')
    # "*" is a wildcard for AWS principals alone: {"Service": "*"} names nobody.
    return {
        str(kind): frozenset(_texts(names)) - (frozenset() if kind == "AWS" else frozenset("*"))
        for kind, names in element.items()
    }
