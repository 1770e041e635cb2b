"""A running emulator with its administrator's clients, and a Roles Anywhere set-up that a test can bend."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3

from rolebound.emulator import AccessKey, Emulator
from rolebound.emulator.messages import HttpRequest
from tests.emulator.pki import Certified, Form, root
from tests.emulator.signer import Draft

TRUST_POLICY: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "rolesanywhere.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        }
    ],
}
READ_ONLY = ("ReadOnlyAccess", "IAMAccessAnalyzerReadOnlyAccess")


@dataclass(frozen=True)
class Answer:
    """What came back from CreateSession."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def refusal(self) -> tuple[int, str | None, str]:
        return self.status, self.headers.get("X-Amzn-ErrorType"), self.document["message"]

    @property
    def credentials(self) -> dict[str, str]:
        credentials: dict[str, str] = self.document["credentialSet"][0]["credentials"]
        return credentials


@dataclass(frozen=True)
class World:
    """Clients of one emulator."""

    emulator: Emulator
    # A client of boto3 takes a tenth of a second to make.
    _clients: dict[tuple[str, str, str | None], Any] = field(
        default_factory=dict, hash=False, compare=False, repr=False
    )

    def client(self, service: str, key: AccessKey | Mapping[str, str] | None = None, region: str | None = None) -> Any:
        """Return boto3's own client, as the administrator or with the given session's keys."""
        owner = self.emulator.administrator if key is None else key
        keys = (
            (owner.access_key_id, owner.secret_access_key, None)
            if isinstance(owner, AccessKey)
            else (owner["accessKeyId"], owner["secretAccessKey"], owner["sessionToken"])
        )
        if (service, keys[0], region) not in self._clients:
            self._clients[service, keys[0], region] = self._new_client(service, keys, region)
        return self._clients[service, keys[0], region]

    def _new_client(self, service: str, keys: tuple[str, str, str | None], region: str | None) -> Any:
        # The stubs know each service by its own name alone.
        make: Any = boto3.session.Session(*keys).client
        return make(
            service,
            region_name=region or self.emulator.settings.region,
            endpoint_url=self.emulator.endpoint_url,
            verify=str(self.emulator.ca_file) if self.emulator.ca_file else None,
        )

    def send(self, request: HttpRequest) -> Answer:
        """Send one request byte for byte, on a connection of its own."""
        url = urlsplit(self.emulator.endpoint_url)
        context = ssl.create_default_context(cafile=str(self.emulator.ca_file)) if self.emulator.ca_file else None
        connection = (
            http.client.HTTPSConnection(url.netloc, context=context, timeout=20)
            if context
            else http.client.HTTPConnection(url.netloc, timeout=20)
        )
        try:
            connection.putrequest(
                request.method,
                f"{request.path}?{request.query}" if request.query else request.path,
                skip_host=True,
                skip_accept_encoding=True,
            )
            for header, value in request.headers:
                connection.putheader(header, value)
            if request.header("Content-Length") is None:
                connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body)
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def control(self, method: str, path: str, document: object = None) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        return self.send(HttpRequest(method, f"/_emulator/{path}", "", (("Host", "localhost"),), body))

    def role(
        self, trust: Mapping[str, Any] | str = TRUST_POLICY, *, policies: tuple[str, ...] = READ_ONLY, **more: Any
    ) -> str:
        """Return the ARN of a new role with these managed policies of AWS."""
        iam = self.client("iam")
        name = f"role-{uuid4().hex[:12]}"
        document = trust if isinstance(trust, str) else json.dumps(trust)
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)["Role"]
        partition = role["Arn"].split(":")[1]
        for policy in policies:
            iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:{partition}:iam::aws:policy/{policy}")
        return str(role["Arn"])

    def anchor(self, authority: Certified, **more: Any) -> str:
        source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": authority.pem}}
        made = self.client("rolesanywhere").create_trust_anchor(
            name="anchor", source=source, **{"enabled": True, **more}
        )
        return str(made["trustAnchor"]["trustAnchorArn"])

    def profile(self, *roles: str, **more: Any) -> str:
        options = {"enabled": True, "acceptRoleSessionName": True, **more}
        made = self.client("rolesanywhere").create_profile(name="profile", roleArns=list(roles), **options)
        return str(made["profile"]["profileArn"])

    def setup(self, trust: Mapping[str, Any] | str = TRUST_POLICY, **profile: Any) -> "Setup":
        authority = root()
        role = self.role(trust)
        return Setup(
            self, authority, authority.issue(Form()), self.anchor(authority), self.profile(role, **profile), role
        )


@dataclass(frozen=True)
class Setup:
    """A trust anchor, a profile, a role and a leaf that go together, until a test replaces one."""

    world: World
    authority: Certified
    identity: Certified
    anchor: str
    profile: str
    role: str
    asked: Mapping[str, object] = field(default_factory=dict)

    def draft(self, **changes: Any) -> Draft:
        fields = {"trustAnchorArn": self.anchor, "profileArn": self.profile, "roleArn": self.role, **self.asked}
        draft = Draft(self.identity, self.world.emulator.clock.now(), fields, region=self.anchor.split(":")[3])
        return replace(draft, **changes)

    def create_session(self, **asked: object) -> Answer:
        return self.world.send(replace(self, asked={**self.asked, **asked}).draft().signed())

    def credentials(self, **asked: object) -> dict[str, str]:
        answer = self.create_session(**asked)
        assert answer.status == 201, answer.body
        return answer.credentials
