"""`rolebound emulate`: the stand-in for AWS, until it is told to stop.

Reads the command line, prints where the stand-in is and how to use it, and waits. It prints no secret: the
administrator's key is in a file that the printed lines name.
"""

import argparse
import shlex
import signal
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolebound.emulator import Emulator, Settings

_LONGEST = 10 * 365 * 86400
"""Seconds, ten years: more leads past what a date, or a certificate, can say."""


def main(arguments: list[str]) -> int:
    """Run the stand-in until SIGTERM or SIGINT; returns the exit status, 2 where a setting is wrong."""
    options = _parser().parse_args(arguments)
    try:
        from rolebound.emulator import Emulator  # noqa: PLC0415 - moto is an extra, and slow to import for `--help`
    except ImportError as error:
        print(f"rolebound: {error}; install the extra: pip install 'rolebound[emulator]'", file=sys.stderr)
        return 2
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    emulator = Emulator(_settings(options))
    try:
        emulator.start()
    except (OSError, ValueError) as error:
        print(f"rolebound: the emulator cannot start: {error}", file=sys.stderr)
        return 2
    try:
        if options.ca_file is not None and emulator.ca_file is not None:
            options.ca_file.write_bytes(emulator.ca_file.read_bytes())
    except OSError as error:
        print(f"rolebound: --ca-file: {error.filename} cannot be written: {error.strerror}", file=sys.stderr)
        return _stop(emulator) or 2
    try:
        print(_usage_of(emulator), flush=True)
        stopped.wait()
    finally:
        status = _stop(emulator)
    return status


def _stop(emulator: "Emulator") -> int:
    try:
        emulator.stop()
    except OSError as error:
        print(f"rolebound: the emulator stopped, and could not write its state file: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rolebound emulate",
        description="A stand-in for AWS: IAM Roles Anywhere, checking every signature, and IAM, STS and S3 by moto.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=_port, default=4566, help="port to listen on; 0 takes any that is free")
    add("--http", action="store_true", help="plain HTTP; without it HTTPS, with an authority of its own")
    add(
        "--hostname",
        "--san",
        action="append",
        default=[],
        metavar="NAME",
        dest="hostnames",
        help="further DNS name or address of the server, repeatable; the first is the one that it gives out",
    )
    add(
        "--state-dir",
        type=Path,
        default=None,
        metavar="DIR",
        help="where to write emulator.json, ca.pem and the administrator's credentials; else a temporary one",
    )
    add(
        "--state-file",
        type=Path,
        default=None,
        metavar="FILE",
        help="keep resources and IAM in this file from one run to the next; without it all is gone at the end",
    )
    add("--ca-file", type=Path, default=None, metavar="FILE", help="write the authority's certificate here too")
    add("--account", type=_account, default="111122223333", help="the AWS account")
    add("--region", default="us-east-1", help="the administrator's region; its partition has the managed policies")
    add(
        "--session-lifetime",
        type=_seconds,
        default=None,
        metavar="SECONDS",
        help="end sessions this soon, however much longer they were asked for",
    )
    add("--clock-offset", type=_offset, default=0, metavar="SECONDS", help="let its clock be so far ahead, or behind")
    add("--no-rate-limit", action="store_true", help="take more than 10 CreateSession calls a second")
    return parser


def _settings(options: argparse.Namespace) -> "Settings":
    from rolebound.emulator import Settings  # noqa: PLC0415 - see main

    return Settings(
        host=options.host,
        port=options.port,
        tls=not options.http,
        hostnames=tuple(options.hostnames),
        account=options.account,
        region=options.region,
        session_lifetime=options.session_lifetime,
        clock_offset=timedelta(seconds=options.clock_offset),
        rate_limit=not options.no_rate_limit,
        state_dir=options.state_dir,
        state_file=options.state_file,
    )


def _usage_of(emulator: "Emulator") -> str:
    exports = [f"  export {name}={shlex.quote(value)}" for name, value in emulator.environment().items()]
    return "\n".join(
        [
            f"The AWS stand-in listens on {emulator.endpoint_url} for account {emulator.settings.account}.",
            "To be its administrator in a shell:",
            "",
            *exports,
            "",
            f"Where it is stands in {emulator.state_dir / 'emulator.json'}. Stop it with Ctrl-C.",
        ]
    )


def _account(text: str) -> str:
    if len(text) != len("111122223333") or not text.isdecimal():
        raise argparse.ArgumentTypeError("an AWS account is twelve digits")
    return text


def _port(text: str) -> int:
    return _number(text, 0, 65535, "a port is 0 to 65535")


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=_number(text, 1, _LONGEST, f"a whole number of seconds, 1 to {_LONGEST}"))


def _offset(text: str) -> int:
    return _number(text, -_LONGEST, _LONGEST, f"a whole number of seconds, -{_LONGEST} to {_LONGEST}")


def _number(text: str, least: int, most: int, wanted: str) -> int:
    """Return the number that `text` is; its length is looked at first, as Python reads no thousands of digits."""
    digits = text.removeprefix("-").removeprefix("+") if least < 0 else text
    if not digits.isdecimal() or len(digits) > len(str(most)) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(wanted)
    return int(text)
