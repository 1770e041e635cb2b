"""Credential Secrets: only what was made for this very owner is ever found, changed or taken away."""

from typing import Any

import pytest

from rolebound.cluster.api import KubernetesAPI
from rolebound.cluster.secrets import CredentialSecrets, NameTaken
from rolebound.errors import ClusterUnavailable, Retry
from rolebound.planning.decisions import Facts, pod_credential
from rolebound.planning.rendering import secret_manifest
from tests.support.api_server import ApiServer, Canned
from tests.support.builders import a_binding, a_pod, a_role, a_session

CREDENTIAL = pod_credential(a_binding(), a_pod(), Facts(a_role(), {}))
MANIFEST = secret_manifest(CREDENTIAL, a_session(), 77)
PATH = "/api/v1/namespaces/shop/secrets/api-1-aws"
FOREIGN: dict[str, Any] = {"metadata": {"name": "api-1-aws", "namespace": "shop"}, "type": "Opaque"}


@pytest.fixture
def secrets(api: KubernetesAPI) -> CredentialSecrets:
    return CredentialSecrets(api)


def of_another_pod() -> dict[str, Any]:
    other = pod_credential(a_binding(), a_pod(uid="uid-of-another"), Facts(a_role(), {}))
    return secret_manifest(other, a_session(), 77)


async def test_first_write_creates(server: ApiServer, secrets: CredentialSecrets) -> None:
    stored = await secrets.write(CREDENTIAL, MANIFEST, None)

    assert server.methods() == ["POST"]
    assert stored.uid == server.objects[PATH]["metadata"]["uid"]
    assert stored.serves(CREDENTIAL)


async def test_renewal_names_the_uid(server: ApiServer, secrets: CredentialSecrets) -> None:
    stored = await secrets.write(CREDENTIAL, MANIFEST, None)

    await secrets.write(CREDENTIAL, MANIFEST, stored)

    assert server.methods() == ["POST", "PATCH"]
    assert server.asked[1].body["metadata"]["uid"] == stored.uid


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (FOREIGN, "Secret shop/api-1-aws exists and was not made by rolebound for this"),
        (
            of_another_pod(),
            "Secret shop/api-1-aws holds the credentials of Pod .*take the annotation",
        ),
    ],
    ids=["foreign", "another pod's"],
)
async def test_name_that_is_taken_is_left_alone(
    server: ApiServer, secrets: CredentialSecrets, theirs: dict[str, Any], message: str
) -> None:
    before = server.put(PATH, theirs)

    with pytest.raises(NameTaken, match=message) as caught:
        await secrets.write(CREDENTIAL, MANIFEST, None)

    assert server.objects[PATH] == before
    assert caught.value.retry is Retry.SLOWLY


async def test_secret_that_was_deleted_by_hand_is_made_again(server: ApiServer, secrets: CredentialSecrets) -> None:
    stored = await secrets.write(CREDENTIAL, MANIFEST, None)
    del server.objects[PATH]

    again = await secrets.write(CREDENTIAL, MANIFEST, stored)

    assert again.uid != stored.uid


async def test_name_that_was_taken_since_is_left_alone(server: ApiServer, secrets: CredentialSecrets) -> None:
    stored = await secrets.write(CREDENTIAL, MANIFEST, None)
    before = server.put(PATH, FOREIGN)

    with pytest.raises(NameTaken):
        await secrets.write(CREDENTIAL, MANIFEST, stored)

    assert server.objects[PATH] == before


async def test_secret_that_was_changed_on_its_way_in_is_no_success(
    server: ApiServer, secrets: CredentialSecrets
) -> None:
    server.canned.append(Canned(201, '{"metadata": {"name": "api-1-aws", "namespace": "shop", "uid": "u"}}'))

    with pytest.raises(ClusterUnavailable, match="without rolebound's label or annotations"):
        await secrets.write(CREDENTIAL, MANIFEST, None)


async def test_free_name_is_found_free(secrets: CredentialSecrets) -> None:
    assert await secrets.find(CREDENTIAL) is None


async def test_own_secret_is_found_by_its_metadata(server: ApiServer, secrets: CredentialSecrets) -> None:
    written = await secrets.write(CREDENTIAL, MANIFEST, None)

    assert await secrets.find(CREDENTIAL) == written
    assert "as=PartialObjectMetadata;" in server.asked[-1].headers["Accept"]


@pytest.mark.parametrize("theirs", [FOREIGN, of_another_pod()], ids=["foreign", "another pod's"])
async def test_taken_name_is_found_taken(server: ApiServer, secrets: CredentialSecrets, theirs: dict[str, Any]) -> None:
    server.put(PATH, theirs)

    with pytest.raises(NameTaken):
        await secrets.find(CREDENTIAL)


async def test_deletion_spares_a_namesake(server: ApiServer, secrets: CredentialSecrets) -> None:
    stored = await secrets.write(CREDENTIAL, MANIFEST, None)
    server.put(PATH, FOREIGN)

    await secrets.delete(stored)

    assert PATH in server.objects


async def test_list_leaves_out_what_cannot_be_ours(server: ApiServer, secrets: CredentialSecrets) -> None:
    ours = await secrets.write(CREDENTIAL, MANIFEST, None)
    server.put("/api/v1/namespaces/shop/secrets/other", FOREIGN)

    assert [each async for each in secrets.list_stored()] == [ours]
    [query] = [each.query for each in server.asked if each.method == "GET"]
    assert query["labelSelector"] == "app.kubernetes.io/managed-by=rolebound"
    assert query["fieldSelector"] == "type=rolebound.dev/credentials"
