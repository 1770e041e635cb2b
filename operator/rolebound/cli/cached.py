"""Credentials from the cache of a command, else from AWS."""

import os

from rolebound.cli.session_flags import debugger
from rolebound.local import cache
from rolebound.local.sessions import LocalSessions, cached_output, process_output
from rolebound.local.settings import session_settings
from rolebound.local.values import Values


def output_of(values: Values, command: list[str]) -> str:
    """Return what a credential_process prints for `values`, kept for `command` unless that is not wanted."""
    settings = session_settings(values)
    sessions = LocalSessions(settings, debugger(values))
    if values.switch("no-cache"):
        return process_output(sessions.issue())
    key = cache.key_of(command, dict(os.environ))
    return cached_output(sessions, key, settings.sources(values, os.environ))
