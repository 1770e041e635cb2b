"""Another webhook on pods, as a service mesh has one."""

import base64
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.support.kubernetes import Sandbox
from tests.support.pki import CA


@contextmanager
def mesh(sandbox: Sandbox, folder: Path) -> Iterator[None]:
    """The other webhook: called after ours, it adds a container to every pod of the sandbox that has one."""
    authority = CA.root()
    issued = authority.issue(dns="localhost")
    certificate, key = folder / "tls.crt", folder / "tls.key"
    certificate.write_bytes(issued.certificate_pem)
    key.write_bytes(issued.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Mesh) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        name = f"zz-{sandbox.namespace}"
        sandbox.apply(_mesh_configuration(name, sandbox.namespace, server.server_port, authority.pem))
        yield
        sandbox.cluster.kubectl("delete", "mutatingwebhookconfiguration", name)
        server.shutdown()


class _Mesh(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = review["request"]
        response: dict[str, Any] = {"uid": request["uid"], "allowed": True}
        if len(request["object"]["spec"]["containers"]) == 1:
            added = {"name": "mesh", "image": "example.com/mesh"}
            change = [{"op": "add", "path": "/spec/containers/-", "value": added}]
            response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(change).encode()).decode()}
        body = json.dumps(review | {"request": None, "response": response}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _mesh_configuration(name: str, namespace: str, port: int, authority: bytes) -> dict[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    webhook = {
        "name": "mesh.example.com",
        "clientConfig": {"url": f"https://localhost:{port}/", "caBundle": base64.b64encode(authority).decode()},
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
    return kind | {"metadata": {"name": name}, "webhooks": [webhook]}
