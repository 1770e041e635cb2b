"""What the commands that give credentials share: reading flags, and telling what is done."""

import argparse
import os
from collections.abc import Callable, Iterable

from rolebound.cli.outcome import say
from rolebound.local.flags import FLAGS
from rolebound.local.values import Values, layered

_EPILOG = (
    "Each flag is also a variable (--role-arn: ROLEBOUND_ROLE_ARN) and a key of the configuration file (role-arn). "
    "The command line wins over variables, and they over the file."
)


def parser(command: str, description: str, names: Iterable[str]) -> argparse.ArgumentParser:
    """Return a parser of the flags `names`; what is not said does not appear in what it returns."""
    made = argparse.ArgumentParser(
        prog=f"rolebound {command}",
        usage=f"rolebound {command} [OPTIONS]{' -- COMMAND [ARGUMENTS]' if command == 'exec' else ''}",
        description=description,
        epilog=_EPILOG,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    refused = made.add_argument_group("flags of aws_signing_helper that are refused, with the reason")
    for flag in (FLAGS[name] for name in names):
        group = refused if flag.refused else made
        shown = f"{flag.help} ({flag.default})" if flag.default and "(default" not in flag.help else flag.help
        if flag.metavar:
            metavar = "|".join(flag.choices) or flag.metavar
            group.add_argument(f"--{flag.name}", dest=flag.name, metavar=metavar, help=shown)
        else:
            group.add_argument(
                f"--{flag.name}", dest=flag.name, metavar="true|false", nargs="?", const="true", help=shown
            )
    return made


def values_of(command: str, description: str, names: Iterable[str], arguments: list[str]) -> Values:
    """Return what was said; ends the process where the command line cannot be read, as argparse does."""
    names = tuple(names)
    said = vars(parser(command, description, names).parse_args(arguments))
    return layered(names, said, os.environ)


def debugger(values: Values) -> Callable[[str], None]:
    """Return who is told what is done: the user, where that was asked for."""
    return say if values.switch("debug") else lambda _: None
