"""What the user said → everything that a session needs, checked before AWS is asked.

What AWS would answer with a bare 400 or 403 is said here in words: three ARNs that do not belong to one account and
region, a session name of other characters. Proxies, CA bundles, retries and timeouts are botocore's own settings.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from rolebound.errors import CertificateUnsuitable, CommandRefused, SpecInvalid
from rolebound.local import passwords
from rolebound.local.identity_files import IdentityFiles, Password
from rolebound.local.values import Values, config_file, user_path
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.session import Endpoint, SessionRequest
from rolebound.pki.files import read

A = TypeVar("A")

_SHORTEST, _LONGEST = 900, 43200  # seconds; CreateSession's own bounds
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_SESSION_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """One session to ask for, with what, and where."""

    request: SessionRequest
    endpoint: Endpoint
    files: IdentityFiles
    verifies_tls: bool

    def sources(self, values: Values, environ: Mapping[str, str]) -> list[Path]:
        """Return every file whose change makes another session: ours, and the AWS configuration."""
        configuration = values.path("config") or config_file(environ)
        aws = user_path(environ.get("AWS_CONFIG_FILE") or "~/.aws/config")
        return [*self.files.paths, configuration, aws]


def session_settings(values: Values) -> SessionSettings:
    """Return what `values` say; SettingsError where they do not say enough, or what cannot be."""
    values.require(("role-arn", "profile-arn", "trust-anchor-arn", "certificate"))
    role = _parsed(values, "role-arn", RoleArn.parse)
    profile = _parsed(values, "profile-arn", ProfileArn.parse)
    anchor = _parsed(values, "trust-anchor-arn", TrustAnchorArn.parse)
    if (profile.region, profile.account) != (anchor.region, anchor.account):
        raise values.wrong("profile-arn", f"profile and trust anchor must be in one account and region ({anchor})")
    if role.partition != anchor.partition:
        raise values.wrong("role-arn", f"role and trust anchor must be in one partition ({anchor.partition})")
    name = values.text("role-session-name")
    if name and not _SESSION_NAME.fullmatch(name):
        raise values.wrong("role-session-name", "it may have 2 to 64 letters, digits and characters of +=,.@_-")
    duration = timedelta(seconds=values.number("session-duration", _SHORTEST, _LONGEST))
    endpoint = Endpoint(
        values.text("region") or anchor.region,
        values.text("endpoint"),
        values.switch("use-fips-endpoint"),
        values.switch("use-dual-stack-endpoint"),
    )
    request = SessionRequest(role, profile, anchor, duration, name)
    return SessionSettings(request, endpoint, identity_files(values), not values.switch("no-verify-ssl"))


def identity_files(values: Values) -> IdentityFiles:
    """Return where certificate and key are; SettingsError where neither was said."""
    certificate = values.path("certificate") or values.path("private-key")
    if certificate is None:
        values.require(("certificate",))
    key, intermediates = values.path("private-key"), values.path("intermediates")
    return IdentityFiles(certificate or Path(), key, intermediates, password(values))


def password(values: Values) -> Password:
    """Return what gives the password when a file is found to be encrypted: flag, file, or who is at the terminal."""
    known: dict[str, bytes] = {}

    def given(what: str) -> bytes:
        if what not in known:
            known[what] = _password(values, what)
        return known[what]

    return given


def _password(values: Values, what: str) -> bytes:
    text, path = values.text("pkcs8-password"), values.path("pkcs8-password-file")
    if text:
        return os.fsencode(text)
    if path:
        try:
            return passwords.first_line(read(path))
        except CommandRefused as error:
            raise values.wrong("pkcs8-password-file", str(error)) from None
    try:
        return passwords.typed(f"Password of {what}: ")
    except OSError:
        raise CertificateUnsuitable(
            f"{what} is encrypted; give its password with --pkcs8-password-file or ROLEBOUND_PKCS8_PASSWORD"
        ) from None


def _parsed(values: Values, name: str, parse: Callable[[str], A]) -> A:
    try:
        return parse(values.text(name))
    except SpecInvalid as error:
        raise values.wrong(name, str(error)) from None
