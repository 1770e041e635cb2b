"""A server that answers CreateSession with whatever a test wants."""

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore.config import Config

from rolebound import clock
from rolebound.errors import (
    Error,
)
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, SessionRequest
from rolebound.rolesanywhere.client import RolesAnywhere
from tests.support.builders import ANCHOR, PROFILE, ROLE

REQUEST = SessionRequest(
    RoleArn.parse(ROLE), ProfileArn.parse(PROFILE), TrustAnchorArn.parse(ANCHOR), timedelta(hours=1), "shop.api.api-1"
)
IMPATIENT = Config(connect_timeout=1, read_timeout=0.3, retries={"total_max_attempts": 1})


def credential_set(**changes: Any) -> dict[str, Any]:
    keys = {
        "accessKeyId": "ASIAEXAMPLE",
        "secretAccessKey": "not-a-secret",
        "sessionToken": "not-a-token",
        "expiration": clock.rfc3339(clock.now() + timedelta(hours=1)),
    }
    user = {"arn": "arn:aws:sts::111122223333:assumed-role/readers/shop.api.api-1"}
    return {"credentialSet": [{"credentials": keys | changes, "assumedRoleUser": user}]}


@dataclass
class Answer:
    """What the server says next, and what it was sent."""

    status: int = 201
    body: bytes = b""
    code: str = ""
    date: str = ""
    hang: threading.Event | None = None
    skew_refused: bool = False
    """Whether a request that was not signed in the hour of `date` is refused."""
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def dates(self) -> list[str]:
        return [headers["X-Amz-Date"] for _, headers, _ in self.seen]

    def refuses_the_last(self) -> bool:
        hour = f"{parsedate_to_datetime(self.date):%Y%m%dT%H}" if self.date else ""
        return self.skew_refused and not self.dates()[-1].startswith(hour)


def refusal(anywhere: RolesAnywhere, identity: SigningIdentity, endpoint: Endpoint) -> Error:
    with pytest.raises(Error) as caught:
        anywhere.create_session(identity, REQUEST, endpoint)
    return caught.value
