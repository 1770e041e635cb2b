"""Credentials from the cache of a command, else from AWS."""

import os

from rolebound.cli.session_flags import debugger
from rolebound.local import cache
from rolebound.local.sessions import LocalSessions, cached_output, process_output
from rolebound.local.settings import session_settings
from rolebound.local.values import Values


def output_of(values: Values, command: list[str]) -> str:
    """Return what a credential_process prints for `values`, kept for `command` unless that is not wanted."""
    environ = dict(os.environ)
    key = cache.key_of(command, environ)
    with cache.Lock(cache.directory(environ), key) as is_locked:
        return locked_output_of(values, key if is_locked else "")


def locked_output_of(values: Values, key: str) -> str:
    """Return the same, where the caller has locked `key`; where it is empty nothing is kept."""
    settings = session_settings(values)
    sessions = LocalSessions(settings, debugger(values))
    if values.switch("no-cache") or not key:
        return process_output(sessions.issue())
    return cached_output(sessions, cache.directory(dict(os.environ)), key, settings.sources(values, os.environ))
