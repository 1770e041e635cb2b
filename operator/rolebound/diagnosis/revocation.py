"""Whether a revocation list of the trust anchor names a certificate of the chain.

Roles Anywhere looks at imported lists alone, never at OCSP or distribution points:
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/revocation.html
"""

from collections.abc import Iterable
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from rolebound.diagnosis.certificates import shown
from rolebound.diagnosis.chain import path
from rolebound.diagnosis.facts import Facts, Unknown
from rolebound.diagnosis.findings import Finding, not_checked, ok, unread, wrong
from rolebound.model import remedies


def revocation(facts: Facts) -> Finding:
    """Whether the chain is free of revoked certificates."""
    lists = facts.revocations
    if isinstance(lists, Unknown):
        return unread(lists)
    if not lists:
        return ok("the trust anchor has no enabled revocation list")
    steps = path(facts)
    if not steps:
        return not_checked("which certificates could be on its lists is known only with a whole chain: see `chain`")
    for certificate, issuer in pairwise(steps):
        if _revoked(certificate, issuer, lists):
            return wrong(f"{shown(certificate.subject)!r}, serial {certificate.serial_number}", remedies.REVOKED)
    count = len(lists)
    return ok(f"not on the trust anchor's {count} enabled revocation list{'s' if count > 1 else ''}")


def _revoked(
    certificate: x509.Certificate, issuer: x509.Certificate, lists: Iterable[x509.CertificateRevocationList]
) -> bool:
    """Whether one of `lists` that the certificate's own issuer signed names it."""
    return any(
        each.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
        for each in lists
        if each.issuer == certificate.issuer and _signed_by(each, issuer)
    )


def _signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # other keys raise TypeError
    except (TypeError, ValueError, InvalidSignature, UnsupportedAlgorithm):
        return False
