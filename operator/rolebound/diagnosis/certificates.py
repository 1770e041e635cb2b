"""The checks of certificate and key alone: what can be known without AWS."""

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from rolebound.clock import rfc3339
from rolebound.diagnosis.facts import Facts, Material, Unknown
from rolebound.diagnosis.findings import Finding, not_checked, ok, unread, wrong
from rolebound.errors import CertificateError
from rolebound.model.identity import Aspect, leaf_faults
from rolebound.model.keys import kind

_NO_LEAF = "it is not known which certificate is meant: see `files` and `pair`"


def files(facts: Facts) -> Finding:
    """Whether the certificates and the key can be read, and the key is of a kind that Roles Anywhere takes."""
    match facts.material:
        case Unknown() as unknown:
            return unread(unknown)
        case CertificateError() as error:
            return wrong(str(error), "give a certificate and its private key that can be read")
        case material:
            count = len(material.certificates)
            return ok(f"{count} certificate{'s' if count > 1 else ''}, and a key: {kind(material.public_key)}")


def pair(facts: Facts) -> Finding:
    """Whether one of the certificates is the key's."""
    if not isinstance(facts.material, Material):
        return not_checked("there is no certificate and key to compare: see `files`")
    if facts.material.leaf is None:
        first = shown(facts.material.certificates[0].subject)
        return wrong(
            f"the key belongs to none of the certificates, the first of which is {first!r}",
            "give the certificate and the key that were made together",
        )
    return ok(f"the key is that of {shown(facts.material.leaf.subject)!r}, serial {facts.material.leaf.serial_number}")


def dates(facts: Facts) -> Finding:
    """Whether every certificate is in date, by AWS's clock."""
    if not isinstance(facts.material, Material):
        return not_checked(_NO_LEAF)
    now, certificates = facts.aws_now, facts.material.certificates
    for each in certificates:
        if now > each.not_valid_after_utc:
            since = rfc3339(each.not_valid_after_utc)
            return wrong(f"{shown(each.subject)!r} expired at {since}", "issue a new certificate")
        if now < each.not_valid_before_utc:
            since = rfc3339(each.not_valid_before_utc)
            return wrong(f"{shown(each.subject)!r} is valid only from {since}", "wait, or mend the clock of its issuer")
    first = min(certificates, key=lambda each: each.not_valid_after_utc)
    return ok(f"valid until {rfc3339(first.not_valid_after_utc)}")


def usages(facts: Facts) -> Finding:
    """Whether the leaf is an X.509 v3 end entity that may sign, itself signed with SHA-256 or better."""
    leaf = _leaf(facts)
    if leaf is None:
        return not_checked(_NO_LEAF)
    faults = [fault for aspect, fault in leaf_faults(leaf, "the certificate") if aspect is not Aspect.SUBJECT]
    if faults:
        return wrong("; ".join(faults), "issue the certificate with keyUsage digitalSignature, CA:FALSE and SHA-256")
    return ok("version, hash and key usage are what Roles Anywhere asks for", _client_auth(leaf))


def subject(facts: Facts) -> Finding:
    """Whether the leaf has a subject."""
    leaf = _leaf(facts)
    if leaf is None:
        return not_checked(_NO_LEAF)
    if any(aspect is Aspect.SUBJECT for aspect, _ in leaf_faults(leaf, "")):
        return wrong(
            "the subject is empty, which Roles Anywhere does not support",
            "issue the certificate with a common name (cert-manager: spec.commonName)",
        )
    return ok(shown(leaf.subject))


def shown(name: x509.Name) -> str:
    """Return a name by RFC 4514, of a length and of characters that are fit to print."""
    return printable(name.rfc4514_string())


def printable(text: str) -> str:
    """Return foreign text on one line, at most 200 characters of it."""
    return "".join(each if each.isprintable() else " " for each in text[:200])


def _leaf(facts: Facts) -> x509.Certificate | None:
    return facts.material.leaf if isinstance(facts.material, Material) else None


def _client_auth(leaf: x509.Certificate) -> str:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return ""
    if ExtendedKeyUsageOID.CLIENT_AUTH in usage:
        return ""
    return "its extended key usage lacks clientAuth, for which AWS has been seen to refuse: add it where the call fails"
