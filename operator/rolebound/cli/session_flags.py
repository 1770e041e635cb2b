"""What the commands that give credentials share: reading flags, the cache in front, and the end of a failure."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterable

from rolebound.errors import Error, SettingsError
from rolebound.local import cache
from rolebound.local.flags import FLAGS, SESSION_FLAGS
from rolebound.local.sessions import LocalSessions, cached_output, process_output
from rolebound.local.settings import session_settings
from rolebound.local.values import Values, layered

_EPILOG = (
    "Each flag is also a variable (--role-arn: ROLEBOUND_ROLE_ARN) and a key of the configuration file (role-arn). "
    "The command line wins over variables, and they over the file."
)


def parser(command: str, description: str, names: Iterable[str]) -> argparse.ArgumentParser:
    """Return a parser of the flags `names`; what is not said does not appear in what it returns."""
    made = argparse.ArgumentParser(
        prog=f"rolebound {command}",
        description=description,
        epilog=_EPILOG,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    for flag in (FLAGS[name] for name in names):
        shown = f"{flag.help} ({flag.default})" if flag.default else flag.help
        if flag.metavar:
            metavar = "|".join(flag.choices) or flag.metavar
            made.add_argument(f"--{flag.name}", dest=flag.name, metavar=metavar, help=shown)
        else:
            made.add_argument(
                f"--{flag.name}", dest=flag.name, metavar="true|false", nargs="?", const="true", help=shown
            )
    return made


def values_of(command: str, description: str, names: Iterable[str], arguments: list[str]) -> Values:
    """Return what was said; ends the process where the command line cannot be read, as argparse does."""
    names = tuple(names)
    said = vars(parser(command, description, names).parse_args(arguments))
    return layered(names, said, os.environ)


def ended(work: Callable[[], int]) -> int:
    """Run `work` and return its exit status; an error is one line and 1, or 2 where a setting is wrong."""
    warnings.simplefilter("ignore")  # of libraries; some SDKs take what is on standard error for credentials
    try:
        return work()
    except SettingsError as error:
        print(f"rolebound: {error}", file=sys.stderr)
        return 2
    except Error as error:
        print(f"rolebound: {error.reason}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def output_of(values: Values, command: list[str]) -> str:
    """Return what a credential_process prints for `values`, from the cache of `command` unless that is not wanted."""
    settings = session_settings(values)
    sessions = LocalSessions(settings)
    if values.switch("no-cache"):
        return process_output(sessions.issue())
    key = cache.key_of(command, dict(os.environ))
    return cached_output(sessions, key, settings.sources(values, os.environ))


CACHED_FLAGS = (*SESSION_FLAGS, "no-cache")
