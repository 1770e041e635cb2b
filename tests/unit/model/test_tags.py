"""What becomes tags, of names that are not all text."""

from cryptography import x509
from cryptography.x509.oid import NameOID

from rolebound.model.tags import attributes
from tests.emulator import pki


def test_attributes_of_a_kind_are_joined_and_bits_are_hexadecimal() -> None:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "web"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "shop"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "tills"),
            x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, b"\x01\xff", x509.name._ASN1Type.BitString),
        ]
    )
    leaf = pki.root(pki.AUTHORITY).issue(pki.Form(subject=subject)).certificate

    found = dict(attributes(leaf))

    assert found["x509Subject/CN"] == "web"
    assert found["x509Subject/OU"] == "shop/tills"
    assert found["x509Subject/2.5.4.45"] == "01ff"
