"""What botocore raised → who must act.

AWS's 403 says little, so a refusal carries what was checked here before the call: with the chain, key, dates and
usage known to be good, what is left to look at is in AWS. Only AWS's own message is quoted, trimmed to what is fit to
print; no part of a request ever is.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)

from rolebound.errors import AWSUnavailable, Error, SessionDenied, SessionNameRefused, SpecInvalid, Throttled
from rolebound.model import remedies
from rolebound.model.session import SessionRequest

_QUOTED: Final = 300
# What these say is a URL and why it cannot be reached; others may quote a request.
_UNREACHED: Final = (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
# The ARNs leave no room for the reason; a password stays in a proxy's URL that botocore takes for no URL.
_UNSAID: Final = re.compile(r"\?[^\s\"]*|[^/\s\"]*@")
# SigV4's usual tolerance; what Roles Anywhere allows is not documented.
_CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_THROTTLED: Final = ("Throttl", "TooManyRequests", "LimitExceeded", "RequestLimit", "SlowDown")


def translated(error: BotoCoreError | ClientError, request: SessionRequest, now: datetime) -> Error:
    """Return the error of ours that `error` means."""
    if isinstance(error, ClientError):
        return _refusal(error, request, now)
    if isinstance(error, ParamValidationError):
        return SpecInvalid(f"the session's parameters are not valid: {_printable(str(error))}")
    if isinstance(error, (HTTPClientError, *_UNREACHED)):
        why = type(error).__name__
        if isinstance(error, _UNREACHED):
            why += f": {_printable(_UNSAID.sub('', str(error)))}"
        return AWSUnavailable(f"no answer from Roles Anywhere in {request.trust_anchor.region}: {why}")
    return AWSUnavailable(f"Roles Anywhere's answer, or its endpoint, cannot be used: {type(error).__name__}")


def _refusal(error: ClientError, request: SessionRequest, now: datetime) -> Error:
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata") or {}
    status = metadata.get("HTTPStatusCode", 0)
    details = error.response.get("Error") or {}
    code, message = _printable(str(details.get("Code", ""))), _printable(str(details.get("Message", "")))
    if status == HTTPStatus.TOO_MANY_REQUESTS or code.startswith(_THROTTLED):
        return Throttled(f"AWS asks to slow down in {request.trust_anchor.region} ({code or status})")
    if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return AWSUnavailable(f"Roles Anywhere answered HTTP {status} ({code or 'no error code'})")
    if message.startswith("<"):  # AWS answers in JSON
        return AWSUnavailable(f"something on the way to AWS, as a proxy, answered HTTP {status} with a page: {message}")
    text = f"AWS refused ({code or status}): {message or 'without a message'}"
    if "roleSessionName" in message:
        return SessionNameRefused(
            f"{request.profile} does not accept session names, so CloudTrail shows the certificate's serial number; "
            + remedies.NAMES_REFUSED,
            said=text,
            remedy=remedies.NAMES_REFUSED,
        )
    remedy = next((remedy for words, remedy in remedies.BY_MESSAGE.items() if words in message), "")
    checked = (
        "Checked here and good: key and certificate belong together, chain, dates, key usage, "
        f"region {request.trust_anchor.region}"
    )
    whole = ". ".join(part.removesuffix(".") for part in (text, remedy, checked, _clock(error, now)) if part)
    return SessionDenied(whole, said=text, remedy=remedy)


def clock_behind(error: ClientError, now: datetime) -> timedelta | None:
    """Return how far `now` is behind the clock of the answer, or None where a signature could bear the difference."""
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata") or {}
    try:
        behind = parsedate_to_datetime((metadata.get("HTTPHeaders") or {})["date"]) - now
    except (KeyError, ValueError, TypeError):
        return None
    return behind if abs(behind) >= _CLOCK_TOLERANCE else None


def _clock(error: ClientError, now: datetime) -> str:
    """Return what AWS's Date header tells about this clock."""
    behind = clock_behind(error, now)
    if behind is None:
        return ""
    apart = -behind
    minutes = abs(apart).total_seconds() / 60
    return f"But this clock is {minutes:.0f} minutes {'ahead of' if apart > timedelta() else 'behind'} AWS's: mend it"


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text[:_QUOTED]).strip()
