"""Each SDK signs headers of its own choice, and the signature is checked over those."""

import ssl
import urllib.request
from collections.abc import Mapping

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from tests.emulator.world import World

REGION = "us-east-1"
AGENT = "aws-sdk-java/1.12.797"


class WithAgent(SigV4Auth):
    """Signs User-Agent too, as the Java SDK v1 does."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name, value in super().headers_to_sign(request).items():
            headers[name] = value
        headers["user-agent"] = request.headers["User-Agent"]
        return headers


class S3WithAgent(WithAgent, S3SigV4Auth):
    """The same for S3."""


def answered(world: World, auth: type[SigV4Auth], service: str, sent_agent: str) -> int:
    """The status of a call that was signed for AGENT and is sent by `sent_agent`."""
    key, url = world.emulator.administrator, f"{world.emulator.endpoint_url}/"
    body = b"Action=GetCallerIdentity&Version=2011-06-15" if service == "sts" else None
    headers: Mapping[str, str] = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    request = AWSRequest("POST" if body else "GET", url, {**headers, "User-Agent": AGENT}, body)
    auth(Credentials(key.access_key_id, key.secret_access_key), service, REGION).add_auth(request)
    assert "user-agent" in request.headers["Authorization"]
    signed = {**dict(request.headers.items()), "User-Agent": sent_agent}
    call = urllib.request.Request(url, body, signed, method=request.method)  # noqa: S310 - our own server
    trusting = ssl.create_default_context(cafile=str(world.emulator.ca_file))
    try:
        with urllib.request.urlopen(call, timeout=10, context=trusting) as answer:  # noqa: S310 - our own server
            return int(answer.status)
    except urllib.request.HTTPError as refused:
        return refused.code


@pytest.mark.parametrize(("auth", "service"), [(WithAgent, "sts"), (S3WithAgent, "s3")])
def test_user_agent_may_be_signed(world: World, auth: type[SigV4Auth], service: str) -> None:
    assert answered(world, auth, service, AGENT) == 200
    assert answered(world, auth, service, "another") == 403
