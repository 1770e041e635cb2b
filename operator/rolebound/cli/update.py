"""`rolebound update`: a profile of the AWS credentials file, kept up to date."""

import os
import signal

from rolebound.cli import session_flags
from rolebound.cli.outcome import status_of
from rolebound.cli.until_stopped import background, renewal_of, started
from rolebound.local.credentials_file import credentials_file, write_profile
from rolebound.local.flags import SESSION_FLAGS
from rolebound.local.sessions import LocalSessions
from rolebound.local.settings import session_settings
from rolebound.model.session import Session

_DESCRIPTION = (
    "Write temporary credentials into a profile of the AWS credentials file (AWS_SHARED_CREDENTIALS_FILE, or "
    "~/.aws/credentials), and renew them at half of their life. Nothing else in the file changes. Most SDKs read the "
    "file once: for a program that runs long, take credential-process or serve."
)
FLAGS = (*SESSION_FLAGS, "profile", "once")
_ENDS = (signal.SIGTERM, signal.SIGINT)


def main(arguments: list[str]) -> int:
    """Write until SIGTERM or SIGINT, or once; returns the exit status."""

    def work() -> int:
        values = session_flags.values_of("update", _DESCRIPTION, FLAGS, arguments)
        settings, path, profile = session_settings(values), credentials_file(os.environ), values.text("profile")
        if not profile.isprintable() or set(profile) & set("[]") or profile != profile.strip() or not profile:
            raise values.wrong("profile", "a profile's name is printable, without brackets and outer spaces")

        def write(session: Session) -> None:
            write_profile(path, profile, session)

        if values.switch("once"):
            write(LocalSessions(settings, session_flags.debugger(values)).issue())
            return 0
        renewal = renewal_of(values, settings, write)
        if not started(renewal):
            return 0
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # threads inherit it: the signal waits for sigwait
        with background(renewal.run):
            signal.sigwait(_ENDS)
        return 0

    return status_of(work)
