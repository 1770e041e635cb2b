"""What a pod's author set that stands against the credentials that were injected: named, never changed.

The webhook says it as an admission warning and the operator, from the pod as it was stored, as an Event: both call
this, so both say the same, whichever injector was at work.
"""

from collections.abc import Iterator
from typing import Any, Final

from rolebound.api import names
from rolebound.api.objects import Body
from rolebound.errors import SpecInvalid
from rolebound.model.objects import DeliveryType
from rolebound.planning import podparts
from rolebound.planning.podparts import Equipment
from rolebound.planning.wishes import asks, wishes_of

# SDKs look at these before they look at a file or an endpoint:
# https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
_PREFERRED: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",  # with the next one: IAM roles for service accounts
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",  # with the next one: EKS Pod Identity
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)
_PROFILES: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
# Beside an endpoint: with a file or a profile named, SDKs look into files alone, and may find nothing there.
_FILES: Final = ("AWS_SHARED_CREDENTIALS_FILE", *_PROFILES)


def obstacle(pod: Body) -> str:
    """Return what keeps the pod from being injected at all, or ""."""
    # What has our names on a pod that says it was injected is ours, if it can be.
    mark = (pod["metadata"].get("annotations") or {}).get(names.INJECTED)
    for name in (names.VOLUME, names.ENDPOINT):
        found = podparts.volume(pod, name)
        if found is not None and (mark not in set(DeliveryType) or "projected" not in found):
            return f"the pod has a volume {name!r} of its own: rename it, for rolebound to inject credentials"
    sidecars = [each for each in podparts.every_container(pod) if each["name"] == names.ENDPOINT]
    if sidecars and mark != DeliveryType.ENDPOINT:
        return f"the pod has a container {names.ENDPOINT!r} of its own: rename it, for rolebound to inject credentials"
    return ""


def conflicts(pod: Body) -> tuple[str, ...]:
    """Return what stands against the credentials of a pod, each with what to remove; nothing for one without."""
    mark = (pod["metadata"].get("annotations") or {}).get(names.INJECTED)
    secret = podparts.first_secret(pod)
    if mark not in set(DeliveryType) or not secret:
        hindrance = obstacle(pod) if asks(pod) else ""
        return (hindrance,) if hindrance else ()
    try:
        wishes = wishes_of(pod)
    except SpecInvalid as error:  # changed after the pod was admitted
        return (str(error),)
    delivery = DeliveryType(mark)
    parts = podparts.equipment(delivery, secret, podparts.sidecar_port(pod))
    profiles = [line[1:-1] for line in _text(pod).splitlines() if line.startswith("[")]
    return tuple(
        conflict
        for container in (*podparts.containers(pod), *podparts.ephemeral_containers(pod))
        if wishes.chooses(container["name"])
        for conflict in _of_container(container, delivery, parts, profiles)
    )


def _of_container(
    container: dict[str, Any], delivery: DeliveryType, parts: Equipment, profiles: list[str]
) -> Iterator[str]:
    where = f"container {container['name']!r}"
    variables = {variable["name"]: variable.get("value") for variable in container.get("env") or ()}
    ours = dict(parts.variables)
    for mount in container.get("volumeMounts") or ():
        if mount["mountPath"].rstrip("/") == parts.path and mount["name"] != parts.volume:
            yield f"{where} mounts {mount['name']!r} at {parts.path}, where its credentials belong: remove it"
    preferred = _PREFERRED if delivery is not DeliveryType.ENDPOINT else (*_PREFERRED, *_FILES)
    for name in dict.fromkeys((*ours, *preferred)):
        # From a Secret, as static keys mostly are, it has no value here.
        if name in variables and (name not in ours or variables[name] != ours[name]):
            yield f"{where} sets {name}, which keeps SDKs from the injected credentials: remove it"
    for name in _PROFILES:
        if profiles and name in variables and variables[name] not in profiles:
            yield f"{where} sets {name}, and the injected file has only {', '.join(profiles)}: remove or change it"


def _text(pod: Body) -> str:
    text: str = (pod["metadata"].get("annotations") or {}).get(names.FILE_TEXT, "")
    return text
