"""The operator's engine without kopf: real parts, wired as the app wires them, between a small API server and an AWS
that is a function.
"""

import asyncio
import base64
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rolebound import clock
from rolebound.cluster.api import KubernetesAPI
from rolebound.cluster.certificates import Certificates
from rolebound.cluster.secrets import CredentialSecrets
from rolebound.cluster.status import StatusWriter
from rolebound.errors import Error
from rolebound.metrics import Metrics
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, Session, SessionRequest
from rolebound.refresh.inventory import Inventory
from rolebound.refresh.issuance import Issuer
from rolebound.refresh.notices import NoticeBoard
from rolebound.refresh.observer import Observer, Resource
from rolebound.refresh.refresher import Refresher
from rolebound.refresh.reporter import Reporter
from rolebound.refresh.resync import Resync
from rolebound.refresh.term import Term
from tests.support.api_server import ApiServer
from tests.support.builders import a_session, binding_body, pod_body, role_body
from tests.support.pki import CA, Issued

OPERATOR_NAMESPACE = "rolebound-system"
CERTIFICATE = f"/api/v1/namespaces/{OPERATOR_NAMESPACE}/secrets/client"
CLIENT = CA.root().issue()


async def eventually(condition: Callable[[], Any], seconds: float = 5) -> None:
    """Return once `condition` holds; the loop turns meanwhile."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to hold"
        await asyncio.sleep(0.005)


@dataclass
class Aws:
    """Gives sessions; fails with `failures` first, and waits at the gate while it is shut."""

    requests: list[SessionRequest] = field(default_factory=list)
    failures: deque[Error] = field(default_factory=deque)
    lasting: timedelta = timedelta(hours=1)
    gate: threading.Event = field(default_factory=threading.Event)
    at_a_time: int = 0
    most_at_a_time: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def create_session(self, _: SigningIdentity, request: SessionRequest, endpoint: Endpoint) -> Session:
        assert endpoint.region == "eu-central-1"
        self.requests.append(request)
        self.at_a_time += 1
        self.most_at_a_time = max(self.at_a_time, self.most_at_a_time)
        assert self.gate.wait(10)
        self.at_a_time -= 1
        if self.failures:
            raise self.failures.popleft()
        return a_session(clock.now().replace(microsecond=0), self.lasting)


@dataclass
class Engine:
    """Everything between the watches and the wire."""

    server: ApiServer
    api: KubernetesAPI
    aws: Aws = field(default_factory=Aws)
    inventory: Inventory = field(default_factory=lambda: Inventory(OPERATOR_NAMESPACE))
    metrics: Metrics = field(default_factory=Metrics)
    term: Term = field(default_factory=Term)
    """Begun, unless a test ends it."""

    def __post_init__(self) -> None:
        self.certificates, self.secrets = Certificates(self.api), CredentialSecrets(self.api)
        writer = StatusWriter(self.api)
        self.term.last(math.inf)
        self.notices = NoticeBoard(writer, self.metrics, self.term)
        self.reporter = Reporter(self.inventory, self.certificates, writer, self.notices, self.metrics, self.term)
        self.issuer = Issuer(self.certificates, self.secrets, self.aws, self.metrics, self.reporter.session_ended)
        self.refresher = Refresher(self.inventory, self.issuer, self.secrets, self.reporter, self.metrics, self.term, 0)
        self.reporter.holdings = self.refresher
        self.observer = Observer(self.inventory, self.certificates, self.refresher, self.reporter)
        self.resync = Resync(self.api, self.secrets, self.observer, self.refresher)
        self.put_certificate(CLIENT)

    def put_certificate(self, issued: Issued) -> None:
        halves = {"tls.crt": issued.certificate_pem, "tls.key": issued.key_pem}
        data = {name: base64.b64encode(half).decode() for name, half in halves.items()}
        metadata = {"name": "client", "namespace": OPERATOR_NAMESPACE}
        self.server.put(CERTIFICATE, {"type": "kubernetes.io/tls", "metadata": metadata, "data": data})

    def see_role(self, **changes: Any) -> None:
        self.observer.seen(Resource.CLUSTER_ROLES, role_body(**changes))

    def see_binding(self, name: str = "reader", **changes: Any) -> None:
        self.observer.seen(Resource.BINDINGS, binding_body(name, **changes))

    def see_pod(self, name: str = "api-1", **changes: Any) -> None:
        self.observer.seen(Resource.PODS, pod_body(name, **changes))

    def secret(self, name: str = "api-1-aws") -> dict[str, Any]:
        """A Secret as the API server has it; {} where there is none."""
        return self.server.objects.get(f"/api/v1/namespaces/shop/secrets/{name}", {})

    async def serve(self, name: str = "api-1", **changes: Any) -> dict[str, Any]:
        """A permitted pod with its credentials."""
        self.see_role()
        self.see_binding()
        self.see_pod(name, **changes)
        await eventually(lambda: self.secret(f"{name}-aws"))
        return self.secret(f"{name}-aws")
