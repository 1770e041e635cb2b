"""Every check, in the order in which they are told: each can only hide those below it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from rolebound.diagnosis import arns, certificates, reach, resources
from rolebound.diagnosis.chain import chain
from rolebound.diagnosis.facts import Facts
from rolebound.diagnosis.findings import Finding, Verdict
from rolebound.diagnosis.revocation import revocation
from rolebound.diagnosis.trust import trust_policy

CHECKS: Final[Mapping[str, Callable[[Facts], Finding]]] = {
    "files": certificates.files,
    "pair": certificates.pair,
    "dates": certificates.dates,
    "usages": certificates.usages,
    "subject": certificates.subject,
    "chain": chain,
    "clock": reach.clock,
    "region": arns.region,
    "anchor": resources.anchor,
    "profile": resources.profile,
    "role": resources.role_in_profile,
    "trust-policy": trust_policy,
    "session-name": resources.session_name,
    "duration": resources.duration,
    "session-policy": resources.session_policy,
    "revocation": revocation,
    "quota": reach.quota,
    "dns": reach.name,
    "tls": reach.tls,
    "session": reach.session,
}
_CALL: Final = "session"


def diagnosed(facts: Facts) -> dict[str, Finding]:
    """Return what every check says, by its name and in order."""
    findings = {name: check(facts) for name, check in CHECKS.items()}
    causes = [name for name, finding in findings.items() if finding.verdict is Verdict.WRONG and name != _CALL]
    if causes and findings[_CALL].verdict is Verdict.WRONG:
        findings[_CALL] = replace(findings[_CALL], remedy=f"mend first: {', '.join(causes)}")
    return findings


def verdict(findings: Mapping[str, Finding]) -> Verdict:
    """Return the whole's verdict: WRONG where anything is, OK where AWS gave a session, else NOT_CHECKED."""
    if any(finding.verdict is Verdict.WRONG for finding in findings.values()):
        return Verdict.WRONG
    return findings[_CALL].verdict
