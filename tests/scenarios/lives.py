"""What can happen to secrets, good and bad: the lives after which the canary looks where they stand."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from testbed.cluster import Cluster
from tests.support.aws import Aws, Setup
from tests.support.canary import pem_body
from tests.support.kubernetes import Sandbox
from tests.support.pki import CA, Issued

MARK = "CANARYcanaryCANARYcanary"
# Sessions as AWS never sends them. What cannot be used must not be quoted either.
KEYS = {"accessKeyId": "ASIACANARY", "secretAccessKey": f"{MARK}+key/0123456789", "sessionToken": f"{MARK}=tok" * 20}
MALFORMED = {
    "expiration": json.dumps({"credentialSet": [{"credentials": KEYS | {"expiration": "soon"}}]}),
    "no expiration": json.dumps({"credentialSet": [{"credentials": KEYS}]}),
    "another shape": json.dumps({"credentialSet": KEYS}),
    "list": json.dumps([KEYS]),
    "cut off": json.dumps({"credentialSet": [{"credentials": KEYS}]})[:-5],
    "no JSON": "\n".join(KEYS.values()),
}


@dataclass
class Life:
    """What happened, which secrets were about, and what may hold none of them."""

    aws: Aws
    cluster: Cluster
    secrets: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    until_collected: ExitStack = field(default_factory=ExitStack)
    """Servers answer until all is collected, so that a later failure's message takes no earlier one's place."""

    def sandbox(self) -> Sandbox:
        """A namespace that stays until all is collected."""
        made = Sandbox.make(self.cluster)
        self.until_collected.callback(self.cluster.kubectl, "delete", "namespace", made.namespace, "--wait=false")
        return made

    def certificate(self, sandbox: Sandbox, setup: Setup, issued: Issued) -> None:
        """Give the operator a certificate, whose key is a secret from now on."""
        sandbox.certificate(setup.name, issued)
        self.secrets += pem_body(issued.key_pem)

    def bound(self, sandbox: Sandbox, issued: Issued | None = None, **role: Any) -> Setup:
        """A pod that asks, in a namespace that is allowed to."""
        setup = self.aws.setup()
        self.certificate(sandbox, setup, issued or setup.issue())
        sandbox.binding(sandbox.cluster_role(setup, **role))
        sandbox.pod("api-1")
        return setup


def issued_and_renewed(life: Life, sandbox: Sandbox) -> None:
    setup = life.bound(sandbox)
    sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))
    sandbox.binding(setup.name, annotations={"rolebound.dev/renew": "now"})
    sandbox.eventually("renewed", lambda: setup.issued() == 2)


def shared(life: Life, sandbox: Sandbox) -> None:
    setup = life.bound(sandbox)
    sandbox.binding(setup.name, "all", sessionScope="ServiceAccount", delivery={"type": "StaticFile", "profile": "all"})
    sandbox.eventually("shared", lambda: sandbox.keys("rolebound-all-api"))


def denied(life: Life, sandbox: Sandbox) -> None:
    life.bound(sandbox, CA.root("not theirs").issue())
    sandbox.wait_reason("awsrolebinding", "reader", "SessionDenied")


def mismatched(life: Life, sandbox: Sandbox) -> None:
    setup = life.bound(sandbox, Issued(CA.root().issue().certificate, CA.root().issue().key))
    sandbox.wait_reason("clusterawsrole", setup.name, "KeyMismatch")


@dataclass(frozen=True)
class Damaged(Issued):
    """A pair whose halves are what the Secret's author made of them."""

    halves: tuple[bytes, bytes] = (b"", b"")

    @property
    def certificate_pem(self) -> bytes:
        return self.halves[0]

    @property
    def key_pem(self) -> bytes:
        return self.halves[1]


def key_in_the_place_of_the_certificate(life: Life, sandbox: Sandbox) -> None:
    good = CA.root().issue()
    setup = life.bound(sandbox, Damaged(good.certificate, good.key, halves=(good.key_pem, good.key_pem)))
    sandbox.wait_reason("clusterawsrole", setup.name, "CertificateUnsuitable")


def key_cut_off(life: Life, sandbox: Sandbox) -> None:
    good = CA.root().issue()
    setup = life.bound(sandbox, Damaged(good.certificate, good.key, halves=(good.certificate_pem, good.key_pem[:-60])))
    sandbox.wait_reason("clusterawsrole", setup.name, "CertificateUnsuitable")


def foreign_secret(life: Life, sandbox: Sandbox) -> None:
    theirs = f"{MARK} of somebody else"
    metadata = {"name": "api-1-aws", "namespace": sandbox.namespace}
    data = {"credentials": base64.b64encode(theirs.encode()).decode()}
    sandbox.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    life.secrets.append(theirs)
    life.bound(sandbox)
    sandbox.wait_event("api-1", "Conflict")


def garbage(life: Life, sandbox: Sandbox) -> None:
    setup = life.aws.setup()
    setup.inject("garbage", status=200)
    life.certificate(sandbox, setup, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")
    sandbox.wait_reason("awsrolebinding", "reader", "AWSUnavailable")


def refused_by_the_cluster(life: Life, sandbox: Sandbox) -> None:
    metadata = {"name": "none", "namespace": sandbox.namespace}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": {"secrets": "0"}}}
    sandbox.apply(quota)
    sandbox.eventually("quota", lambda: sandbox.get("resourcequota", "none").get("status", {}).get("hard"))
    life.bound(sandbox)
    sandbox.wait_event("api-1", "ClusterUnavailable")


def malformed_sessions(life: Life, sandbox: Sandbox) -> None:
    life.secrets += [KEYS["secretAccessKey"], KEYS["sessionToken"]]
    for answer in MALFORMED.values():
        url = life.until_collected.enter_context(answering(sandbox.cluster.host_address, answer))
        own = life.sandbox()
        life.bound(own, endpointURL=url)
        own.wait_reason("awsrolebinding", "reader", "AWSUnavailable")


@contextmanager
def answering(host: str, body: str) -> Iterator[str]:
    """The URL of a server that answers every POST with the same body, as JSON and 201."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer((host, 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{host}:{server.server_port}"
        server.shutdown()


SCENARIOS: tuple[Callable[[Life, Sandbox], None], ...] = (
    issued_and_renewed,
    shared,
    denied,
    mismatched,
    key_in_the_place_of_the_certificate,
    key_cut_off,
    foreign_secret,
    garbage,
    refused_by_the_cluster,
    malformed_sessions,
)
