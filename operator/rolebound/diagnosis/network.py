"""The way to the endpoint: its name, its TLS, and the time that it tells, without signing anything."""

import socket
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, HTTPClientError, SSLError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from rolebound import clock
from rolebound.diagnosis.certificates import printable
from rolebound.diagnosis.facts import Reached, Unknown
from rolebound.errors import AWSUnavailable, Error

_TIMEOUT: Final = (5, 10)  # to connect, to answer; seconds


def reached(url: str, trusted: str | bool | None) -> Reached:
    """Return what a plain GET of the endpoint shows, by the proxy that botocore would take.

    `trusted` is the CA bundle, None the usual one; with False any certificate will do.
    """
    host = urlsplit(url).hostname or ""
    proxies: dict[str, str] = get_environ_proxies(url)
    addresses = Unknown("a proxy resolves the name") if proxies else _addresses(host)
    if isinstance(addresses, Error):
        unreached = Unknown(f"{host} does not resolve: see `dns`")
        return Reached(host, addresses, unreached, unreached)
    try:
        make: Any = URLLib3Session  # the stubs know neither a CA bundle nor two timeouts
        session = make(verify=True if trusted is None else trusted, proxies=proxies, timeout=_TIMEOUT)
        answer = session.send(AWSRequest(method="GET", url=url).prepare())
    except (BotoCoreError, HTTPClientError, OSError, ValueError) as error:
        failed = AWSUnavailable(_failure(error, host))
        return Reached(host, addresses, failed, Unknown("the endpoint did not answer: see `tls`"))
    return Reached(host, addresses, f"{host} answers over {_how(url, trusted)}", _offset(answer.headers.get("Date")))


def _how(url: str, trusted: str | bool | None) -> str:
    if not url.startswith("https:"):
        return "plain HTTP, without TLS"
    return (
        "HTTPS, whose certificate nobody verified" if trusted is False else "HTTPS, with a certificate that is trusted"
    )


def _addresses(host: str) -> tuple[str, ...] | Error:
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return AWSUnavailable(f"{host} does not resolve ({type(error).__name__})")
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def _failure(error: Exception, host: str) -> str:
    if isinstance(error, SSLError):
        return f"TLS with {host} fails: {printable(str(error))}"
    return f"{host} does not answer ({type(error).__name__})"


def _offset(date: str | None) -> timedelta | Unknown:
    """Return how far the server's clock is ahead; the header has whole seconds."""
    try:
        return parsedate_to_datetime(date or "") - clock.now()
    except (ValueError, TypeError):
        return Unknown("the endpoint's answer has no Date")
