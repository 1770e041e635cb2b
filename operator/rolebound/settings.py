"""The operator's own settings: environment → one frozen value, read once.

AWS's settings (proxies, CA bundles, retries) are not here: botocore reads its own variables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from rolebound.errors import SettingsError

T = TypeVar("T", int, float)

_LOG_FORMATS: Final = ("json", "text")
_LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the operator runs."""

    namespace: str
    """Its own namespace: where the certificates of ClusterAWSRoles are read."""
    http_host: str = ""
    """The address of the probes and metrics; empty is every interface, IPv4 and IPv6."""
    http_port: int = 8080
    """For probes and metrics; 0 takes a free port."""
    log_format: str = "json"
    log_level: str = "info"
    sessions_per_second: float = 8.0
    """CreateSession calls per account and region; AWS's default quota is 10. 0 means no limit."""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings in `environ`; SettingsError names the variable that is wrong and what it may be."""
    namespace = environ.get("POD_NAMESPACE") or _own_namespace()
    return Settings(
        namespace=namespace,
        http_host=environ.get("ROLEBOUND_HTTP_HOST", ""),
        http_port=_number(environ, "ROLEBOUND_HTTP_PORT", 8080, int, 65535),
        log_format=_choice(environ, "ROLEBOUND_LOG_FORMAT", _LOG_FORMATS, "json"),
        log_level=_choice(environ, "ROLEBOUND_LOG_LEVEL", _LOG_LEVELS, "info"),
        sessions_per_second=_number(environ, "ROLEBOUND_SESSIONS_PER_SECOND", 8.0, float, 10_000),
    )


def _own_namespace() -> str:
    try:
        return _NAMESPACE_FILE.read_text(encoding="ascii").strip()
    except OSError:
        raise SettingsError(
            "POD_NAMESPACE is not set; set it to the operator's namespace, where the certificate Secrets of "
            "ClusterAWSRoles are"
        ) from None


def _choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = environ.get(name, "").lower() or default
    if value not in choices:
        raise SettingsError(f"{name} is {value!r}; it may be {' or '.join(choices)}")
    return value


def _number(environ: Mapping[str, str], name: str, default: T, kind: Callable[[str], T], most: float) -> T:
    text = environ.get(name, "")
    if not text:
        return default
    try:
        value = kind(text)
    except ValueError:
        return _refuse_number(name, text, most)
    if not 0 <= value <= most:  # false for nan, too
        return _refuse_number(name, text, most)
    return value


def _refuse_number(name: str, text: str, most: float) -> NoReturn:
    raise SettingsError(f"{name} is {text!r}; it may be a number from 0 to {most:g}")
