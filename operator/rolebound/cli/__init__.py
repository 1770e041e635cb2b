"""The `rolebound` command: picks the subcommand, and imports only what that one needs.

An SDK starts `credential-process` whenever it wants credentials, so nothing slow is imported here either.
"""

import gc
import os
import sys

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
    "pki": "make a CA and client certificates for Roles Anywhere, and look into them",
    "setup": "make the trust anchor, the role and the profile in AWS",
    "version": "print the version",
}


def main() -> int:
    """Run the subcommand in sys.argv and return the exit status; 2 where there is no such command."""
    name, *rest = sys.argv[1:] or [""]
    if name == "--version":
        name = "version"
    if name == "credential-process":
        gc.disable()  # it lives for one call, and imports much when it has to ask AWS
        _leave(_run(name, rest))
    if name in COMMANDS:
        return _run(name, rest)
    asked = name in {"--help", "-h"}
    print(_usage(), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


def _run(name: str, arguments: list[str]) -> int:
    module = f"{__name__}.{name.replace('-', '_')}"
    __import__(module)  # importlib's import_module does the same, and takes longer to import itself
    return int(sys.modules[module].main(arguments))


def _leave(status: int) -> None:
    """End the process here: to take Python apart takes a tenth of a cached call, and leaves nothing else undone."""
    try:
        sys.stdout.flush()
    except OSError as error:  # a reader who has gone, a full disk
        print(f"rolebound: standard output cannot be written: {error.strerror}", file=sys.stderr)
        status = 1
    sys.stderr.flush()
    os._exit(status)


def _usage() -> str:
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{text}" for name, text in COMMANDS.items()]
    return "\n".join(["usage: rolebound COMMAND [OPTIONS]", "", *lines])
