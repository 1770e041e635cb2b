"""The `rolebound` command: picks the subcommand, and imports only what that one needs."""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Final

from rolebound import __version__

_COMMANDS: Final = {
    "run": "run the operator in a cluster",
    "emulate": "run a stand-in for AWS that checks Roles Anywhere signatures (needs the `emulator` extra)",
    "pki": "make a CA and client certificates for Roles Anywhere, and look into them",
    "setup": "make the trust anchor, the role and the profile in AWS",
    "version": "print the version",
}


def main() -> int:
    """Run the subcommand in sys.argv and return the exit status; 2 where there is no such command."""
    arguments = sys.argv[1:]
    match arguments:
        case [("run" | "emulate" | "pki" | "setup") as name, *rest]:
            return _command(name)(rest)
        case ["version" | "--version"]:
            print(__version__)
            return 0
        case ["--help" | "-h"]:
            print(_usage())
            return 0
    print(_usage(), file=sys.stderr)
    return 2


def _command(name: str) -> Callable[[list[str]], int]:
    main_of: Callable[[list[str]], int] = import_module(f"rolebound.cli.{name}").main
    return main_of


def _usage() -> str:
    lines = [f"  {name:<10}{text}" for name, text in _COMMANDS.items()]
    return "\n".join(["usage: rolebound COMMAND [OPTIONS]", "", *lines])
