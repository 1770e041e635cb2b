"""What of a certificate becomes session tags, by which IAM can be asked for it.

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
"""

import re
from collections.abc import Iterator
from typing import Final

from cryptography import x509

from rolebound.model.identity import extension

TAG_VALUE: Final = re.compile(r"[\w\s.:/=+\-@]{0,256}")
"""What a tag's value may be; AWS drops any other in silence, and a condition on it never holds.

https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html
"""


def attributes(leaf: x509.Certificate) -> Iterator[tuple[str, str]]:
    """Yield everything in the certificate that can become a tag, by the tag's key."""
    yield from _parts("x509Subject", leaf.subject)
    yield from _parts("x509Issuer", leaf.issuer)
    names = extension(leaf, x509.SubjectAlternativeName)
    if names is None:
        return
    # The first of each kind alone.
    for value in names.get_values_for_type(x509.DNSName)[:1]:
        yield "x509SAN/DNS", value
    for value in names.get_values_for_type(x509.UniformResourceIdentifier)[:1]:
        yield "x509SAN/URI", value
    for name in names.get_values_for_type(x509.DirectoryName)[:1]:
        yield from _parts("x509SAN/Name", name)


def attribute_text(value: str | bytes) -> str:
    """Return the value of a name's attribute as text; one that is none in hexadecimal."""
    return value if isinstance(value, str) else value.hex()


def _parts(prefix: str, name: x509.Name) -> Iterator[tuple[str, str]]:
    """Yield each kind of attribute once; several of a kind are joined with a slash."""
    several: dict[str, list[str]] = {}
    for attribute in name:
        several.setdefault(attribute.rfc4514_attribute_name, []).append(attribute_text(attribute.value))
    for kind, values in several.items():
        yield f"{prefix}/{kind}", "/".join(values)
