"""The operator's own settings: environment → one frozen value, read once.

AWS's settings (proxies, CA bundles, retries) are not here: botocore reads its own variables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import getpid
from pathlib import Path
from socket import gethostname
from typing import Final, NoReturn, TypeVar

from rolebound.errors import SettingsError

T = TypeVar("T", int, float)

_LOG_FORMATS: Final = ("json", "text")
_LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
_WEBHOOK_CERTIFICATES: Final = ("own", "cert-manager")
_NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the operator runs."""

    namespace: str
    """Its own namespace: where the certificates of ClusterAWSRoles are read."""
    identity: str = "rolebound"
    """What tells this replica from others; the same after a restart of its container."""
    lease: str = "rolebound"
    """The name of the Lease in its namespace by which replicas agree on one leader."""
    http_host: str = ""
    """The address of the probes and metrics; empty is every interface, IPv4 and IPv6."""
    http_port: int = 8080
    """For probes and metrics; 0 takes a free port."""
    log_format: str = "json"
    log_level: str = "info"
    sessions_per_second: float = 8.0
    """CreateSession calls per account and region; AWS's default quota is 10. 0 means no limit."""
    webhook: str = ""
    """The name of the webhook's Service, of its certificate Secret and of its MutatingWebhookConfiguration; empty where
    no webhook is served."""
    webhook_port: int = 9443
    """0 takes a free port."""
    webhook_certificate: str = "own"
    """Who makes and renews the certificate: `own` or `cert-manager`."""
    sidecar_image: str = ""
    """The image of the sidecar that `delivery: Endpoint` adds to pods: this operator's own."""
    sidecar_pull_policy: str = "IfNotPresent"
    endpoint_port: int = 9913
    """Where that sidecar listens in its pod."""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings in `environ`; SettingsError names the variable that is wrong and what it may be."""
    namespace = environ.get("POD_NAMESPACE") or _own_namespace()
    settings = Settings(
        namespace=namespace,
        identity=environ.get("POD_NAME") or f"{gethostname()}_{getpid()}",
        lease=environ.get("ROLEBOUND_LEASE") or "rolebound",
        http_host=environ.get("ROLEBOUND_HTTP_HOST", ""),
        http_port=_number(environ, "ROLEBOUND_HTTP_PORT", 8080, int, 65535),
        log_format=_choice(environ, "ROLEBOUND_LOG_FORMAT", _LOG_FORMATS, "json"),
        log_level=_choice(environ, "ROLEBOUND_LOG_LEVEL", _LOG_LEVELS, "info"),
        sessions_per_second=_number(environ, "ROLEBOUND_SESSIONS_PER_SECOND", 8.0, float, 10_000),
        webhook=environ.get("ROLEBOUND_WEBHOOK", ""),
        webhook_port=_number(environ, "ROLEBOUND_WEBHOOK_PORT", 9443, int, 65535),
        webhook_certificate=_choice(environ, "ROLEBOUND_WEBHOOK_CERTIFICATE", _WEBHOOK_CERTIFICATES, "own"),
        sidecar_image=environ.get("ROLEBOUND_SIDECAR_IMAGE", ""),
        sidecar_pull_policy=_choice(environ, "ROLEBOUND_SIDECAR_PULL_POLICY", _PULL_POLICIES, "IfNotPresent"),
        endpoint_port=_number(environ, "ROLEBOUND_ENDPOINT_PORT", 9913, int, 65535),
    )
    return _checked(settings)


def _checked(settings: Settings) -> Settings:
    if settings.webhook and not settings.sidecar_image:
        raise SettingsError(
            "ROLEBOUND_SIDECAR_IMAGE is not set, and the webhook adds that image to pods with delivery Endpoint; "
            "set it to the operator's own image, or unset ROLEBOUND_WEBHOOK"
        )
    if settings.endpoint_port == 0:
        raise SettingsError("ROLEBOUND_ENDPOINT_PORT is 0; it may be a number from 1 to 65535")
    return settings


def _own_namespace() -> str:
    try:
        return _NAMESPACE_FILE.read_text(encoding="ascii").strip()
    except OSError:
        raise SettingsError(
            "POD_NAMESPACE is not set; set it to the operator's namespace, where the certificate Secrets of "
            "ClusterAWSRoles are"
        ) from None


def _choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = environ.get(name, "") or default
    known = {choice.lower(): choice for choice in choices}
    if value.lower() not in known:
        raise SettingsError(f"{name} is {value!r}; it may be {' or '.join(choices)}")
    return known[value.lower()]


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
