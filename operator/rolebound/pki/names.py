"""Subjects, alternative names and Kubernetes names from what a person types."""

import re
from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from rolebound.errors import CommandRefused

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LONGEST_NAME: Final = 253


def subject_of(text: str) -> x509.Name:
    """Return the subject that `text` names: a common name, or an RFC 4514 name such as `CN=web,OU=shop,O=Example`.

    CommandRefused where it is empty, which Roles Anywhere does not support, or none.
    """
    try:
        if "=" in text:
            name = x509.Name.from_rfc4514_string(text)
        else:
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text.strip())])
    except ValueError as error:
        # The library says nothing where it cannot read the text at all.
        what = str(error) or "of names there are CN, OU, O, L, ST, C, STREET, DC, UID and those of digits (OIDs)"
        raise CommandRefused(f"{text[:200]!r} is no subject: {what}; write web or CN=web,OU=shop,O=Example") from None
    if not list(name):
        raise CommandRefused("the subject is empty, which Roles Anywhere does not support; write web or CN=web,OU=shop")
    return name


def alternative_names(dns: Sequence[str], uris: Sequence[str]) -> tuple[x509.GeneralName, ...]:
    """Return the alternative names; CommandRefused names one that X.509 cannot hold."""
    names: list[x509.GeneralName] = []
    for kind, values in ((x509.DNSName, dns), (x509.UniformResourceIdentifier, uris)):
        for value in values:
            if not value:
                raise CommandRefused("an alternative name is empty; leave out its --dns or --uri")
            try:
                names.append(kind(value))
            except ValueError:
                raise CommandRefused(
                    f"{value[:200]!r} has characters outside ASCII; write a DNS name's xn-- form"
                ) from None
    return tuple(names)


def kubernetes_name(text: str) -> str:
    """Return `text` where Kubernetes takes it as an object's name (RFC 1123 subdomain); CommandRefused otherwise."""
    if len(text) > _LONGEST_NAME or _NAME.fullmatch(text) is None:
        raise CommandRefused(
            f"{text[:300]!r} is no Kubernetes name: lower-case letters, digits, '-' and '.', at most 253"
        )
    return text
