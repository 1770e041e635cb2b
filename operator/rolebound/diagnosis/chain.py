"""Whether the certificates lead from the leaf to the trust anchor's CA, and if not, where the way ends.

A validator says only no. This one walks: it names the issuer that is missing, the CA that was made anew under its old
name, or the certificate that may not sign others.
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from rolebound.diagnosis.certificates import shown
from rolebound.diagnosis.facts import Anchor, Facts, Material, Missing, Unknown
from rolebound.diagnosis.findings import Finding, not_checked, ok, unread, wrong
from rolebound.errors import CertificateError
from rolebound.model import remedies
from rolebound.model.identity import leaf_faults


@dataclass(frozen=True, slots=True)
class Way:
    """The certificates from the leaf upwards; `end` is the CA of the trust anchor, or None where it is not reached."""

    certificates: tuple[x509.Certificate, ...]
    end: x509.Certificate | None
    reason: str = ""
    """Why it ends before the CA."""


def chain(facts: Facts) -> Finding:
    """Whether AWS can build the chain from what is sent, and every certificate of it may be there."""
    material = facts.material
    if not isinstance(material, Material) or material.leaf is None:
        return not_checked("it is not known which certificate is meant: see `files` and `pair`")
    if isinstance(material.identity, CertificateError) and not list(leaf_faults(material.leaf, "")):
        return wrong(str(material.identity), remedies.UNTRUSTED)
    authorities = _authorities(facts.anchor)
    if isinstance(authorities, Unknown):
        return unread(authorities)
    return _judged(way(material.leaf, material.others, authorities), facts.aws_now)


def path(facts: Facts) -> tuple[x509.Certificate, ...]:
    """Return the certificates from the leaf to the trust anchor's CA; none where the chain is not known."""
    material, authorities = facts.material, _authorities(facts.anchor)
    if not isinstance(material, Material) or material.leaf is None or isinstance(authorities, Unknown):
        return ()
    found = way(material.leaf, material.others, authorities)
    return (*found.certificates, found.end) if found.end else ()


def _authorities(anchor: Anchor | Missing | Unknown) -> tuple[x509.Certificate, ...] | Unknown:
    match anchor:
        case Unknown():
            return anchor
        case Missing():
            return Unknown("there is no trust anchor to lead to: see `anchor`")
    return anchor.authorities


def way(leaf: x509.Certificate, others: Sequence[x509.Certificate], authorities: Sequence[x509.Certificate]) -> Way:
    """Return how far `others` lead from `leaf` to one of `authorities`."""
    steps = [leaf]
    while True:
        current = steps[-1]
        for authority in authorities:
            if signed(current, authority):
                return Way(tuple(steps), authority)
        following = next((each for each in others if each not in steps and signed(current, each)), None)
        if following is None:
            return Way(tuple(steps), None, _why(current, authorities))
        steps.append(following)


def signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` has the issuer's name and its key signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _why(last: x509.Certificate, authorities: Sequence[x509.Certificate]) -> str:
    issuer, own = shown(last.issuer), ", ".join(repr(shown(each.subject)) for each in authorities)
    if any(each.subject == last.issuer for each in authorities):
        return (
            f"the trust anchor's CA is called {issuer!r} as the issuer of {shown(last.subject)!r} is, but its key did "
            "not sign that: the CA was made anew, or is another one of that name"
        )
    return (
        f"{shown(last.subject)!r} was issued by {issuer!r}, which is neither among the certificates given nor "
        f"the trust anchor's CA ({own or 'none'})"
    )


def _judged(found: Way, now: datetime) -> Finding:
    if found.end is None:
        return wrong(found.reason, remedies.UNTRUSTED)
    above = (*found.certificates[1:], found.end)
    for depth, each in enumerate(above):
        if fault := _authority_fault(each, depth, now):
            return wrong(f"{shown(each.subject)!r} {fault}", "issue the chain anew from a CA that may issue it")
    return ok(" ← ".join(shown(each.subject) for each in (*found.certificates, found.end)))


def _authority_fault(certificate: x509.Certificate, intermediates_below: int, now: datetime) -> str:
    """Return what keeps a certificate from being a CA above so many intermediates, or ""."""
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return "is not in date"
    extensions = {each.oid: each.value for each in certificate.extensions}
    constraints = extensions.get(x509.BasicConstraints.oid)
    usage = extensions.get(x509.KeyUsage.oid)
    if not isinstance(constraints, x509.BasicConstraints) or not constraints.ca:
        return "is not a CA (basicConstraints CA:TRUE), so it may not issue certificates"
    if constraints.path_length is not None and constraints.path_length < intermediates_below:
        return f"allows {constraints.path_length} intermediates below it, and there are {intermediates_below}"
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        return "lacks the key usage keyCertSign, so it may not issue certificates"
    return ""
