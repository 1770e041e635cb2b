"""Pages of a list: which resources one answer holds, and the token by which the next call goes on.

Pure. A token names the last resource that was shown, so that what is created or deleted meanwhile neither repeats nor
hides another. AWS publishes no page size of its own; ours is small enough that a caller who forgets the rest finds out.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from rolebound.emulator.clock import iso8601
from rolebound.emulator.messages import invalid
from rolebound.emulator.resources import Resource

_LARGEST_PAGE: Final = 100

_Kind = TypeVar("_Kind", bound=Resource)


def page(resources: Sequence[_Kind], parameters: Mapping[str, Any]) -> tuple[Sequence[_Kind], str | None]:
    """Return the resources that a call with `parameters` gets, and the next page's token or None at the end."""
    size = parameters.get("pageSize", _LARGEST_PAGE)
    if size < 1:
        raise invalid(f"Value '{size}' at 'pageSize' failed to satisfy constraint: Member must be at least 1")
    after = _read(parameters["nextToken"]) if "nextToken" in parameters else ("", "")
    left = [resource for resource in sorted(resources, key=_place) if _place(resource) > after]
    shown = left[: min(size, _LARGEST_PAGE)]
    return shown, _written(_place(shown[-1])) if len(shown) < len(left) else None


def _place(resource: Resource) -> tuple[str, str]:
    return f"{iso8601(resource.created_at)}{resource.created_at.microsecond:06}", str(resource.arn)


def _written(place: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read(token: str) -> tuple[str, str]:
    try:
        at, arn = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        raise invalid("Invalid nextToken") from None
    if not isinstance(at, str) or not isinstance(arn, str):
        raise invalid("Invalid nextToken")
    return at, arn
