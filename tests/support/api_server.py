"""A Kubernetes API server of a few dozen lines, on a real socket: objects in, objects out, and misbehaviour on demand.

It knows what the operator relies on: names that are taken, uids that do not match, pages, Status bodies. What a real
one does beyond that is left to the tests that have a real one.
"""

import copy
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client import Configuration

from rolebound.cluster.api import KubernetesAPI

Object = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Canned:
    """An answer that the next request gets, whatever it asks; status 0 ends the connection instead."""

    status: int
    body: str = ""


def refusing(status: int, message: str = "", reason: str = "") -> Canned:
    """A Kubernetes Status."""
    return Canned(status, json.dumps({"kind": "Status", "apiVersion": "v1", "message": message, "reason": reason}))


@dataclass
class ApiServer:
    """The server, its objects by path, and what it was asked."""

    objects: dict[str, Object] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    canned: deque[Canned] = field(default_factory=deque)
    token: str = "first"
    _uids: Iterator[int] = field(default_factory=lambda: count(1))
    _server: TestServer = field(init=False)

    async def start(self) -> "ApiServer":
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._server = TestServer(application)
        await self._server.start_server()
        return self

    async def stop(self) -> None:
        await self._server.close()

    def client(self) -> KubernetesAPI:
        """The operator's own client of this server; its token is `token`, asked for anew each time."""
        configuration: Any = Configuration(host=str(self._server.make_url("")).rstrip("/"))
        configuration.api_key_prefix["BearerToken"] = "Bearer"

        configuration.api_key["BearerToken"] = self.token

        async def refresh(configuration: Configuration) -> None:
            configuration.api_key["BearerToken"] = self.token

        configuration.refresh_api_key_hook = refresh
        return KubernetesAPI(configuration)

    def put(self, path: str, body: Object) -> Object:
        """Store an object, as if it had been there before."""
        version = str(next(self._uids))
        metadata = {"uid": f"uid-{version}", "resourceVersion": version} | body.get("metadata", {})
        self.objects[path] = body | {"metadata": metadata}
        return self.objects[path]

    def methods(self, containing: str = "") -> list[str]:
        """The methods of the requests whose path contains something."""
        return [each.method for each in self.asked if containing in each.path]

    async def _answer(self, request: web.Request) -> web.Response:
        text = await request.text()
        body = json.loads(text) if text else None
        self.asked.append(Asked(request.method, request.path, dict(request.query), request.headers.copy(), body))
        canned = self.canned.popleft() if self.canned else self._perform(request.method, request.path, body)
        if canned.status == 0:
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=canned.status or 500, text=canned.body, content_type="application/json")

    def _perform(self, method: str, path: str, body: Any) -> Canned:
        match method:
            case "GET":
                return self._get(path)
            case "POST":
                return self._create(path, body)
            case "PATCH":
                return self._patch(path, body) if isinstance(body, list) else self._apply(path, body)
            case "DELETE":
                return self._delete(path, body)
        return refusing(405)

    def _get(self, path: str) -> Canned:
        if path in self.objects:
            return _good(self.objects[path])
        if path.rpartition("/")[2] in _COLLECTIONS:
            return _good({"metadata": {}, "items": self._below(path)})
        return refusing(404, "not found")

    def _create(self, path: str, body: Object) -> Canned:
        metadata = body["metadata"]
        target = f"{path}/{metadata.get('name') or metadata['generateName'] + str(next(self._uids))}"
        return refusing(409, "exists") if target in self.objects else _good(self.put(target, body))

    def _delete(self, path: str, options: Object) -> Canned:
        stored = self.objects.get(path)
        if stored is None:
            return refusing(404, "not found")
        if options["preconditions"]["uid"] != stored["metadata"]["uid"]:
            return refusing(409, "uid")
        del self.objects[path]
        return _good({"kind": "Status", "status": "Success"})

    def _apply(self, path: str, body: Object) -> Canned:
        stored = self.objects.get(path)
        uid = body["metadata"].get("uid")
        if uid is not None and (stored is None or stored["metadata"]["uid"] != uid):
            return refusing(409, "uid mismatch")
        version = body["metadata"].get("resourceVersion")
        if version is not None and (stored is None or stored["metadata"]["resourceVersion"] != version):
            return refusing(409, "changed meanwhile")
        return _good(self.put(path, _unversioned(body)))

    def _patch(self, path: str, changes: list[Object]) -> Canned:
        """A JSON patch, of which `test` and `add` of a field are known."""
        stored = self.objects.get(path)
        if stored is None:
            return refusing(404, "not found")
        changed = copy.deepcopy(stored)
        for change in changes:
            *parents, field_name = change["path"].strip("/").split("/")
            target: Any = changed
            for parent in parents:
                target = target[int(parent)] if isinstance(target, list) else target[parent]
            if change["op"] == "test" and target[field_name] != change["value"]:
                return refusing(422, "test failed")
            target[field_name] = change["value"]
        return _good(self.put(path, _unversioned(changed)))

    def _below(self, path: str) -> list[Object]:
        kind = path.rpartition("/")[2]
        return [body for at, body in self.objects.items() if at.split("/")[-2] == kind]


_COLLECTIONS: Final = frozenset(
    {"secrets", "pods", "namespaces", "clusterawsroles", "awsroles", "awsrolebindings", "events"}
)


def _unversioned(body: Object) -> Object:
    """The object without its version: it gets a new one."""
    return body | {"metadata": {key: value for key, value in body["metadata"].items() if key != "resourceVersion"}}


def _good(body: Object) -> Canned:
    return Canned(200, json.dumps(body))
