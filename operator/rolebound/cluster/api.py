"""The few calls that rolebound makes to the Kubernetes API, over the official client's asyncio half.

JSON in, JSON out: the generated model classes would cost more memory than the rest of the operator. Every failure is
translated here, once; a response's body never gets into a message unless it is a Kubernetes Status.
"""

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

from rolebound.api.names import FIELD_MANAGER
from rolebound.errors import ClusterUnavailable, SettingsError

_PAGE: Final = 500  # what kubectl and client-go ask for at a time
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)
# The API server ends a watch after this long, and sends a bookmark each minute: longer silence is a dead connection.
_WATCH_SECONDS: Final = 300
_WATCH_TIMEOUT: Final = aiohttp.ClientTimeout(total=_WATCH_SECONDS + 30, connect=10, sock_read=150)
_METADATA: Final = "application/json;as={kind};g=meta.k8s.io;v=v1,application/json"


class NotFound(ClusterUnavailable):
    """The object, or its kind, is not there; or its namespace is on its way out and takes nothing more."""


class VersionGone(ClusterUnavailable):
    """The API server no longer knows what happened since that resource version (HTTP 410)."""


class AlreadyThere(ClusterUnavailable):
    """An object of that name exists, or is not the one that was meant (HTTP 409)."""


async def load_configuration() -> Configuration:
    """Return how to reach the API server: $KUBECONFIG where it is set, else the pod's own ServiceAccount.

    Raises SettingsError where neither works.
    """
    configuration = Configuration()
    try:
        if os.environ.get("KUBECONFIG"):
            await config.load_kube_config(client_configuration=configuration)
        else:
            config.load_incluster_config(client_configuration=configuration)
    except (config.ConfigException, OSError) as error:
        raise SettingsError(
            f"the Kubernetes API cannot be configured ({error}); run in a pod with a ServiceAccount, or set KUBECONFIG"
        ) from error
    configuration.connection_pool_maxsize = 32  # requests at a time; more would only queue in the API server
    return configuration


async def load_user_configuration(context: str | None) -> Configuration:
    """Return how a user at a shell reaches the API server: `context` of $KUBECONFIG, else of ~/.kube/config.

    Raises SettingsError where there is no such thing.
    """
    configuration = Configuration()
    try:
        # Named here, because the client looks at the variable only once, when it is imported.
        path = os.environ.get("KUBECONFIG") or "~/.kube/config"
        await config.load_kube_config(path, context=context, client_configuration=configuration)
    except (config.ConfigException, OSError) as error:
        raise SettingsError(f"no cluster can be reached ({error}); set KUBECONFIG, or choose a --context") from error
    return configuration


class KubernetesAPI:
    """Typed only by verb: get, list, watch, create, apply, patch, delete."""

    def __init__(self, configuration: Configuration) -> None:
        self._client = ApiClient(configuration)
        self._host = configuration.host

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def authorization(self) -> dict[str, str]:
        """Return the headers that authorize a request now; a rotated token is read anew."""
        headers: dict[str, str] = {}
        await self._client.update_params_for_auth(headers, [], ["BearerToken"], "", "GET", None)
        return headers

    async def get(self, path: str, *, metadata_only: bool = False) -> dict[str, Any]:
        """Return the object at `path`; NotFound where there is none."""
        accept = _METADATA.format(kind="PartialObjectMetadata") if metadata_only else "application/json"
        return await self._call("GET", path, accept=accept)

    async def list(self, path: str, *, metadata_only: bool = False, **selectors: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the objects at `path`, a page at a time; `selectors` are `labelSelector` and `fieldSelector`."""
        accept = _METADATA.format(kind="PartialObjectMetadataList") if metadata_only else "application/json"
        query: dict[str, str] = {"limit": str(_PAGE)} | selectors
        while True:
            page = await self._call("GET", path, query=query, accept=accept)
            for item in page.get("items") or ():
                yield item
            token = page["metadata"].get("continue")
            if not token:
                return
            query["continue"] = token

    async def watch(self, path: str, version: str, **selectors: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield each change at `path` as its type and the object's metadata, until the API server ends the watch.

        It starts after resource `version`; where that is empty, with everything that there is as ADDED. BOOKMARK tells
        the version alone. Raises VersionGone where that much of the past is forgotten.
        """
        query = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(_WATCH_SECONDS)} | selectors
        if version:
            query["resourceVersion"] = version
        accept = _METADATA.format(kind="PartialObjectMetadata")
        response = await self._send("GET", path, query=query, accept=accept, timeout=_WATCH_TIMEOUT)
        try:
            if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                raise _refusal("GET", path, response.status, json.loads(await response.read()))
            async for line in response.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise _refusal("GET", path, event["object"].get("code", 0), event["object"])
                yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ClusterUnavailable(f"watch {path}: {type(error).__name__}") from error
        finally:
            response.close()

    async def create(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create `body`; AlreadyThere where the name is taken, whoever took it."""
        return await self._call("POST", path, query={"fieldManager": FIELD_MANAGER}, body=body)

    async def apply(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Server-side apply `body` in one write.

        With `metadata.uid` in it only that very object is changed; AlreadyThere where it is gone or another one.
        """
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return await self._call("PATCH", path, query=query, body=body, content_type="application/apply-patch+yaml")

    async def patch(self, path: str, changes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Change single fields by a JSON patch (RFC 6902), all or none."""
        return await self._call("PATCH", path, body=changes, content_type="application/json-patch+json")

    async def delete(self, path: str, uid: str) -> None:
        """Delete the object at `path` if its uid is `uid`; nothing happens where it is gone or another one."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        try:
            await self._call("DELETE", path, body=body)
        except (NotFound, AlreadyThere):
            return

    async def _call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """Return the answer to one request; the keywords are those of _send()."""
        response = await self._send(method, path, **request)
        try:
            data = await response.read()
            answer = json.loads(data) if data else {}
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ClusterUnavailable(f"{method} {path}: {type(error).__name__}") from error
        if response.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        raise _refusal(method, path, response.status, answer)

    async def _send(  # noqa: PLR0913 - the parts of one HTTP request
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        accept: str = "application/json",
        content_type: str = "application/json",
        timeout: aiohttp.ClientTimeout = _TIMEOUT,  # noqa: ASYNC109 - aiohttp's own, of several parts
    ) -> aiohttp.ClientResponse:
        url = f"{self._host}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": accept, "Content-Type": content_type}
        try:
            headers |= await self.authorization()
            answer = await self._client.call_api(method, url, headers, body=body, _request_timeout=timeout)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, config.ConfigException) as error:
            raise ClusterUnavailable(f"{method} {path}: {type(error).__name__}") from error
        response: aiohttp.ClientResponse = answer.response
        return response


def _refusal(method: str, path: str, status: int, answer: Any) -> ClusterUnavailable:
    message = answer.get("message", "") if isinstance(answer, dict) and answer.get("kind") == "Status" else ""
    text = f"{method} {path}: HTTP {status}" + (f": {message[:300]}" if message else "")
    if _is_of_a_namespace_that_ends(answer):
        return NotFound(text)
    match status:
        case 404:
            return NotFound(text)
        case 409:
            return AlreadyThere(text)
        case 410:
            return VersionGone(text)
        case 403:
            return ClusterUnavailable(f"{text}; whoever installed the chart gives the operator this right")
    return ClusterUnavailable(text)


def _is_of_a_namespace_that_ends(answer: Any) -> bool:
    """Whether this is the 403 by which a namespace that is deleted refuses new objects, which is no lack of a right."""
    causes = (answer.get("details") or {}).get("causes") if isinstance(answer, dict) else None
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes or ())
