"""What a pod's author asks of injection, by annotations; what cannot be granted is refused in words for its author.

Annotations come from whoever may create a pod, so every one is held to its form before anything is made of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rolebound.api import names
from rolebound.api.objects import Body, listed, parse_claims
from rolebound.errors import SpecInvalid
from rolebound.model.objects import DeliveryType

_LONGEST: Final = 4096  # characters of an annotation
_MOST: Final = 100  # names in a list
# A container's name is a DNS label (RFC 1123); a profile's is what the CRD allows in delivery.profile.
_CONTAINER: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_PROFILE: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.@-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the annotations of a pod say; None where one says nothing."""

    delivery: DeliveryType | None = None
    containers: frozenset[str] | None = None
    profiles: frozenset[str] | None = None

    def wants(self, profile: str) -> bool:
        """Whether the pod wants the binding with this profile."""
        return self.profiles is None or profile in self.profiles

    def chooses(self, container: str) -> bool:
        """Whether the container is to get credentials."""
        return self.containers is None or container in self.containers


def wishes_of(pod: Body) -> Wishes:
    """Return what the pod's annotations ask for; SpecInvalid says which one is wrong and what it may be."""
    annotations = pod["metadata"].get("annotations") or {}
    return Wishes(
        delivery=_delivery(annotations.get(names.DELIVERY)),
        containers=_list(annotations, names.CONTAINERS, _CONTAINER, "container"),
        profiles=_list(annotations, names.PROFILES, _PROFILE, "profile"),
    )


def asks(pod: Body) -> bool:
    """Whether an injector may touch the pod: not where it opted out, mounts by hand, or mirrors a static pod.

    That it opted in is for the API server to say, whose selectors know the namespace's labels too.
    """
    metadata = pod["metadata"]
    annotations = metadata.get("annotations") or {}
    by_hand = "" in parse_claims(annotations.get(names.SECRET_CLAIM, ""))
    opted_out = (metadata.get("labels") or {}).get(names.INJECT_LABEL) == names.DO_NOT_INJECT
    return not (opted_out or by_hand or names.MIRROR in annotations)


def check_pod(pod: Body) -> None:
    """Raise SpecInvalid where no credentials can be injected into such a pod at all."""
    spec = pod["spec"]
    system = (spec.get("os") or {}).get("name") or (spec.get("nodeSelector") or {}).get("kubernetes.io/os")
    if system == "windows":
        raise SpecInvalid(
            "rolebound does not serve Windows pods, whose files and commands are others; "
            f"opt this pod out with the label {names.INJECT_LABEL}={names.DO_NOT_INJECT}"
        )


def check_delivery(pod: Body, delivery: DeliveryType) -> None:
    """Raise SpecInvalid where a pod cannot have its credentials by `delivery`."""
    if delivery is DeliveryType.ENDPOINT and pod["spec"].get("hostNetwork"):
        raise SpecInvalid(
            "delivery Endpoint serves on 127.0.0.1, which a pod with hostNetwork shares with every process of its "
            f"node; take hostNetwork away, or set the annotation {names.DELIVERY} to {DeliveryType.CREDENTIAL_PROCESS}"
        )


def _delivery(text: str | None) -> DeliveryType | None:
    if text is None:
        return None
    try:
        return DeliveryType(text)
    except ValueError:
        raise SpecInvalid(
            f"annotation {names.DELIVERY} is {_quoted(text)}; it may be {', '.join(DeliveryType)}"
        ) from None


def _list(annotations: Mapping[str, Any], annotation: str, form: re.Pattern[str], what: str) -> frozenset[str] | None:
    text = annotations.get(annotation)
    if text is None:
        return None
    entries = listed(text) if len(text) <= _LONGEST else []
    if not entries or len(entries) > _MOST:
        raise SpecInvalid(
            f"annotation {annotation} is too long: {len(text)} characters; "
            f"it may list {_MOST} {what} names in {_LONGEST} characters"
        )
    for entry in entries:
        if not form.fullmatch(entry):
            raise SpecInvalid(
                f"annotation {annotation}: {_quoted(entry)} is not a {what}'s name; list names separated by commas"
            )
    return frozenset(entries)


def _quoted(text: str) -> str:
    """Return what is shown of a text that anybody may have written: the beginning, and in one line."""
    return repr(text[:80])
