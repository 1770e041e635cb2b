"""The parts that injection puts into a pod: volumes, mounts, variables, the sidecar. Pure, on a pod's JSON.

Each function adds what is absent and leaves what is there, whoever put it there.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from rolebound.api import names
from rolebound.api.objects import Body
from rolebound.model.objects import DeliveryType

_READABLE: Final = 0o444  # by whatever user the containers run as
_TOKEN_SECONDS: Final = 86400  # the kubelet renews it at 80 %
_NOBODY: Final = 65532  # the image's own user

FILE: Final = f"{names.MOUNT_PATH}/{names.CREDENTIALS_FILE}"
TOKEN_FILE: Final = f"{names.ENDPOINT_PATH}/token"
REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The container that serves credentials to a pod with `delivery: Endpoint`."""

    image: str
    pull_policy: str
    port: int


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a container gets."""

    volume: str
    path: str
    variables: tuple[tuple[str, str], ...]
    region_secret: str


def unshared(pod: Body) -> dict[str, Any]:
    """Return a copy of the pod whose parts can be changed by the functions here, and shares all others with `pod`.

    A deep copy would take longer than all the rest of an injection.
    """
    metadata, spec = dict(pod["metadata"]), dict(pod["spec"])
    for name in metadata.keys() & {"labels", "annotations"}:
        metadata[name] = dict(metadata[name] or {})
    for name in spec.keys() & {"initContainers", "containers", "ephemeralContainers"}:
        spec[name] = [_with_own_lists(container) for container in spec[name] or ()]
    if "volumes" in spec:
        spec["volumes"] = [
            copy.deepcopy(each) if each["name"] == names.VOLUME else each for each in spec["volumes"] or ()
        ]
    return {**pod, "metadata": metadata, "spec": spec}


def _with_own_lists(container: dict[str, Any]) -> dict[str, Any]:
    return container | {name: list(container[name] or ()) for name in container.keys() & {"env", "volumeMounts"}}


def equipment(delivery: DeliveryType, secret: str, port: int) -> Equipment:
    """Return what each container gets with `delivery`."""
    if delivery is DeliveryType.ENDPOINT:
        variables = (
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{port}/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", TOKEN_FILE),
        )
        return Equipment(names.ENDPOINT, names.ENDPOINT_PATH, variables, secret)
    # The second is the first's name for the Java SDK v1.
    files = (("AWS_SHARED_CREDENTIALS_FILE", FILE), ("AWS_CREDENTIAL_PROFILES_FILE", FILE))
    return Equipment(names.VOLUME, names.MOUNT_PATH, files, secret)


def equip(container: dict[str, Any], parts: Equipment) -> None:
    """Give a container the mount and the variables that it does not have."""
    mounts = container.setdefault("volumeMounts", [])
    if not any(mount["mountPath"].rstrip("/") == parts.path for mount in mounts):
        mounts.append({"name": parts.volume, "mountPath": parts.path, "readOnly": True})
    variables = container.setdefault("env", [])
    present = {variable["name"] for variable in variables}
    variables += [{"name": name, "value": value} for name, value in parts.variables if name not in present]
    if present.isdisjoint(REGION_VARIABLES):
        source = {"secretKeyRef": {"name": parts.region_secret, "key": names.REGION_KEY}}
        variables += [{"name": name, "valueFrom": source} for name in REGION_VARIABLES]


def every_container(pod: Body) -> Iterator[dict[str, Any]]:
    """Yield the init containers, native sidecars among them, and the containers; not the ephemeral ones."""
    yield from pod["spec"].get("initContainers") or ()
    yield from pod["spec"].get("containers") or ()


def containers(pod: Body) -> Iterator[dict[str, Any]]:
    """Yield every container but our own sidecar."""
    return (container for container in every_container(pod) if container["name"] != names.ENDPOINT)


def ephemeral_containers(pod: Body) -> list[dict[str, Any]]:
    """Return the containers that were put into a running pod."""
    return pod["spec"].get("ephemeralContainers") or []


def volume(pod: Body, name: str = names.VOLUME) -> dict[str, Any] | None:
    """Return the pod's volume of that name."""
    return next((each for each in pod["spec"].get("volumes") or () if each["name"] == name), None)


def secrets(pod: Body) -> list[str]:
    """Return the Secrets that the injected volume shows, in their order."""
    sources = ((volume(pod) or {}).get("projected") or {}).get("sources") or ()
    return [name for source in sources if (name := (source.get("secret") or {}).get("name"))]


def first_secret(pod: Body) -> str:
    """Return the Secret that was injected first, or "" where there is none."""
    return next(iter(secrets(pod)), "")


def add_volumes(pod: dict[str, Any], delivery: DeliveryType, secret: str, profile: str) -> None:
    """Add the Secret to the injected volume, which is made where there is none yet."""
    volumes = pod["spec"].setdefault("volumes", [])
    found = volume(pod)
    if found is None:
        found = _projected(names.VOLUME, _file_text() if delivery is DeliveryType.CREDENTIAL_PROCESS else [])
        volumes.append(found)
    if secret not in secrets(pod):
        sources = found["projected"]["sources"] = found["projected"].get("sources") or []
        sources.append(_secret_source(delivery, secret, profile))
    if delivery is DeliveryType.ENDPOINT and volume(pod, names.ENDPOINT) is None:
        token = {"audience": names.ENDPOINT_AUDIENCE, "expirationSeconds": _TOKEN_SECONDS, "path": "token"}
        volumes.append(_projected(names.ENDPOINT, [{"serviceAccountToken": token}]))


def with_profile(text: str, profile: str) -> str:
    """Return a credentials file's text with a section that reads the profile's JSON.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    if f"[{profile}]" in text.splitlines():
        return text
    return f"{text}[{profile}]\ncredential_process = cat {json_file(profile)}\n"


def json_file(profile: str) -> str:
    """Return where in a pod a profile's JSON is."""
    return f"{names.MOUNT_PATH}/{profile}.json"


def add_sidecar(pod: dict[str, Any], sidecar: Sidecar, profile: str) -> None:
    """Put the sidecar before everything else, so that init containers get credentials too.

    A native sidecar (KEP-753): the containers after it start when its start-up probe has succeeded.
    """
    inits = pod["spec"].setdefault("initContainers", [])
    if any(container["name"] == names.ENDPOINT for container in inits):
        return
    security: dict[str, Any] = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if (pod["spec"].get("securityContext") or {}).get("runAsUser") == 0:
        security["runAsUser"] = _NOBODY  # else the pod's user, the namespace's range or the image's holds
    port = str(sidecar.port)
    where = ["--file", json_file(profile), "--token-file", TOKEN_FILE, "--port", port]
    inits.insert(
        0,
        {
            "name": names.ENDPOINT,
            "image": sidecar.image,
            "imagePullPolicy": sidecar.pull_policy,
            "args": ["endpoint", *where],
            "restartPolicy": "Always",
            "startupProbe": {
                "exec": {"command": ["rolebound", "endpoint", "--probe", "--port", port]},
                "periodSeconds": 1,
                "timeoutSeconds": 5,
                "failureThreshold": 60,
            },
            "resources": {"requests": {"cpu": "5m", "memory": "24Mi"}, "limits": {"memory": "64Mi"}},
            "securityContext": security,
            "volumeMounts": [
                {"name": names.VOLUME, "mountPath": names.MOUNT_PATH, "readOnly": True},
                {"name": names.ENDPOINT, "mountPath": names.ENDPOINT_PATH, "readOnly": True},
            ],
        },
    )


def sidecar_port(pod: Body) -> int:
    """Return the port that the pod's sidecar serves on; 0 where it has none."""
    for container in every_container(pod):
        if container["name"] == names.ENDPOINT:
            port = (container.get("args") or [""])[-1]
            return int(port) if port.isascii() and port.isdecimal() else 0
    return 0


def _projected(name: str, sources: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "projected": {"defaultMode": _READABLE, "sources": sources}}


def _file_text() -> list[dict[str, Any]]:
    """The credentials file from the pod's own annotation: it names commands and holds no secret."""
    field = {"fieldPath": f"metadata.annotations['{names.FILE_TEXT}']"}
    return [{"downwardAPI": {"items": [{"path": names.CREDENTIALS_FILE, "fieldRef": field}]}}]


def _secret_source(delivery: DeliveryType, secret: str, profile: str) -> dict[str, Any]:
    if delivery is DeliveryType.STATIC_FILE:
        item = {"key": names.CREDENTIALS_STATIC, "path": names.CREDENTIALS_FILE}
    else:
        item = {"key": names.CREDENTIALS_JSON, "path": f"{profile}.json"}
    return {"secret": {"name": secret, "items": [item]}}
