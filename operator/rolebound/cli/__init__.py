"""The `rolebound` command: picks the subcommand, and imports only what that one needs."""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Final

from rolebound import __version__

_COMMANDS: Final = {
    "run": "run the operator in a cluster",
    "endpoint": "serve a pod's mounted credentials on 127.0.0.1, as a sidecar",
    "emulate": "run a stand-in for AWS that checks Roles Anywhere signatures (needs the `emulator` extra)",
    "version": "print the version",
}


def main() -> int:
    """Run the subcommand in sys.argv and return the exit status; 2 where there is no such command."""
    arguments = sys.argv[1:]
    match arguments:
        case ["run", *rest]:
            return _command("run")(rest)
        case ["endpoint", *rest]:
            return _command("endpoint")(rest)
        case ["emulate", *rest]:
            return _command("emulate")(rest)
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
