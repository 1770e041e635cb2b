"""The Condition element of an IAM policy statement.

Decides whether every operator and key of one Condition holds for a request. An operator that IAM does not have, or a
value that it cannot read, is an UnreadablePolicy: the caller refuses the request, and nothing is skipped in silence.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from typing import Final, TypeVar

from rolebound.emulator.patterns import RequestContext, arn_matches, matches, substituted


class UnreadablePolicy(ValueError):
    """A policy document that IAM would not have accepted."""


# (value of the request, value of the policy, context for variables or None) -> whether they agree
_Test = Callable[[str, str, RequestContext | None], bool]
_Ordered = TypeVar("_Ordered", Decimal, datetime)


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator with one key and the values that it is compared to."""

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, context: RequestContext, *, variables: bool) -> bool:
        """Return whether the request meets this condition; `variables` says whether `${}` is one in this document."""
        quantifier, _, operator = self.operator.rpartition(":")
        if_exists = operator.endswith("IfExists")
        name = operator.removesuffix("IfExists").lower()
        actual = context.get(self.key.lower(), ())
        if name == "null":
            return (not actual) == (self.values == ("true",))
        test, negated = _operator(name)
        if not actual:
            return _absent(quantifier, if_exists=if_exists, negated=negated)
        scope = context if variables else None
        outcomes = [any(test(value, expected, scope) for expected in self.values) != negated for value in actual]
        return all(outcomes) if quantifier.lower() == "forallvalues" else any(outcomes)


def read_conditions(element: object) -> tuple[Condition, ...]:
    """Return the conditions of a Condition element; UnreadablePolicy where it is none."""
    if not isinstance(element, Mapping):
        raise UnreadablePolicy("Condition must be an object")
    conditions = []
    for operator, block in element.items():
        if not isinstance(operator, str) or not isinstance(block, Mapping):
            raise UnreadablePolicy("Condition must be an object of objects")
        quantifier, _, name = operator.rpartition(":")
        if quantifier.lower() not in {"", "forallvalues", "foranyvalue"}:
            raise UnreadablePolicy(f"no such quantifier: {quantifier}")
        if name.lower() != "null":
            _operator(name.removesuffix("IfExists").lower())
        conditions += [Condition(operator, str(key), _texts(value)) for key, value in block.items()]
    return tuple(conditions)


def _texts(value: object) -> tuple[str, ...]:
    several = value if isinstance(value, list) else [value]
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in several)


def _absent(quantifier: str, *, if_exists: bool, negated: bool) -> bool:
    match quantifier.lower():
        case "forallvalues":
            return True
        case "foranyvalue":
            return False
    return if_exists or negated


def _filled(expected: str, context: RequestContext | None) -> str | None:
    return expected if context is None else substituted(expected, context)


def _string_equals(actual: str, expected: str, context: RequestContext | None) -> bool:
    return actual == _filled(expected, context)


def _string_equals_ignoring_case(actual: str, expected: str, context: RequestContext | None) -> bool:
    filled = _filled(expected, context)
    return filled is not None and actual.casefold() == filled.casefold()


def _string_like(actual: str, expected: str, context: RequestContext | None) -> bool:
    return matches(expected, actual, context)


def _arn_like(actual: str, expected: str, context: RequestContext | None) -> bool:
    return arn_matches(expected, actual, context)


def _in_network(actual: str, expected: str, _: RequestContext | None) -> bool:
    try:
        return ip_address(actual) in ip_network(expected, strict=False)
    except ValueError as error:
        raise UnreadablePolicy(str(error)) from error


def _bool(actual: str, expected: str, _: RequestContext | None) -> bool:
    return actual.lower() == expected.lower()


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise UnreadablePolicy(f"no number: {text!r}") from None


def _date(text: str) -> datetime:
    try:
        if text.isdecimal():  # seconds since 1970, the other form that IAM takes
            return datetime.fromtimestamp(int(text), UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadablePolicy(f"no date: {text!r}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _compared(holds: Callable[[int], bool], read: Callable[[str], _Ordered]) -> _Test:
    def test(actual: str, expected: str, _: RequestContext | None) -> bool:
        left, right = read(actual), read(expected)
        return holds((left > right) - (left < right))

    return test


_POSITIVE: Final[dict[str, _Test]] = {
    "stringequals": _string_equals,
    "stringequalsignorecase": _string_equals_ignoring_case,
    "stringlike": _string_like,
    "arnequals": _arn_like,  # IAM: ArnEquals and ArnLike behave identically
    "arnlike": _arn_like,
    "ipaddress": _in_network,
    "bool": _bool,
    "binaryequals": lambda actual, expected, _: actual == expected,
}
_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}
_ORDERS: Final[dict[str, Callable[[int], bool]]] = {
    "equals": lambda sign: sign == 0,
    "lessthan": lambda sign: sign < 0,
    "lessthanequals": lambda sign: sign <= 0,
    "greaterthan": lambda sign: sign > 0,
    "greaterthanequals": lambda sign: sign >= 0,
}
_POSITIVE.update({f"numeric{name}": _compared(order, _number) for name, order in _ORDERS.items()})
_POSITIVE.update({f"date{name}": _compared(order, _date) for name, order in _ORDERS.items()})


def _operator(name: str) -> tuple[_Test, bool]:
    test = _POSITIVE.get(_NEGATED.get(name, name))
    if test is None:
        raise UnreadablePolicy(f"no such condition operator: {name}")
    return test, name in _NEGATED
