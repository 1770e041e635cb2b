"""What others made: keys and certificates in PEM, good and bad."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from rolebound.errors import CertificateUnsuitable, CommandRefused, Error
from rolebound.pki import keys
from rolebound.pki.certificates import anchor_bundle, read_certificates
from rolebound.pki.inspection import as_text, description
from tests.support.builders import NOON
from tests.support.pki import CA, key_pem

KEY = keys.new_key("p256")


def test_an_encrypted_key_opens_with_its_password_alone() -> None:
    pem = keys.key_pem(KEY, b"secret")

    assert keys.read_key(pem, b"secret", "root-key.pem").public_key() == KEY.public_key()
    with pytest.raises(
        CommandRefused, match=r"root-key.pem is encrypted, and the password does not open it"
    ) as refused:
        keys.read_key(pem, b"wrong-password", "root-key.pem")
    assert "wrong-password" not in str(refused.value)


def test_a_password_for_a_key_without_one_does_no_harm() -> None:
    assert keys.read_key(keys.key_pem(KEY), b"secret", "root-key.pem").public_key() == KEY.public_key()


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(CommandRefused, match="neither an RSA nor an ECDSA key"):
        keys.read_key(key_pem(ed25519.Ed25519PrivateKey.generate()), None, "root-key.pem")


@pytest.mark.parametrize("form", ["TraditionalOpenSSL", "PKCS8"])
def test_keys_in_the_forms_of_openssl_are_read(form: str) -> None:
    style = getattr(serialization.PrivateFormat, form)
    pem = KEY.private_bytes(serialization.Encoding.PEM, style, serialization.NoEncryption())

    assert keys.read_key(pem, None, "root-key.pem").public_key() == KEY.public_key()


@given(st.binary(max_size=300))
def test_any_bytes_are_a_key_or_an_error_that_names_the_file(junk: bytes) -> None:
    for pem in (junk, b"-----BEGIN PRIVATE KEY-----\n" + junk + b"\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(CommandRefused, match=r"root-key\.pem"):
            keys.read_key(pem, b"secret", "root-key.pem")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_certificate_or_an_error_that_names_the_file(junk: bytes) -> None:
    for pem in (junk, b"-----BEGIN CERTIFICATE-----\n" + junk + b"\n-----END CERTIFICATE-----\n"):
        with pytest.raises(Error, match=r"root-cert\.pem"):
            read_certificates(pem, "root-cert.pem")


def test_a_trust_anchor_takes_two_certificates_and_no_more() -> None:
    three = b"".join(CA.root(f"CA {number}").pem for number in range(3))

    with pytest.raises(CertificateUnsuitable, match="3 certificates; a trust anchor takes 2"):
        anchor_bundle(three, "bundle.pem")


def test_a_client_certificate_is_no_trust_anchor() -> None:
    with pytest.raises(CertificateUnsuitable, match="is not a CA"):
        anchor_bundle(CA.root().issue("web").certificate_pem, "client-cert.pem")


def test_inspection_says_what_a_trust_policy_can_ask_for() -> None:
    facts = description(CA.root("the CA").issue("web").certificate, "client-cert.pem", NOON)

    assert facts["principalTags"] == {"x509Subject/CN": "web", "x509Issuer/CN": "the CA"}
    assert "aws:PrincipalTag/x509Subject/CN = web" in as_text(facts)


def test_inspection_shows_no_tag_that_aws_drops() -> None:
    facts = description(CA.root("the CA").issue("a,b").certificate, "client-cert.pem", NOON)

    assert facts["principalTags"] == {"x509Issuer/CN": "the CA"}


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256K1())],  # noqa: S505 - weak on purpose
    ids=["RSA 1024", "secp256k1"],
)
def test_inspection_knows_the_keys_that_roles_anywhere_takes(key: Any) -> None:
    facts = description(CA.root().issue("web", key=key).certificate, "client-cert.pem", NOON)

    assert "a key that Roles Anywhere does not take" in facts["faults"][0]


@pytest.mark.parametrize("moment", [timedelta(days=-1), timedelta(days=31)])
def test_inspection_looks_at_the_dates(moment: timedelta) -> None:
    certificate = CA.root().issue("web", not_before=NOON, not_after=NOON + timedelta(days=30)).certificate

    assert description(certificate, "client-cert.pem", NOON)["accepted"]
    assert not description(certificate, "client-cert.pem", NOON + moment)["accepted"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"digital_signature": False}, "digitalSignature"), ({"key_usage": False}, "digitalSignature")],
)
def test_inspection_says_why_roles_anywhere_would_refuse(changes: dict[str, bool], why: str) -> None:
    facts = description(CA.root().issue("web", **changes).certificate, "client-cert.pem", NOON)

    assert not facts["accepted"]
    assert any(why in fault for fault in facts["faults"])


def test_inspection_of_a_certificate_without_a_subject_says_so() -> None:
    facts = description(CA.root().issue("").certificate, "client-cert.pem", NOON)

    assert "empty subject" in facts["faults"][0]
    assert "(empty)" in as_text(facts)
