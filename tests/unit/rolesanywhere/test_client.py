"""The client through the real botocore, against a server that answers whatever a test wants."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
from botocore.exceptions import NoCredentialsError

from rolebound import __version__
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint
from rolebound.rolesanywhere.client import RolesAnywhere
from rolebound.rolesanywhere.session import new_session, register
from tests.support.builders import ANCHOR, PROFILE, ROLE
from tests.unit.rolesanywhere.answering import IMPATIENT, REQUEST, Answer


def test_session_is_read_from_the_answer(
    anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint, answer: Answer
) -> None:
    session = anywhere.create_session(identity, REQUEST, endpoint)

    assert session.credentials.access_key_id == "ASIAEXAMPLE"
    assert timedelta(minutes=59) < session.lifetime <= timedelta(hours=1)
    path, headers, body = answer.seen[0]
    asked = parse_qs(urlsplit(path).query)
    assert asked == {"trustAnchorArn": [ANCHOR], "profileArn": [PROFILE], "roleArn": [ROLE]}
    assert json.loads(body) == {"durationSeconds": 3600, "roleSessionName": "shop.api.api-1"}
    assert headers["Authorization"].startswith(f"AWS4-X509-ECDSA-SHA256 Credential={identity.serial_number}/")
    assert headers["X-Amz-X509-Chain"] == identity.chain_base64


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (Endpoint("eu-central-1"), "https://rolesanywhere.eu-central-1.amazonaws.com"),
        (Endpoint("cn-north-1"), "https://rolesanywhere.cn-north-1.amazonaws.com.cn"),
        (Endpoint("eusc-de-east-1"), "https://rolesanywhere.eusc-de-east-1.amazonaws.eu"),
        (Endpoint("us-iso-east-1"), "https://rolesanywhere.us-iso-east-1.c2s.ic.gov"),
        (Endpoint("us-gov-west-1"), "https://rolesanywhere.us-gov-west-1.amazonaws.com"),
        (Endpoint("us-east-1", use_fips=True), "https://rolesanywhere-fips.us-east-1.amazonaws.com"),
        (Endpoint("eu-central-1", use_dual_stack=True), "https://rolesanywhere.eu-central-1.api.aws"),
    ],
)
def test_endpoints_are_botocores(anywhere: RolesAnywhere, endpoint: Endpoint, url: str) -> None:
    assert anywhere._client(endpoint).meta.endpoint_url == url


def test_clients_are_made_once(anywhere: RolesAnywhere) -> None:
    assert anywhere._client(Endpoint("eu-west-1")) is anywhere._client(Endpoint("eu-west-1"))


def test_call_without_an_identity_says_that_credentials_are_missing(endpoint: Endpoint) -> None:
    client = register(botocore.session.Session()).create_client(
        "rolesanywhere", region_name="eu-central-1", endpoint_url=endpoint.url
    )
    create_session: Any = getattr(client, "create_session")  # noqa: B009 - the stubs do not know the operation

    with pytest.raises(NoCredentialsError):
        create_session(trustAnchorArn=ANCHOR, profileArn=PROFILE, roleArn=ROLE)


def test_refusals_are_botocores_own_exceptions(identity: SigningIdentity, endpoint: Endpoint, answer: Answer) -> None:
    answer.status, answer.code, answer.body = 403, "AccessDeniedException", b'{"message": "no"}'
    client: Any = register(botocore.session.Session()).create_client(
        "rolesanywhere", region_name="eu-central-1", endpoint_url=endpoint.url
    )

    with pytest.raises(client.exceptions.AccessDeniedException, match="no"):
        client.create_session(identity=identity, trustAnchorArn=ANCHOR, profileArn=PROFILE, roleArn=ROLE)


def test_nothing_of_botocore_changes_for_others() -> None:
    ordinary: Any = botocore.session.Session().create_client("rolesanywhere", region_name="eu-central-1")

    assert not hasattr(ordinary, "create_session")


def test_nobodys_credentials_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identity: SigningIdentity, endpoint: Endpoint
) -> None:
    """A profile whose credential_process is the asking command itself would start itself for ever."""
    ran = tmp_path / "ran"
    (tmp_path / "config").write_text(f"[profile loop]\ncredential_process = touch {ran}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "loop")

    RolesAnywhere(IMPATIENT).create_session(identity, REQUEST, endpoint)

    assert not ran.exists()


def test_botocores_variables_choose_the_endpoint_where_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")

    assert "rolesanywhere-fips." in RolesAnywhere()._client(Endpoint("us-east-1")).meta.endpoint_url


def test_cloudtrail_is_told_who_calls(
    anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint, answer: Answer
) -> None:
    anywhere.create_session(identity, REQUEST, endpoint)

    assert answer.seen[0][1]["User-Agent"].startswith(f"rolebound/{__version__} ")


def test_models_are_found_where_the_user_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))

    session = new_session()

    assert session.get_available_services() == ["rolesanywhere"]
    assert str(tmp_path) in session.get_component("data_loader").search_paths
