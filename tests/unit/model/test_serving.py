"""What cannot serve is refused, and in words without what it holds."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from rolebound.errors import CertificateError, CertificateUnsuitable, KeyMismatch
from rolebound.model.serving import ServingCertificate
from tests.support.builders import NOON
from tests.support.pki import CA, key_pem

GOOD = ServingCertificate.issue(["a.svc"], NOON, NOON - NOON)
AUTHORITIES = "".join(GOOD.authorities).encode()


def test_leaf_is_signed_by_the_authority_for_servers_alone() -> None:
    leaf = x509.load_pem_x509_certificate(GOOD.chain)
    authority = x509.load_pem_x509_certificate(AUTHORITIES)

    leaf.verify_directly_issued_by(authority)
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"


@pytest.mark.parametrize(
    ("chain", "key", "authorities", "error"),
    [
        (b"", GOOD.key, AUTHORITIES, CertificateUnsuitable),
        (GOOD.chain, b"", AUTHORITIES, CertificateUnsuitable),
        (GOOD.chain, GOOD.key, b"", CertificateUnsuitable),
        (GOOD.key, GOOD.chain, AUTHORITIES, CertificateUnsuitable),
        (GOOD.chain, GOOD.key[:-60], AUTHORITIES, CertificateUnsuitable),
        (CA.root().pem, GOOD.key, AUTHORITIES, CertificateUnsuitable),
        (GOOD.chain, key_pem(ec.generate_private_key(ec.SECP256R1())), AUTHORITIES, KeyMismatch),
    ],
    ids=["no chain", "no key", "no authority", "swapped", "cut off", "no names", "another's key"],
)
def test_unusable_pem_is_refused_without_quoting_it(
    chain: bytes, key: bytes, authorities: bytes, error: type[CertificateError]
) -> None:
    with pytest.raises(error) as caught:
        ServingCertificate.from_pem(chain, key, authorities)

    assert "BEGIN" not in str(caught.value)
