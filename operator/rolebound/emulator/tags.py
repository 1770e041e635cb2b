"""Tags of trust anchors, profiles, revocation lists and subjects, and what IAM's conditions see of them.

Pure. A resource has at most 50, whatever the call; keys tell upper from lower case.
Sources: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_TagResource.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rolebound.emulator.messages import Refusal, invalid
from rolebound.emulator.patterns import RequestContext

# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
_MOST: Final = 50
_RESERVED: Final = "aws:"

Tags = Mapping[str, str]


def with_tags(tags: Tags, added: Sequence[Mapping[str, str]]) -> Tags:
    """Return `tags` with `added` in it; Refusal where there are too many, or a key is reserved or there twice."""
    named = {one["key"]: one["value"] for one in added}
    if len(named) < len(added):
        raise invalid("Duplicate tag keys found")
    if any(key.lower().startswith(_RESERVED) for key in named):
        raise invalid(f"Tag keys must not start with {_RESERVED}")
    together = {**tags, **named}
    if len(together) > _MOST:
        raise Refusal(400, "TooManyTagsException", f"A resource may have at most {_MOST} tags")
    return together


def without_tags(tags: Tags, keys: Iterable[str]) -> Tags:
    """Return `tags` without those keys; a key that is not there is no error."""
    gone = set(keys)
    return {key: value for key, value in tags.items() if key not in gone}


def tag_details(tags: Tags) -> list[dict[str, str]]:
    """Return `tags` as the API shows them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def tag_context(tags: Tags, parameters: Mapping[str, Any]) -> RequestContext:
    """Return the condition keys of a call with `parameters` on a resource that has `tags`."""
    requested = {one["key"]: one["value"] for one in parameters.get("tags", ())}
    context = {f"aws:resourcetag/{key.lower()}": (value,) for key, value in tags.items()}
    context |= {f"aws:requesttag/{key.lower()}": (value,) for key, value in requested.items()}
    keys = (*requested, *parameters.get("tagKeys", ()))
    return {**context, "aws:tagkeys": keys} if keys else context
