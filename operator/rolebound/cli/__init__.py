"""The `rolebound` command: picks the subcommand, and imports only what that one needs.

An SDK starts `credential-process` whenever it wants credentials, so nothing slow is imported here either.
"""

import gc
import os
import sys
from io import TextIOWrapper

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
    if sys.stderr is None:  # print would say it on standard output, where a program reads
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - pathlib is slow to import, and it stays open
    if isinstance(sys.stdout, TextIOWrapper):  # a file's name may be no text, and a terminal's charset small
        sys.stdout.reconfigure(errors="backslashreplace")
    name, *rest = sys.argv[1:] or [""]
    status = _written(name, rest)
    if name == "credential-process":
        os._exit(status)  # Python's own end takes a tenth of a cached call, and has nothing to do here
    return status


def _written(name: str, rest: list[str]) -> int:
    """Run the command and write what is left to be written; no success where that cannot be."""
    try:
        try:
            return _run(name, rest)
        finally:  # argparse ends the process by itself
            print(end="", flush=True)  # unlike sys.stdout.flush, also where there is no standard output at all
    except OSError as error:
        if error.filename is not None:  # some other file, and a defect of ours
            raise
        if not isinstance(error, BrokenPipeError):  # whoever read it has gone, and needs no word
            print(f"rolebound: standard output cannot be written: {error.strerror}", file=sys.stderr, flush=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes once more at its end
        return 1


def _run(name: str, rest: list[str]) -> int:
    if name == "--version":
        name = "version"
    if name == "credential-process":
        gc.disable()  # it lives for one call, and imports much when it has to ask AWS
    if name in COMMANDS:
        module = f"{__name__}.{name.replace('-', '_')}"
        __import__(module)  # importlib's import_module does the same, and takes longer to import itself
        return int(sys.modules[module].main(rest))
    asked = name in {"--help", "-h", "help"}
    if name and not asked:
        print(f"rolebound: there is no command {name!r}\n", file=sys.stderr)
    print(_usage(), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


def _usage() -> str:
    width = max(map(len, COMMANDS)) + 2
    lines = [f"  {name:<{width}}{text}" for name, text in COMMANDS.items()]
    return "\n".join(["usage: rolebound COMMAND [OPTIONS]", "", *lines])
