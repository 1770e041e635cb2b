"""IAM's Condition element, for one request, with three answers: it holds, it does not, it cannot be known here.

Not known is any key that only AWS has a value for, and any operator or value that cannot be read; nothing is taken for
granted. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import fnmatch
import glob
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from typing import Any, Final

from rolebound.diagnosis.certificates import printable
from rolebound.diagnosis.tags import Context

Truth = bool | None
"""None: it cannot be known here."""

_VARIABLE: Final = re.compile(r"\$\{(?P<key>[^},]*)(?:,\s*'(?P<default>[^']*)')?\s*\}")
_TAG_PREFIX: Final = "aws:principaltag/"
# arn:partition:service:region:account:resource, the last of which may hold colons itself.
_ARN_FIELDS: Final = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether one condition holds, and why it does not, or why that is not known."""

    holds: Truth
    why: str = ""


def every(truths: Iterable[Truth]) -> Truth:
    """Return whether all hold: one that does not decides."""
    several = list(truths)
    return False if False in several else None if None in several else True


def some(truths: Iterable[Truth]) -> Truth:
    """Return whether any holds: one that does decides."""
    several = list(truths)
    return True if True in several else None if None in several else False


def answers(element: object, context: Context, *, variables: bool) -> Iterator[Answer]:
    """Yield the answer of every operator and key of a Condition element; `variables`: whether `${…}` is one here."""
    if not isinstance(element, Mapping):
        yield Answer(holds=None, why="its Condition is no object")
        return
    for operator, block in element.items():
        if not isinstance(block, Mapping):
            yield Answer(holds=None, why=f"its condition {printable(str(operator))} is no object")
            continue
        for key, value in block.items():
            yield _Condition(str(operator), str(key), _texts(value), context, variables=variables).answer()


@dataclass(frozen=True, slots=True)
class _Condition:
    operator: str
    key: str
    expected: tuple[str, ...]
    context: Context
    variables: bool

    def answer(self) -> Answer:
        quantifier, _, rest = self.operator.rpartition(":")
        name = rest.removesuffix("IfExists").lower()
        key = self.key.lower()
        actual = self.context.values.get(key, ())
        if not actual and not self.context.absent(key):
            return Answer(holds=None, why=f"{self._words()}: only AWS knows the value of {printable(self.key)}")
        if name == "null":
            return self._answer((not actual) == (self.expected == ("true",)), actual)
        positive = _POSITIVE.get(_NEGATED.get(name, name))
        if positive is None or quantifier.lower() not in {"", "forallvalues", "foranyvalue"}:
            return Answer(holds=None, why=f"{self._words()}: no such operator is known")
        negated = name in _NEGATED
        if not actual:
            absent = {"": rest.endswith("IfExists") or negated, "forallvalues": True, "foranyvalue": False}
            return self._answer(absent[quantifier.lower()], actual)
        if not quantifier and key == "aws:tagkeys":
            return Answer(holds=None, why=f"{self._words()}: a key of several values needs ForAllValues or ForAnyValue")
        outcomes = [self._matches(positive, value, negated=negated) for value in actual]
        return self._answer(every(outcomes) if quantifier.lower() == "forallvalues" else some(outcomes), actual)

    def _matches(self, test: "_Test", value: str, *, negated: bool) -> Truth:
        found = some(test(value, pattern) if isinstance(pattern, _Pattern) else pattern for pattern in self._patterns())
        return None if found is None else found != negated

    def _patterns(self) -> Iterator["_Pattern | Truth"]:
        for text in self.expected:
            yield _filled(text, self.context) if self.variables else _Pattern(text, _glob(text))

    def _answer(self, holds: Truth, actual: tuple[str, ...]) -> Answer:
        if holds:
            return Answer(holds=True)
        has = " and ".join(repr(printable(value)) for value in actual) or "no value"
        key = self.key.lower()
        if not actual and (dropped := self.context.dropped.get(key.removeprefix(_TAG_PREFIX))):
            has = f"no value, because {dropped}"
        doubt = ", and that cannot be compared" if holds is None else ""
        return Answer(holds, f"{self._words()}, and this session has {has}{doubt}")

    def _words(self) -> str:
        asked = " or ".join(repr(printable(value)) for value in self.expected[:5]) or "nothing"
        return f"{printable(self.operator)} asks {printable(self.key)} for {asked}"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A value of the policy, as text and as a pattern of fnmatch's."""

    text: str
    glob: str


_Test = Callable[[str, _Pattern], Truth]


def matches(pattern: str, text: str) -> bool:
    """Whether `text` matches an IAM pattern of `*` and `?` without variables."""
    return fnmatch.fnmatchcase(text, _glob(pattern))


def _glob(pattern: str) -> str:
    return pattern.replace("[", "[[]")  # in IAM a bracket is itself


def _filled(text: str, context: Context) -> _Pattern | Truth:
    """Return the pattern with its variables' values, which are never patterns themselves.

    Where a variable has no value the pattern fits nothing: False; where only AWS knows it: None.
    """
    plain, pattern, position = "", "", 0
    for match in _VARIABLE.finditer(text):
        key = match["key"].strip()
        values = context.values.get(key.lower(), ())
        value = key if key in {"*", "?", "$"} else values[0] if len(values) == 1 else match["default"]
        if value is None:
            return False if values or context.absent(key.lower()) else None
        before = text[position : match.start()]
        plain, pattern, position = plain + before + value, pattern + _glob(before) + glob.escape(value), match.end()
    rest = text[position:]
    return _Pattern(plain + rest, pattern + _glob(rest))


def _arn_matches(actual: str, expected: _Pattern) -> Truth:
    """Compare two ARNs field by field, so that no wildcard reaches over a colon."""
    fields, patterns = (text.split(":", _ARN_FIELDS - 1) for text in (actual, expected.glob))
    if len(fields) != _ARN_FIELDS or len(patterns) != _ARN_FIELDS:
        return False
    return all(fnmatch.fnmatchcase(field, pattern) for field, pattern in zip(fields, patterns, strict=True))


def _in_network(actual: str, expected: _Pattern) -> Truth:
    try:
        return ip_address(actual) in ip_network(expected.text, strict=False)
    except ValueError:
        return None


def _date(text: str) -> datetime:
    if text.isdecimal():  # seconds since 1970, IAM's other form
        return datetime.fromtimestamp(int(text), UTC)
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _compared(holds: Callable[[int], bool], read: Callable[[str], Any]) -> _Test:
    def test(actual: str, expected: _Pattern) -> Truth:
        try:
            left, right = read(actual), read(expected.text)
            return holds((left > right) - (left < right))
        except (ValueError, InvalidOperation, OverflowError, OSError):
            return None

    return test


_ORDERS: Final[Mapping[str, Callable[[int], bool]]] = {
    "equals": lambda sign: sign == 0,
    "lessthan": lambda sign: sign < 0,
    "lessthanequals": lambda sign: sign <= 0,
    "greaterthan": lambda sign: sign > 0,
    "greaterthanequals": lambda sign: sign >= 0,
}
_POSITIVE: Final[Mapping[str, _Test]] = {
    "stringequals": lambda actual, expected: actual == expected.text,
    "stringequalsignorecase": lambda actual, expected: actual.casefold() == expected.text.casefold(),
    "stringlike": lambda actual, expected: fnmatch.fnmatchcase(actual, expected.glob),
    "arnequals": _arn_matches,  # IAM: ArnEquals and ArnLike behave identically
    "arnlike": _arn_matches,
    "ipaddress": _in_network,
    "bool": lambda actual, expected: actual.lower() == expected.text.lower(),
    "binaryequals": lambda actual, expected: actual == expected.text,
    **{f"numeric{name}": _compared(order, Decimal) for name, order in _ORDERS.items()},
    **{f"date{name}": _compared(order, _date) for name, order in _ORDERS.items()},
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


def _texts(value: object) -> tuple[str, ...]:
    several = value if isinstance(value, list) else [value]
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in several)
