from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from hypothesis import example, given
from hypothesis import strategies as st

from rolebound.errors import (
    CertificateError,
    CertificateExpired,
    CertificateNotYetValid,
    CertificateUnsuitable,
    KeyMismatch,
)
from rolebound.model.identity import SigningIdentity, Source
from tests.support.pki import CA, Issued, key_pem, pem

RSA_KEY = rsa.generate_private_key(65537, 2048)
ROOT = CA.root()


def load(issued: Issued) -> SigningIdentity:
    return SigningIdentity.from_pem(issued.certificate_pem, issued.key_pem)


@pytest.mark.parametrize(
    "key",
    [
        RSA_KEY,
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        mldsa.MLDSA44PrivateKey.generate(),
        mldsa.MLDSA65PrivateKey.generate(),
        mldsa.MLDSA87PrivateKey.generate(),
    ],
    ids=["RSA", "P-256", "P-384", "P-521", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"],
)
def test_signature_verifies_with_the_leafs_key(key: Any) -> None:
    identity = load(ROOT.issue(key=key))

    signature = identity.sign(b"message")

    public: Any = identity.leaf.public_key()
    if isinstance(key, rsa.RSAPrivateKey):
        public.verify(signature, b"message", padding.PKCS1v15(), SHA256())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        public.verify(signature, b"message", ec.ECDSA(SHA256()))
    else:
        public.verify(signature, b"message")


def test_chain_is_ordered_whatever_the_bundles_order() -> None:
    middle = ROOT.issue_ca("middle")
    low = middle.issue_ca("low")
    issued = low.issue()
    shuffled = pem(middle.certificate, issued.certificate, low.certificate)

    identity = SigningIdentity.from_pem(shuffled, issued.key_pem)

    assert identity.leaf == issued.certificate
    assert identity.intermediates == (low.certificate, middle.certificate)
    assert identity.chain_base64.count(",") == 1


def test_root_and_repeated_leaf_are_left_out() -> None:
    issued = ROOT.issue()
    bundle = pem(issued.certificate, issued.certificate, ROOT.certificate)

    identity = SigningIdentity.from_pem(bundle, issued.key_pem)

    assert identity.intermediates == ()
    assert identity.chain_base64 == ""


def test_windows_line_ends_and_text_between_blocks_are_tolerated() -> None:
    issued = ROOT.issue_ca("middle").issue()
    bundle = b"subject: CN=client\r\n" + issued.certificate_pem.replace(b"\n", b"\r\n")

    assert SigningIdentity.from_pem(bundle, issued.key_pem.replace(b"\n", b"\r\n"))


def test_key_of_another_certificate_is_a_mismatch() -> None:
    with pytest.raises(KeyMismatch, match="CN=client"):
        SigningIdentity.from_pem(ROOT.issue().certificate_pem, ROOT.issue().key_pem)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"common_name": ""}, "empty subject"),
        ({"digital_signature": False}, "digitalSignature"),
        ({"key_usage": False}, "digitalSignature"),
        ({"ca": True}, "is a CA"),
    ],
)
def test_unfit_leaf_is_refused_with_the_remedy(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CertificateUnsuitable, match=message):
        load(ROOT.issue(**changes))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (rsa.generate_private_key(65537, 1024), "RSA with 1024 bits"),  # noqa: S505 - the point
        (ec.generate_private_key(ec.SECP256K1()), "secp256k1"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
    ],
    ids=["short RSA", "other curve", "Ed25519"],
)
def test_key_that_roles_anywhere_does_not_take_is_named(key: Any, message: str) -> None:
    with pytest.raises(CertificateUnsuitable, match=message):
        SigningIdentity.from_pem(ROOT.issue().certificate_pem, key_pem(key))


def test_encrypted_key_is_refused_plainly() -> None:
    encrypted = RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))

    with pytest.raises(CertificateUnsuitable, match="encrypted"):
        SigningIdentity.from_pem(ROOT.issue(key=RSA_KEY).certificate_pem, encrypted)


def test_chain_of_an_ml_dsa_authority_is_proven() -> None:
    root = CA.root(key=mldsa.MLDSA65PrivateKey.generate())

    assert load(root.issue(key=mldsa.MLDSA44PrivateKey.generate())).intermediates == ()


def test_bundle_for_many_leaves_may_hold_strangers_and_namesakes() -> None:
    issued = ROOT.issue_ca("middle").issue()
    others = (CA.root("stranger").certificate, CA.root("other root").issue_ca("middle").certificate)

    identity = SigningIdentity.proven(
        (*others, issued.certificate, *issued.chain), issued.key, Source("bundle.pem", "key.pem", strict=False)
    )

    assert identity.intermediates == issued.chain


def test_stranger_in_the_bundle_is_named() -> None:
    issued = ROOT.issue()

    with pytest.raises(CertificateUnsuitable, match=r"certificate 2 of 2 in tls.crt \('CN=stranger'\) is not part"):
        SigningIdentity.from_pem(pem(issued.certificate, CA.root("stranger").certificate), issued.key_pem)


def test_namesake_of_the_issuer_that_did_not_sign_is_named() -> None:
    issued = ROOT.issue_ca("middle").issue()
    impostor = CA.root("other root").issue_ca("middle")

    with pytest.raises(CertificateUnsuitable, match="did not sign it"):
        SigningIdentity.from_pem(pem(issued.certificate, impostor.certificate), issued.key_pem)


def test_sixth_intermediate_is_too_many() -> None:
    ca = ROOT
    for number in range(6):
        ca = ca.issue_ca(f"ca {number}")

    with pytest.raises(CertificateUnsuitable, match="6 intermediates"):
        load(ca.issue())


def test_dates_are_checked_at_the_instant_that_is_asked_for() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    identity = load(ROOT.issue(not_before=start, not_after=end))

    identity.check_dates(start + timedelta(days=1))
    with pytest.raises(CertificateExpired, match="2026-02-01T00:00:00Z"):
        identity.check_dates(end + timedelta(seconds=1))
    with pytest.raises(CertificateNotYetValid, match="2026-01-01T00:00:00Z"):
        identity.check_dates(start - timedelta(seconds=1))


def test_expired_intermediate_is_found() -> None:
    end = datetime(2026, 2, 1, tzinfo=UTC)
    middle = ROOT.issue_ca("middle", not_before=end - timedelta(days=9), not_after=end)

    with pytest.raises(CertificateExpired, match="intermediate 'CN=middle'"):
        load(middle.issue(not_before=end - timedelta(days=9))).check_dates(end + timedelta(days=1))


def test_key_is_in_no_repr() -> None:
    identity = load(ROOT.issue(key=RSA_KEY))

    assert "key" not in repr(identity).lower()


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_give_a_certificate_error(certificates: bytes, key: bytes) -> None:
    with pytest.raises(CertificateError):
        SigningIdentity.from_pem(certificates, key)


@given(st.integers(0, 1200), st.integers(0, 255))
@example(109, 47)
def test_any_damage_gives_a_certificate_error_or_still_proves(position: int, value: int) -> None:
    issued = ROOT.issue_ca("middle").issue()
    damaged = bytearray(issued.certificate_pem)
    damaged[position % len(damaged)] = value

    try:
        SigningIdentity.from_pem(bytes(damaged), issued.key_pem)
    except CertificateError as error:
        assert str(error)  # noqa: PT017 - either outcome is right; an error of another kind would fail the test
