import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint
from rolebound.rolesanywhere.client import RolesAnywhere
from tests.support.pki import CA
from tests.unit.rolesanywhere.answering import IMPATIENT, Answer, credential_set


@pytest.fixture
def answer() -> Answer:
    return Answer(body=json.dumps(credential_set()).encode())


@pytest.fixture
def endpoint(answer: Answer) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer.seen.append((self.path, dict(self.headers), body))
            if answer.hang is not None:
                answer.hang.wait(5)
            self.send_response_only(403 if answer.refuses_the_last() else answer.status)
            if answer.code:
                self.send_header("X-Amzn-ErrorType", answer.code)
            if answer.date:
                self.send_header("Date", answer.date)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Endpoint("eu-central-1", url=f"http://127.0.0.1:{server.server_port}")
    if answer.hang is not None:
        answer.hang.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def identity() -> SigningIdentity:
    issued = CA.root().issue_ca("middle").issue(key=ec.generate_private_key(ec.SECP521R1()))
    return SigningIdentity.from_pem(issued.certificate_pem, issued.key_pem)


@pytest.fixture(scope="module")
def anywhere() -> RolesAnywhere:
    return RolesAnywhere(IMPATIENT)
