"""The signer against requests of AWS's own helper."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from rolebound.model.identity import SigningIdentity
from rolebound.rolesanywhere.signing import X509Auth, X509Credentials

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "createsession").glob("*.json"))


@pytest.fixture(params=VECTORS, ids=lambda path: path.stem)
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(request.param.read_text())
    return loaded


def identity(vector: dict[str, Any]) -> SigningIdentity:
    bundle = vector["leaf"] + (vector["intermediates"] or "")
    return SigningIdentity.from_pem(bundle.encode(), vector["private_key"].encode())


def signed(vector: dict[str, Any]) -> AWSRequest:
    """The vector's request, signed by us: its own headers but for those that signing makes or that are not signed."""
    headers = dict(vector["request"]["headers"])
    names = headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    kept = {k: v for k, v in headers.items() if k.lower() in names and not k.lower().startswith("x-amz-")}
    request = AWSRequest(
        method=vector["request"]["method"],
        url=f"https://{headers['Host']}{vector['request']['path']}",
        headers=kept,
        data=vector["request"]["body"].encode(),
    )
    at = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    signer = X509Auth(X509Credentials(identity(vector)), "rolesanywhere", vector["arguments"]["region"])
    signer.sign_at(request, at)
    return request


def test_there_are_vectors() -> None:
    assert len(VECTORS) >= 6


def test_authorization_is_the_helpers(vector: dict[str, Any]) -> None:
    theirs = dict(vector["request"]["headers"])["Authorization"]
    ours = signed(vector).headers["Authorization"]

    if "RSA" in theirs:
        assert ours == theirs
    else:  # the signature is another one each time; what is signed must be the same
        assert ours.rpartition("Signature=")[0] == theirs.rpartition("Signature=")[0]


def test_certificate_headers_are_the_helpers(vector: dict[str, Any]) -> None:
    theirs = dict(vector["request"]["headers"])
    ours = signed(vector).headers

    assert ours["X-Amz-X509"] == theirs["X-Amz-X509"]
    assert ours.get("X-Amz-X509-Chain") == theirs.get("X-Amz-X509-Chain")


def test_ecdsa_signatures_of_both_verify_over_our_string_to_sign(vector: dict[str, Any]) -> None:
    leaf = x509.load_pem_x509_certificate(vector["leaf"].encode())
    key = leaf.public_key()
    request = signed(vector)
    signer = X509Auth(X509Credentials(identity(vector)), "rolesanywhere", vector["arguments"]["region"])
    ours = request.headers["Authorization"]
    del request.headers["Authorization"]
    message = signer.string_to_sign(request, signer.canonical_request(request)).encode()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        assert "RSA" in signer.algorithm
        return

    theirs = dict(vector["request"]["headers"])["Authorization"]
    for authorization in (theirs, ours):
        signature = bytes.fromhex(authorization.rpartition("Signature=")[2])
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
