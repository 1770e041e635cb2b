"""The checks of the role: that it is there and may be assumed with this very certificate."""

from collections.abc import Mapping
from typing import Final

from cryptography import x509

from rolebound.diagnosis.facts import Facts, Material, Missing, Profile, Unknown
from rolebound.diagnosis.findings import Finding, not_checked, ok, unread, wrong
from rolebound.diagnosis.policies import PRINCIPAL, Judgement, UnreadablePolicy, judged
from rolebound.diagnosis.tags import DEFAULT_MAPPINGS, Context, context

# All three, because each session is tagged and has a source identity:
# https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
ACTIONS: Final = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
_REMEDY: Final = (
    f"let {PRINCIPAL} do {', '.join(ACTIONS)} in the role's trust policy, "
    "under conditions that this certificate and trust anchor meet"
)
_PIN: Final = "the policy names no trust anchor: add ArnEquals aws:SourceArn, so that no other of the account serves"


def trust_policy(facts: Facts) -> Finding:
    """Whether the role's trust policy allows a session for this certificate, this anchor and this session name."""
    match facts.role:
        case Unknown() as unknown:
            return unread(unknown)
        case Missing() as missing:
            return wrong(f"{missing.what} does not exist", "create the role, or give the ARN of one that exists")
    leaf = facts.material.leaf if isinstance(facts.material, Material) else None
    if leaf is None:
        return not_checked("a trust policy is judged for a certificate, and it is not known which: see `pair`")
    mapped = facts.profile.mappings if isinstance(facts.profile, Profile) else DEFAULT_MAPPINGS
    assumed = "" if isinstance(facts.profile, Profile) else "; taking the profile's attribute mappings for the default"
    return _finding(facts.role.trust_policy, _context(facts, leaf, mapped), assumed)


def _context(facts: Facts, leaf: x509.Certificate, mappings: Mapping[str, frozenset[str]]) -> Context:
    return context(leaf, facts.request, mappings, facts.aws_now)


def _finding(document: object, scene: Context, assumed: str) -> Finding:
    try:
        judgements = {action: judged(document, action, scene) for action in ACTIONS}
    except (UnreadablePolicy, RecursionError) as error:
        return not_checked(f"the trust policy cannot be read: {error}", _REMEDY)
    refused = _named(judgements, allowed=False)
    if refused:
        return wrong(_told(judgements, refused) + assumed, _REMEDY)
    unknown = _named(judgements, allowed=None)
    if unknown:
        return not_checked(_told(judgements, unknown) + assumed)
    pinned = "aws:sourcearn" in str(document).lower()
    return ok(f"allows {', '.join(ACTIONS)} for this certificate{assumed}", "" if pinned else _PIN)


def _named(judgements: dict[str, Judgement], *, allowed: bool | None) -> list[str]:
    return [action for action, judgement in judgements.items() if judgement.allowed is allowed]


def _told(judgements: dict[str, Judgement], actions: list[str]) -> str:
    """Return the actions with their reasons; reasons that they share are told once."""
    by_reasons: dict[tuple[str, ...], list[str]] = {}
    for action in actions:
        reasons = tuple(each.replace(action, "the action") for each in judgements[action].reasons)
        by_reasons.setdefault(reasons, []).append(action)
    verb = "does not allow" if judgements[actions[0]].allowed is False else "may or may not allow"
    return "; ".join(f"{verb} {', '.join(named)}: {', and '.join(why)}" for why, named in by_reasons.items())
