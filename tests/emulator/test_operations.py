"""Every operation of botocore's model of `rolesanywhere` is there: called over the network, as its users call it."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.model import ListShape, Shape, StructureShape

from tests.emulator import pki
from tests.emulator.world import Setup, World

MISSING = "00000000-0000-0000-0000-000000000000"
SERVICE = boto3.session.Session()._session.get_service_model("rolesanywhere")

# A value for each parameter that an operation requires.
VALUES: Mapping[str, Any] = {
    "name": "one",
    "roleArns": [],
    "source": {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": pki.root().pem}},
    "crlData": pki.revocation_list(pki.root()).encode(),
    "certificateField": "x509Subject",
    "mappingRules": [{"specifier": "CN"}],
    "notificationSettings": [],
    "notificationSettingKeys": [],
    "tags": [],
    "tagKeys": [],
}
# What those that name a resource do with it.
IDENTIFIERS = ("trustAnchorId", "profileId", "crlId", "subjectId", "resourceArn", "trustAnchorArn")


def required(operation: str) -> list[str]:
    shape = SERVICE.operation_model(operation).input_shape
    return list(shape.required_members) if shape else []


def call(world: World, operation: str, **given: Any) -> Any:
    parameters = {name: given.get(name, VALUES.get(name)) for name in required(operation)}
    return world.client("rolesanywhere")._make_api_call(operation, parameters)


class Wire:
    """A client that keeps the JSON of its last answer: botocore drops in silence what its model does not name."""

    def __init__(self, world: World) -> None:
        key = world.emulator.administrator
        self.client = world._new_client("rolesanywhere", (key.access_key_id, key.secret_access_key, None), None)
        self.client.meta.events.register("response-received.rolesanywhere", self._keep)
        self.body = b""

    def call(self, operation: str, **given: Any) -> tuple[Any, Any]:
        parameters = {name: given.get(name, VALUES.get(name)) for name in required(operation)}
        return self.client._make_api_call(operation, parameters), json.loads(self.body)

    def _keep(self, response_dict: Mapping[str, Any], **_: Any) -> None:
        self.body = response_dict["body"]


@pytest.fixture(scope="module")
def wire(world: World) -> Wire:
    return Wire(world)


def unknown(shape: Shape, value: Any) -> list[str]:
    """The members in `value` that the model's shape does not name."""
    if isinstance(shape, ListShape):
        return [name for one in value for name in unknown(shape.member, one)]
    if not isinstance(shape, StructureShape):
        return []
    strange = [name for name in value if name not in shape.members]
    return strange + [name for key in value.keys() & shape.members for name in unknown(shape.members[key], value[key])]


def test_the_model_has_thirty() -> None:
    assert len(SERVICE.operation_names) == 30


@pytest.mark.parametrize("operation", SERVICE.operation_names)
def test_it_answers_with_the_models_own_shape(world: World, setup: Setup, wire: Wire, operation: str) -> None:
    setup.credentials(instanceProperties={"rack": "7"})
    made = call(world, "CreateProfile")["profile"], call(world, "CreateTrustAnchor")["trustAnchor"]
    crl = call(world, "ImportCrl", trustAnchorArn=made[1]["trustAnchorArn"])["crl"]
    given = {
        "profileId": made[0]["profileId"],
        "trustAnchorId": made[1]["trustAnchorId"],
        "trustAnchorArn": made[1]["trustAnchorArn"],
        "crlId": crl["crlId"],
        "subjectId": call(world, "ListSubjects")["subjects"][0]["subjectId"],
        "resourceArn": made[0]["profileArn"],
    }

    answer, document = wire.call(operation, **given)

    model = SERVICE.operation_model(operation)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == model.http["responseCode"]
    assert model.output_shape is not None
    assert unknown(model.output_shape, document) == []
    expected = model.output_shape.members.keys() - {"nextToken"}
    assert answer.keys() - {"ResponseMetadata", "nextToken"} == expected


@pytest.mark.parametrize(
    "operation", [name for name in SERVICE.operation_names if set(IDENTIFIERS) & set(required(name))]
)
def test_what_is_not_there_is_not_found(world: World, setup: Setup, operation: str) -> None:
    arn = setup.anchor.rpartition("/")[0] + "/" + MISSING
    given = {name: arn if name.endswith("Arn") else MISSING for name in IDENTIFIERS}

    with pytest.raises(ClientError) as caught:
        call(world, operation, **given)

    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
