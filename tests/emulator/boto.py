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
from tests.emulator.world import Setup

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


def client(setup: Setup, models: Path, bend: Bend = lambda draft: draft) -> Any:
    """Return a client that signs with the set-up's identity, as `bend` leaves it."""
    session = botocore.session.Session()
    session.get_component("data_loader").search_paths.insert(0, str(models))
    emulator = setup.world.emulator
    make: Any = boto3.session.Session(botocore_session=session).client
    made = make(
        "rolesanywhere",
        region_name=emulator.settings.region,
        endpoint_url=emulator.endpoint_url,
        verify=str(emulator.ca_file) if emulator.ca_file else None,
        # What is wrong has to reach the emulator, once.
        config=Config(signature_version=UNSIGNED, parameter_validation=False, retries={"total_max_attempts": 1}),
    )

    def sign(request: Any, **_: Any) -> None:
        url = urlsplit(request.url)
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body)
        signed = bend(replace(setup.draft(), host=url.netloc, query=url.query, raw_body=body)).signed()
        for name, value in signed.headers:
            request.headers[name] = value
        request.body = signed.body
        request.headers["Content-Length"] = str(len(signed.body))

    made.meta.events.register("before-send.rolesanywhere.CreateSession", sign)
    return made
