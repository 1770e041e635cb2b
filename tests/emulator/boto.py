"""boto3's own client, taught CreateSession by these tests alone: botocore's own model has no such operation.

The model below is AWS's user guide in botocore's form; the signature is made by these tests' signer, in the last moment
before the request leaves, so that everything else is what any user of boto3 gets.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.loaders import Loader

from tests.emulator.signer import Draft
from tests.emulator.world import Setup, World

ARNS = ("trustAnchorArn", "profileArn", "roleArn")
Bend = Callable[[Draft], Draft]


def write_model(folder: Path) -> None:
    """Put botocore's model of the service there, with CreateSession in it."""
    model = Loader().load_service_model("rolesanywhere", "service-2")
    texts = {name: {"shape": "String"} for name in (*ARNS, "roleSessionName")}
    members = {**texts, "durationSeconds": {"shape": "Integer"}, "instanceProperties": {"shape": "InstancePropertyMap"}}
    model["shapes"]["CreateSessionRequest"] = {"type": "structure", "members": members}
    model["shapes"]["CreateSessionResponse"] = {"type": "structure", "members": {"subjectArn": {"shape": "String"}}}
    model["operations"]["CreateSession"] = {
        "name": "CreateSession",
        "http": {"method": "POST", "requestUri": "/sessions", "responseCode": 201},
        "input": {"shape": "CreateSessionRequest"},
        "output": {"shape": "CreateSessionResponse"},
    }
    target = folder / "rolesanywhere" / model["metadata"]["apiVersion"] / "service-2.json"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(model))


class Client:
    """A client that signs with a set-up's identity, as `bend` leaves the request; one serves many calls."""

    def __init__(self, world: World, models: Path) -> None:
        session = botocore.session.Session()
        session.get_component("data_loader").search_paths.insert(0, str(models))
        make: Any = boto3.session.Session(botocore_session=session).client
        emulator = world.emulator
        self._client = make(
            "rolesanywhere",
            region_name=emulator.settings.region,
            endpoint_url=emulator.endpoint_url,
            verify=str(emulator.ca_file) if emulator.ca_file else None,
            # What is wrong has to reach the emulator, once.
            config=Config(signature_version=UNSIGNED, parameter_validation=False, retries={"total_max_attempts": 1}),
        )
        self._client.meta.events.register("before-send.rolesanywhere.CreateSession", self._sign)
        self._signing: tuple[Setup, Bend] | None = None

    def create_session(self, setup: Setup, bend: Bend = lambda draft: draft, **asked: Any) -> Any:
        """Ask for a session with boto3; its ClientError where there is none."""
        self._signing = setup, bend
        fields = {"trustAnchorArn": setup.anchor, "profileArn": setup.profile, "roleArn": setup.role}
        return self._client.create_session(**{**fields, **asked})

    def _sign(self, request: Any, **_: Any) -> None:
        assert self._signing is not None
        setup, bend = self._signing
        url = urlsplit(request.url)
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body)
        signed = bend(replace(setup.draft(), host=url.netloc, query=url.query, raw_body=body)).signed()
        for name, value in signed.headers:
            request.headers[name] = value
        request.body = signed.body
        request.headers["Content-Length"] = str(len(signed.body))
