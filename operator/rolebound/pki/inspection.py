"""What a certificate says, in words, and what IAM Roles Anywhere would say to it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from rolebound.clock import rfc3339
from rolebound.model.identity import extension, leaf_faults
from rolebound.model.keys import kind
from rolebound.model.tags import TAG_VALUE, attributes
from rolebound.pki.certificates import authority_faults
from rolebound.pki.keys import is_accepted

_USAGES: Final = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
_PURPOSES: Final = {ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth", ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth"}


def description(certificate: x509.Certificate, place: str, now: datetime) -> dict[str, Any]:
    """Return a certificate as JSON: its facts, the session tags it gives, and whether Roles Anywhere takes it."""
    constraints = extension(certificate, x509.BasicConstraints)
    is_ca = constraints is not None and constraints.ca
    facts: dict[str, Any] = {
        "file": place,
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "serialNumber": str(certificate.serial_number),
        "notBefore": rfc3339(certificate.not_valid_before_utc),
        "notAfter": rfc3339(certificate.not_valid_after_utc),
        "daysLeft": (certificate.not_valid_after_utc - now).days,
        "key": kind(certificate.public_key()),
        "ca": is_ca,
        "pathLength": constraints.path_length if constraints is not None else None,
        "keyUsage": list(_key_usage(certificate)),
        "alternativeNames": list(_alternative_names(certificate)),
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        "use": "trust anchor" if is_ca else "client",
    }
    faults = list(_faults(certificate, place, now, is_ca=is_ca))
    tags = {} if is_ca else {key: value for key, value in attributes(certificate) if TAG_VALUE.fullmatch(value)}
    return facts | {"accepted": not faults, "faults": faults, "principalTags": tags}


def as_text(facts: dict[str, Any]) -> str:
    """Return a description as lines for a person."""
    verdict = "yes" if facts["accepted"] else f"no: {'; '.join(facts['faults'])}"
    lines = {
        "Subject": facts["subject"] or "(empty)",
        "Issuer": facts["issuer"],
        "Serial number": facts["serialNumber"],
        "Valid": f"{facts['notBefore']} to {facts['notAfter']} ({facts['daysLeft']} days left)",
        "Key": facts["key"],
        "CA": f"yes, path length {facts['pathLength']}" if facts["ca"] else "no",
        "Key usage": ", ".join(facts["keyUsage"]) or "(none)",
        "Alternative names": ", ".join(facts["alternativeNames"]),
        "SHA-256": facts["sha256"],
        f"Accepted as {facts['use']}": verdict,
    }
    shown = [f"  {name + ':':<26}{value}" for name, value in lines.items() if value]
    tags = [f"    aws:PrincipalTag/{name} = {value}" for name, value in facts["principalTags"].items()]
    return "\n".join([facts["file"], *shown, *(["  A trust policy can ask for:", *tags] if tags else [])])


def _faults(certificate: x509.Certificate, place: str, now: datetime, *, is_ca: bool) -> Iterator[str]:
    """Yield whatever Roles Anywhere would refuse the certificate for."""
    if is_ca:
        yield from authority_faults(certificate, place)
    else:
        yield from (fault for _, fault in leaf_faults(certificate, place))
    if not is_accepted(certificate.public_key()):
        yield f"{place} has a key that Roles Anywhere does not take: {kind(certificate.public_key())}"
    if now > certificate.not_valid_after_utc:
        yield f"{place} has expired"
    if now < certificate.not_valid_before_utc:
        yield f"{place} is not valid yet"


def _key_usage(certificate: x509.Certificate) -> Iterator[str]:
    usage = extension(certificate, x509.KeyUsage)
    if usage is not None:
        yield from (text for name, text in _USAGES.items() if getattr(usage, name))
    extended = extension(certificate, x509.ExtendedKeyUsage)
    if extended is not None:
        yield from (_PURPOSES.get(each, each.dotted_string) for each in extended)


def _alternative_names(certificate: x509.Certificate) -> Iterator[str]:
    names = extension(certificate, x509.SubjectAlternativeName)
    for name in names or ():
        value = name.value.rfc4514_string() if isinstance(name.value, x509.Name) else str(name.value)
        yield f"{type(name).__name__}:{value}"
