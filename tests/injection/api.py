"""The API server's answers whole: the document, the refusal, and the warnings that kubectl would print."""

import json
import re
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from testbed.cluster import Cluster

Object = dict[str, Any]

_WARNING: Final = re.compile(r'299 - "((?:[^"\\]|\\.)*)"')
# The API server's own warnings of a pod begin with a field of it.
_OF_THE_SERVER: Final = re.compile(r"^(spec|metadata)[.\[]")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    document: Object
    warnings: tuple[str, ...]
    """Those of admission."""

    @property
    def denied(self) -> bool:
        """Whether the request was refused for what it asks."""
        return HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def message(self) -> str:
        """Why it was refused."""
        text: str = self.document.get("message", "")
        return text


class Api:
    """The API server, as the administrator."""

    def __init__(self, cluster: Cluster) -> None:
        """Talk to the API server of `cluster`."""
        plane = cluster.control_plane
        self._server = plane.server
        self._token = plane.credentials.tokens["admin"]
        self._context = ssl.create_default_context(cafile=str(plane.ca_file))

    def send(self, method: str, path: str, body: Object, content_type: str = "application/json") -> Answer:
        """Send a request, and return its answer whatever it is."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        data = json.dumps(body).encode()
        request = urllib.request.Request(self._server + path, data, headers, method=method)  # noqa: S310 - https
        try:
            with urllib.request.urlopen(request, timeout=30, context=self._context) as response:  # noqa: S310 - https
                return _answer(response.status, response.read(), response.headers.get_all("Warning"))
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.read(), error.headers.get_all("Warning"))

    def create(self, path: str, body: Object) -> Object:
        """Create an object for good."""
        answer = self.send("POST", path, body)
        assert answer.status == HTTPStatus.CREATED, answer.message
        return answer.document

    def try_pod(self, namespace: str, pod: Object) -> Answer:
        """What would become of a pod."""
        return self.send("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)

    def try_ephemeral(self, namespace: str, name: str, pod: Object) -> Answer:
        """What would become of the ephemeral containers of a pod that is there."""
        path = f"/api/v1/namespaces/{namespace}/pods/{name}/ephemeralcontainers?dryRun=All"
        patch = {"spec": {"ephemeralContainers": pod["spec"]["ephemeralContainers"]}}
        return self.send("PATCH", path, patch, "application/strategic-merge-patch+json")


def _answer(status: int, body: bytes, headers: list[str] | None) -> Answer:
    texts = [text for header in headers or () for text in _WARNING.findall(header)]
    warnings = tuple(re.sub(r"\\(.)", r"\1", text) for text in texts)
    return Answer(status, json.loads(body), tuple(text for text in warnings if not _OF_THE_SERVER.match(text)))
