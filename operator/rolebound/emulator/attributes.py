"""What a session learns from the leaf: its tags, trimmed by the profile's attribute mappings, and its source identity.

Pure. Decides which fields of a certificate become tags, and which mapping rules a profile may have; never whether the
certificate is to be trusted.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from cryptography import x509

from rolebound.emulator.messages import invalid

# Specifiers by certificate field.
Mappings = Mapping[str, tuple[str, ...]]

# What a profile has until someone trims it, in the order in which AWS shows it.
DEFAULT_MAPPINGS: Final[Mappings] = {
    "x509Issuer": ("*",),
    "x509SAN": ("DNS", "URI", "Name/*"),
    "x509Subject": ("*",),
}
_EVERY: Final = "*"
# A relative distinguished name by its short name or its object identifier.
_NAME_SPECIFIER: Final = re.compile(r"\*|[A-Za-z]+|\d+(?:\.\d+)+", re.ASCII)
_SAN_SPECIFIER: Final = re.compile(rf"DNS|URI|Name/(?:{_NAME_SPECIFIER.pattern})", re.ASCII)
# https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html; values that do not match are dropped in silence.
_TAG_VALUE: Final = re.compile(r"[\w\s_.:/=+\-@]{0,256}")
# `CN=` and the name must fit STS's 64 characters.
_LONGEST_PREFIXED_CN: Final = 61


def with_mapping(mappings: Mappings, field: str, rules: Sequence[Mapping[str, Any]]) -> Mappings:
    """Return `mappings` with these rules for `field`, in place of its old ones; Refusal where one is no specifier."""
    specifiers = tuple(dict.fromkeys(str(rule["specifier"]) for rule in rules))
    allowed = _SAN_SPECIFIER if field == "x509SAN" else _NAME_SPECIFIER
    wrong = [specifier for specifier in specifiers if allowed.fullmatch(specifier) is None]
    if wrong or not specifiers:
        raise invalid(f"Invalid mapping rules for {field}: {', '.join(map(repr, wrong)) or 'there is none'}")
    return {**mappings, field: specifiers}


def without_mapping(mappings: Mappings, field: str, specifiers: Sequence[str] | None) -> Mappings:
    """Return `mappings` without these specifiers of `field`, or without the whole field where none are named."""
    present = mappings.get(field, ())
    missing = [specifier for specifier in specifiers or () if specifier not in present]
    if missing or not present:
        raise invalid(f"The profile has no mapping rule {', '.join(missing) or 'at all'} for {field}")
    left = tuple(specifier for specifier in present if specifiers and specifier not in specifiers)
    others = {name: kept for name, kept in mappings.items() if name != field}
    return {**others, field: left} if left else others


def mapping_details(mappings: Mappings) -> list[dict[str, object]]:
    """Return `mappings` as the API shows them."""
    return [
        {"certificateField": field, "mappingRules": [{"specifier": specifier} for specifier in specifiers]}
        for field, specifiers in sorted(mappings.items())
    ]


def session_tags(leaf: x509.Certificate, mappings: Mappings = DEFAULT_MAPPINGS) -> tuple[dict[str, str], list[str]]:
    """Return the session's tags by key, and the keys of those that STS takes in no tag and that are dropped."""
    mapped = {key: value for key, value in _attributes(leaf) if _is_mapped(key, mappings)}
    dropped = [key for key, value in mapped.items() if _TAG_VALUE.fullmatch(value) is None]
    return {key: value for key, value in mapped.items() if key not in dropped}, dropped


def source_identity(leaf: x509.Certificate) -> str:
    """Return the session's source identity: the common name, or the serial number where there is none."""
    names = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    if not names:
        return f"ID={serial_hex(leaf)}"
    name = str(names[0].value)
    return f"CN={name}" if len(name) <= _LONGEST_PREFIXED_CN else name


def serial_hex(leaf: x509.Certificate) -> str:
    """Return the leaf's serial number as hexadecimal digits, an even number of them."""
    digits = f"{leaf.serial_number:x}"
    return digits.zfill(len(digits) + len(digits) % 2)


def _attributes(leaf: x509.Certificate) -> Iterator[tuple[str, str]]:
    """Yield every attribute of the leaf that can be mapped, by its tag's key."""
    yield from _name_attributes("x509Subject", leaf.subject)
    yield from _name_attributes("x509Issuer", leaf.issuer)
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    # The first of each kind only.
    yield from (("x509SAN/DNS", name) for name in _first(names.get_values_for_type(x509.DNSName)))
    yield from (("x509SAN/URI", name) for name in _first(names.get_values_for_type(x509.UniformResourceIdentifier)))
    for directory_name in _first(names.get_values_for_type(x509.DirectoryName)):
        yield from _name_attributes("x509SAN/Name", directory_name)


def _is_mapped(key: str, mappings: Mappings) -> bool:
    field, _, specifier = key.partition("/")
    kind, _, _ = specifier.rpartition("/")
    every = f"{kind}/{_EVERY}" if kind else _EVERY
    return specifier in mappings.get(field, ()) or every in mappings.get(field, ())


def _name_attributes(prefix: str, name: x509.Name) -> Iterator[tuple[str, str]]:
    values: dict[str, list[str]] = {}
    for attribute in name:
        values.setdefault(attribute.rfc4514_attribute_name, []).append(str(attribute.value))
    for attribute_name, several in values.items():
        yield f"{prefix}/{attribute_name}", "/".join(several)


def _first(values: Iterable[Any]) -> list[Any]:
    return list(values)[:1]
