"""Certificate Secrets: read once, proven as a pair, and forgotten when they change."""

import asyncio
import base64
from typing import Any

import pytest

from rolebound.cluster.api import KubernetesAPI
from rolebound.cluster.certificates import Certificates
from rolebound.errors import (
    CertificateError,
    CertificateMissing,
    CertificateUnsuitable,
    ClusterUnavailable,
    KeyMismatch,
)
from rolebound.model.objects import ObjectName
from tests.support.api_server import ApiServer, refusing
from tests.support.pki import CA, Issued

NAME = ObjectName("rolebound-system", "client")
PATH = "/api/v1/namespaces/rolebound-system/secrets/client"
GOOD = CA.root().issue()


def secret(issued: Issued = GOOD, **changes: Any) -> dict[str, Any]:
    halves = {"tls.crt": issued.certificate_pem, "tls.key": issued.key_pem}
    data = {name: base64.b64encode(half).decode() for name, half in halves.items()}
    return {"type": "kubernetes.io/tls", "data": data | changes.pop("data", {})} | changes


@pytest.fixture
def certificates(api: KubernetesAPI) -> Certificates:
    return Certificates(api)


async def test_callers_at_the_same_time_share_one_read(server: ApiServer, certificates: Certificates) -> None:
    server.put(PATH, secret())

    identities = await asyncio.gather(*(certificates.identity(NAME) for _ in range(50)))

    assert {each.serial_number for each in identities} == {GOOD.certificate.serial_number}
    assert server.methods() == ["GET"]


async def test_changed_secret_is_read_again(server: ApiServer, certificates: Certificates) -> None:
    server.put(PATH, secret())
    await certificates.identity(NAME)
    rotated = CA.root().issue()
    stored = server.put(PATH, secret(rotated))

    assert certificates.changed(NAME, stored["metadata"]["resourceVersion"])

    assert (await certificates.identity(NAME)).serial_number == rotated.certificate.serial_number


async def test_late_word_of_the_version_in_use_changes_nothing(server: ApiServer, certificates: Certificates) -> None:
    stored = server.put(PATH, secret())
    await certificates.identity(NAME)

    assert not certificates.changed(NAME, stored["metadata"]["resourceVersion"])


async def test_secret_that_no_role_names_is_never_read(server: ApiServer, certificates: Certificates) -> None:
    assert not certificates.changed(ObjectName("shop", "other"), "9")
    assert server.asked == []


BAD: list[tuple[dict[str, Any] | None, type[CertificateError], str]] = [
    (None, CertificateMissing, "does not exist; create it with type kubernetes.io/tls"),
    (secret(type="Opaque"), CertificateUnsuitable, "has type Opaque; make it again with type kubernetes.io/tls"),
    (secret(data={"tls.crt": ""}), CertificateMissing, "has no tls.crt"),
    (secret(data={"tls.key": ""}), CertificateMissing, "has no tls.key"),
    (secret(data={"tls.key": "%%%"}), CertificateUnsuitable, "tls.key is not base64"),
    (secret(Issued(GOOD.certificate, CA.root().key)), KeyMismatch, "Secret rolebound-system/client: "),
]


@pytest.mark.parametrize(("body", "kind", "sentence"), BAD, ids=[sentence for _, _, sentence in BAD])
async def test_unusable_secret_says_what_to_do_about_it(
    server: ApiServer,
    certificates: Certificates,
    body: dict[str, Any] | None,
    kind: type[CertificateError],
    sentence: str,
) -> None:
    if body is not None:
        server.put(PATH, body)

    with pytest.raises(kind, match="Secret rolebound-system/client") as caught:
        await certificates.identity(NAME)

    assert sentence in str(caught.value)


async def test_unusable_secret_is_not_read_again_until_it_changes(
    server: ApiServer, certificates: Certificates
) -> None:
    server.put(PATH, secret(type="Opaque"))
    for _ in range(3):
        with pytest.raises(CertificateUnsuitable):
            await certificates.identity(NAME)
    stored = server.put(PATH, secret())

    assert certificates.changed(NAME, stored["metadata"]["resourceVersion"])

    assert await certificates.identity(NAME)
    assert server.methods() == ["GET", "GET"]


async def test_failure_of_the_api_server_is_not_kept(server: ApiServer, certificates: Certificates) -> None:
    server.put(PATH, secret())
    server.canned.append(refusing(503))
    with pytest.raises(ClusterUnavailable):
        await certificates.identity(NAME)

    assert await certificates.identity(NAME)


async def test_caller_that_gives_up_does_not_end_the_read_of_others(
    server: ApiServer, certificates: Certificates
) -> None:
    server.put(PATH, secret())
    impatient = asyncio.create_task(certificates.identity(NAME))
    patient = asyncio.create_task(certificates.identity(NAME))
    await asyncio.sleep(0)
    impatient.cancel()

    assert await patient
