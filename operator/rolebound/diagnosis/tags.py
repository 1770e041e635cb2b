"""What IAM knows of a session: its tags, source identity and name, from the certificate and the profile's mappings.

Sources: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html,
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from rolebound.model.session import SessionRequest

EVERYTHING: Final = "*"
DEFAULT_MAPPINGS: Final[Mapping[str, frozenset[str]]] = {
    "x509Subject": frozenset({EVERYTHING}),
    "x509Issuer": frozenset({EVERYTHING}),
    "x509SAN": frozenset({"DNS", "URI", "Name/*"}),
}
# https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html; AWS drops what does not match in silence.
_TAG_VALUE: Final = re.compile(r"[\w\s.:/=+\-@]{0,256}")
# RFC 4514's own short names. By which name AWS maps other attributes, its guide does not say.
_NAMED: Final = frozenset({"CN", "L", "ST", "O", "OU", "C", "STREET", "DC", "UID"})
# With `CN=` before it, a longer name does not fit STS's 64 characters.
_LONGEST_PREFIXED: Final = 61
_TAG: Final = re.compile(r"aws:(?:principal|request)tag/(?P<key>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Context:
    """The condition keys of one request, in lower case: those with values, and those that surely have none."""

    values: Mapping[str, tuple[str, ...]]
    dropped: Mapping[str, str]
    """Tags that the certificate would give and the session has not, and why."""

    def absent(self, key: str) -> bool:
        """Whether the request surely has no value for `key`; False for keys that only AWS knows."""
        if key in self.values:
            return False
        if key == "sts:externalid":
            return True
        match = _TAG.fullmatch(key)
        if match is None:
            return False
        field, _, name = match["key"].rpartition("/")
        # Which further attributes of a name AWS maps is not documented, so nothing is said about those.
        return not field.startswith("x509") or name.upper() in _NAMED or field == "x509san"


def context(
    leaf: x509.Certificate, request: SessionRequest, mappings: Mapping[str, frozenset[str]], at: datetime
) -> Context:
    """Return what IAM can be asked about the session that `leaf` would get."""
    tags: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for key, value in _attributes(leaf):
        if not _mapped(key, mappings):
            dropped[key.lower()] = "the profile's attribute mappings leave it out"
        elif not _TAG_VALUE.fullmatch(value):
            dropped[key.lower()] = "a session tag cannot hold its characters, or its length"
        else:
            tags[key] = value
    values = {
        "aws:sourcearn": (request.trust_anchor.text,),
        "aws:sourceaccount": (request.trust_anchor.account,),
        "aws:tagkeys": tuple(tags),
        "aws:currenttime": (at.isoformat(),),
        "aws:epochtime": (str(int(at.timestamp())),),
        "sts:sourceidentity": (source_identity(leaf),),
        "sts:rolesessionname": (request.session_name or serial_hex(leaf),),
    }
    for key, value in tags.items():
        values[f"aws:principaltag/{key.lower()}"] = values[f"aws:requesttag/{key.lower()}"] = (value,)
    return Context(values, dropped)


def source_identity(leaf: x509.Certificate) -> str:
    """Return the session's source identity: from the common name, or else from the serial number."""
    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not names:
        return f"ID={serial_hex(leaf)}"
    name = _text(names[0].value)
    return name if len(name) > _LONGEST_PREFIXED else f"CN={name}"


def serial_hex(leaf: x509.Certificate) -> str:
    """Return the serial number in hexadecimal, whole bytes: how AWS names a session that nobody named."""
    number = leaf.serial_number
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big").hex()


def _attributes(leaf: x509.Certificate) -> Iterator[tuple[str, str]]:
    """Yield everything in the certificate that can become a tag, by the tag's key."""
    yield from _parts("x509Subject", leaf.subject)
    yield from _parts("x509Issuer", leaf.issuer)
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    # The first of each kind alone.
    for value in names.get_values_for_type(x509.DNSName)[:1]:
        yield "x509SAN/DNS", value
    for value in names.get_values_for_type(x509.UniformResourceIdentifier)[:1]:
        yield "x509SAN/URI", value
    for name in names.get_values_for_type(x509.DirectoryName)[:1]:
        yield from _parts("x509SAN/Name", name)


def _parts(prefix: str, name: x509.Name) -> Iterator[tuple[str, str]]:
    """Yield each kind of attribute once; several of a kind are joined with a slash."""
    several: dict[str, list[str]] = {}
    for attribute in name:
        several.setdefault(attribute.rfc4514_attribute_name, []).append(_text(attribute.value))
    for kind, values in several.items():
        yield f"{prefix}/{kind}", "/".join(values)


def _mapped(key: str, mappings: Mapping[str, frozenset[str]]) -> bool:
    field, _, specifier = key.partition("/")
    wanted = mappings.get(field, frozenset())
    group = specifier.partition("/")[0]
    return bool(wanted & {EVERYTHING, specifier, f"{group}/{EVERYTHING}"})


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()
