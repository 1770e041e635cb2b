"""IAM's judgement of a role's trust policy, for Roles Anywhere and one certificate, with reasons.

An explicit Deny, else an Allow, else nothing; and where a statement cannot be judged here, that. Reasons name the
statement and the element in it that stands in the way.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rolebound.diagnosis.certificates import printable
from rolebound.diagnosis.conditions import Answer, Truth, answers, every, matches
from rolebound.diagnosis.tags import Context

PRINCIPAL: Final = "rolesanywhere.amazonaws.com"
# Policy variables came with this version; in one of 2008 `${` is text.
_VERSION_WITH_VARIABLES: Final = "2012-10-17"


class UnreadablePolicy(ValueError):
    """A document that is no policy."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the policy allows an action, and what stands in the way, or in the dark."""

    allowed: Truth
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Statement:
    name: str
    element: Mapping[str, object]
    variables: bool

    @property
    def denies(self) -> bool:
        return self.element.get("Effect") == "Deny"

    def applies(self, action: str, context: Context) -> Answer:
        """Return whether the statement speaks of this action by this service."""
        parts = list(self._parts(action, context))
        reasons = [part.why for part in parts if not part.holds]
        return Answer(every(part.holds for part in parts), f"{self.name}: {'; '.join(reasons)}")

    def _parts(self, action: str, context: Context) -> Iterator[Answer]:
        yield _either(self.element, "Action", lambda actions: _names_action(actions, action))
        yield _either(self.element, "Principal", _names_service)
        if "Condition" in self.element:
            yield from answers(self.element["Condition"], context, variables=self.variables)


def judged(document: object, action: str, context: Context) -> Judgement:
    """Return what a trust policy says to `action` by Roles Anywhere; UnreadablePolicy where it is none."""
    statements = list(_statements(document))
    outcomes = [(each, each.applies(action, context)) for each in statements]
    denials = [answer for each, answer in outcomes if each.denies]
    grants = [answer for each, answer in outcomes if not each.denies]
    for statement, answer in outcomes:
        if statement.denies and answer.holds:
            return Judgement(allowed=False, reasons=(f"{statement.name} denies {action}",))
    open_denials = tuple(answer.why for answer in denials if answer.holds is None)
    if any(answer.holds for answer in grants):
        return Judgement(allowed=None, reasons=open_denials) if open_denials else Judgement(allowed=True)
    open_grants = tuple(answer.why for answer in grants if answer.holds is None)
    if open_grants:
        return Judgement(allowed=None, reasons=open_grants + open_denials)
    return Judgement(
        allowed=False, reasons=tuple(answer.why for answer in grants) or ("no statement has the Effect Allow",)
    )


def _statements(document: object) -> Iterator[_Statement]:
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise UnreadablePolicy("it is no policy document")
    variables = document.get("Version") == _VERSION_WITH_VARIABLES
    elements = document["Statement"]
    for number, element in enumerate(elements if isinstance(elements, list) else [elements], 1):
        if not isinstance(element, Mapping) or element.get("Effect") not in ("Allow", "Deny"):
            raise UnreadablePolicy(f"its statement {number} has no Effect of Allow or Deny")
        sid = f" ({printable(str(element['Sid']))})" if element.get("Sid") else ""
        yield _Statement(f"statement {number}{sid}", element, variables)


def _either(element: Mapping[str, object], name: str, judge: Callable[[object], Answer]) -> Answer:
    """Return whether Action or NotAction, Principal or NotPrincipal, speaks of us."""
    if name in element:
        return judge(element[name])
    if f"Not{name}" not in element:
        return Answer(holds=None, why=f"it has no {name}")
    inner = judge(element[f"Not{name}"])
    holds = None if inner.holds is None else not inner.holds
    return Answer(holds, f"its Not{name} leaves this out")


def _names_action(actions: object, action: str) -> Answer:
    # Actions know no upper and lower case.
    named = any(matches(each.lower(), action.lower()) for each in _texts(actions))
    return Answer(named, f"{action} is not among its actions")


def _names_service(principal: object) -> Answer:
    if principal == "*":
        return Answer(holds=True)
    if not isinstance(principal, Mapping):
        return Answer(holds=None, why="its Principal cannot be read")
    if PRINCIPAL in _texts(principal.get("Service", [])):
        return Answer(holds=True)
    if "*" in _texts(principal.get("AWS", [])):
        return Answer(holds=None, why='whether {"AWS": "*"} means a service is for AWS to say')
    return Answer(holds=False, why=f"its Principal is not the Service {PRINCIPAL}")


def _texts(element: object) -> list[str]:
    several = element if isinstance(element, list) else [element]
    return [each for each in several if isinstance(each, str)]
