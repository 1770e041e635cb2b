"""What IAM knows of a session: its tags, source identity and name, from the certificate and the profile's mappings.

Sources: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html,
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from rolebound.model.session import SessionRequest
from rolebound.model.tags import TAG_VALUE, attribute_text, attributes

EVERYTHING: Final = "*"
DEFAULT_MAPPINGS: Final[Mapping[str, frozenset[str]]] = {
    "x509Subject": frozenset({EVERYTHING}),
    "x509Issuer": frozenset({EVERYTHING}),
    "x509SAN": frozenset({"DNS", "URI", "Name/*"}),
}
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
    for key, value in attributes(leaf):
        if not _mapped(key, mappings):
            dropped[key.lower()] = "the profile's attribute mappings leave it out"
        elif not TAG_VALUE.fullmatch(value):
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
    name = attribute_text(names[0].value)
    return name if len(name) > _LONGEST_PREFIXED else f"CN={name}"


def serial_hex(leaf: x509.Certificate) -> str:
    """Return the serial number in hexadecimal, whole bytes: how AWS names a session that nobody named."""
    number = leaf.serial_number
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big").hex()


def _mapped(key: str, mappings: Mapping[str, frozenset[str]]) -> bool:
    field, _, specifier = key.partition("/")
    wanted = mappings.get(field, frozenset())
    group = specifier.partition("/")[0]
    return bool(wanted & {EVERYTHING, specifier, f"{group}/{EVERYTHING}"})
