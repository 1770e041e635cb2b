"""IAM's patterns: `*` for any characters, `?` for one, `${key}` for a value of the request, ARNs field by field.

Decides whether a text matches; knows no policy. Everything else in a pattern stands for itself, and a value that is put
in place of a variable is never read as a pattern.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

# Keys in lower case: IAM's condition keys do not tell upper from lower.
RequestContext = Mapping[str, tuple[str, ...]]

_VARIABLE: Final = re.compile(r"\$\{(?P<key>[^},]*)(?:,\s*'(?P<default>[^']*)')?\s*\}")
# `${*}`, `${?}` and `${$}` are those characters themselves.
_LITERALS: Final = frozenset("*?$")
# arn:partition:service:region:account:resource, the last of which may hold colons itself.
_ARN_FIELDS: Final = 6


@lru_cache(maxsize=20_000)
def pattern_source(pattern: str) -> str:
    """Return the regular expression for a pattern without variables."""
    wild = {"*": ".*", "?": "."}
    return "".join(wild.get(character) or re.escape(character) for character in pattern)


@lru_cache(maxsize=20_000)
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source, re.DOTALL)


def matches(pattern: str, text: str, context: RequestContext | None = None) -> bool:
    """Return whether all of `text` matches `pattern`; variables are filled from `context`, and are text without one."""
    source = pattern_source(pattern) if context is None else _source_with_variables(pattern, context)
    return source is not None and _compiled(source).fullmatch(text) is not None


def substituted(text: str, context: RequestContext) -> str | None:
    """Return `text` with its variables filled in, or None where the request has no value for one."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        found = _variable(match, context)
        missing = missing or found is None
        return found or ""

    filled = _VARIABLE.sub(value, text)
    return None if missing else filled


def arn_matches(pattern: str, text: str, context: RequestContext | None = None) -> bool:
    """Return whether two ARNs match field by field, so that no wildcard reaches over a colon."""
    fields = text.split(":", _ARN_FIELDS - 1)
    patterns = _arn_pattern_fields(pattern)
    if len(fields) != _ARN_FIELDS or len(patterns) != _ARN_FIELDS:
        return False
    return all(matches(expected, field, context) for expected, field in zip(patterns, fields, strict=True))


def _arn_pattern_fields(pattern: str) -> list[str]:
    # A variable may hold colons of its own, `${aws:SourceAccount}`, which part no fields.
    hidden = _VARIABLE.sub(lambda match: match[0].replace(":", "\0"), pattern)
    return [field.replace("\0", ":") for field in hidden.split(":", _ARN_FIELDS - 1)]


def _source_with_variables(pattern: str, context: RequestContext) -> str | None:
    parts: list[str] = []
    position = 0
    for match in _VARIABLE.finditer(pattern):
        value = _variable(match, context)
        if value is None:
            return None
        parts += [pattern_source(pattern[position : match.start()]), re.escape(value)]
        position = match.end()
    return "".join([*parts, pattern_source(pattern[position:])])


def _variable(match: re.Match[str], context: RequestContext) -> str | None:
    key: str = match["key"]
    if key in _LITERALS:
        return key
    values = context.get(key.strip().lower(), ())
    # Only a key with one value can stand in for a variable.
    return values[0] if len(values) == 1 else match["default"]
