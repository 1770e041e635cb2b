"""The two files that the kubelet keeps for the sidecar: credentials and token, read anew for each request.

Nothing is cached to be served later, with one exception: what was read last stays in memory, and is used where a file
cannot be read or makes no sense, for as long as it is valid. The kubelet exchanges a volume whole, so one read never
sees half of a change; two readers of one volume can see two sides of it.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from rolebound.clock import parse_rfc3339, rfc3339
from rolebound.endpoint.protocol import Credentials, Refused

# An SDK reads the token, the kubelet exchanges it, and then we read it: that is a moment. Minutes are for an SDK that
# waits between its retries. A token is the kubelet's to rotate, and is worth nothing outside of this pod.
PREVIOUS_TOKEN_FOR: Final = timedelta(minutes=5)
_LONGEST: Final = 64 * 1024
_FIELDS: Final = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
_ACTS: Final = "the status of the pod's AWSRoleBinding says why"


@dataclass(slots=True)
class CredentialsFile:
    """A file with what a `credential_process` prints."""

    path: Path
    trouble: str = ""
    """What is wrong with the file, "" while it is as it should be."""
    _last: Credentials | None = field(default=None, repr=False)

    def read(self, now: datetime) -> Credentials:
        """Return credentials that have not expired; raises Refused where there are none."""
        self.trouble = self._look(now)
        if self._last is not None and self._last.expires_at > now:
            return self._last
        code = "ExpiredCredentials" if self._last else "CredentialsNotFound"
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, code, f"{self.trouble}; {_ACTS}")

    def _look(self, now: datetime) -> str:
        """Take in what the file holds now and return what is wrong with it."""
        try:
            found = parse_process_output(_content(self.path))
        except OSError as error:
            return f"{self.path} cannot be read: {error.strerror}"
        except ValueError as error:
            return f"{self.path} is not what a credential_process prints: {error}"
        if found.expires_at <= now:
            self._last = self._last or found
            return f"the credentials in {self.path} expired at {rfc3339(found.expires_at)}"
        self._last = found
        return ""


@dataclass(slots=True)
class TokenFile:
    """A file with the token that a client has to know."""

    path: Path
    trouble: str = ""
    """What is wrong with the file, "" while it is as it should be."""
    _current: str = field(default="", repr=False)
    _previous: str = field(default="", repr=False)
    _previous_until: datetime | None = None

    def read(self, now: datetime) -> list[str]:
        """Return the tokens that are accepted: the file's, and for some minutes the one before it.

        Raises Refused where no token was ever read: then nobody can be authorized.
        """
        self.trouble = self._look(now)
        if not self._current:
            raise Refused(HTTPStatus.UNAUTHORIZED, "TokenNotFound", self.trouble)
        if self._previous_until is None or self._previous_until <= now:
            return [self._current]
        return [self._current, self._previous]

    def _look(self, now: datetime) -> str:
        """Take in what the file holds now and return what is wrong with it."""
        try:
            found = _content(self.path).decode().strip()
        except OSError as error:
            return f"{self.path} cannot be read: {error.strerror}"
        except ValueError:
            return f"{self.path} is not text"
        if not found:
            return f"{self.path} is empty"
        if found != self._current:
            if self._current:
                self._previous, self._previous_until = self._current, now + PREVIOUS_TOKEN_FOR
            self._current = found
        return ""


def parse_process_output(document: bytes) -> Credentials:
    """Return the credentials in what a `credential_process` prints.

    Raises ValueError, whose message holds nothing of the document but the names of its fields.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    try:
        fields = json.loads(document)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(fields, dict) or fields.get("Version") != 1:
        raise ValueError("it is no JSON object with Version 1")
    key_id, secret, token, expiration = (_text(fields, name) for name in _FIELDS)
    try:
        expires_at = parse_rfc3339(expiration)
    except (ValueError, OverflowError):
        raise ValueError("its Expiration is no instant") from None
    return Credentials(key_id, secret, token, expires_at)


def _text(fields: dict[str, Any], name: str) -> str:
    text = fields.get(name)
    if not isinstance(text, str) or not text:
        raise ValueError(f"it has no {name}")
    return text


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise ValueError(f"it is over {_LONGEST} bytes")
    return content
