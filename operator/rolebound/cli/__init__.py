"""The `rolebound` command: picks the subcommand, and imports only what that one needs.

An SDK starts `credential-process` whenever it wants credentials, so nothing slow is imported here either.
"""

import sys
from importlib import import_module

COMMANDS = {
    "run": "run the operator in a cluster",
    "endpoint": "serve a pod's mounted credentials on 127.0.0.1, as a sidecar",
    "credential-process": "print credentials as an SDK's credential_process does; cached",
    "update": "keep a profile of the AWS credentials file up to date",
    "serve": "serve credentials on 127.0.0.1, as EC2's metadata service and a container's endpoint do",
    "env": "print credentials as environment variables for a shell",
    "exec": "run a command with credentials",
    "read-certificate-data": "print what Roles Anywhere is told of a certificate",
    "sign-string": "sign a fixed string, to try a key",
    "doctor": "find out why AWS says no",
    "emulate": "run a stand-in for AWS that checks Roles Anywhere signatures (needs the `emulator` extra)",
    "version": "print the version",
}


def main() -> int:
    """Run the subcommand in sys.argv and return the exit status; 2 where there is no such command."""
    name, *rest = sys.argv[1:] or [""]
    if name == "--version":
        name = "version"
    if name in COMMANDS:
        return int(import_module(f"rolebound.cli.{name.replace('-', '_')}").main(rest))
    asked = name in {"--help", "-h"}
    print(_usage(), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


def _usage() -> str:
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{text}" for name, text in COMMANDS.items()]
    return "\n".join(["usage: rolebound COMMAND [OPTIONS]", "", *lines])
