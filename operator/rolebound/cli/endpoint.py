"""`rolebound endpoint`: the sidecar of pods with `delivery.type: Endpoint`, and its start-up probe."""

import argparse
from functools import partial
from pathlib import Path

from rolebound.endpoint import sidecar

DEFAULT_PORT = 9913


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM, or probe; returns the exit status, 2 where an option is wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.probe:
        return sidecar.probe(options.port)
    if options.file is None or options.token_file is None:
        parser.error("--file and --token-file are needed, but for --probe")
    return sidecar.serve(options.file, options.token_file, options.port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rolebound endpoint",
        # A width of its own: to ask the terminal for one, argparse would import every compression library there is.
        formatter_class=partial(argparse.HelpFormatter, width=100),
        description="Serve mounted credentials on 127.0.0.1 as AWS SDKs read them from a container's endpoint.",
    )
    add = parser.add_argument
    add("--file", type=Path, help="credentials as a credential_process prints them; read at each request")
    add("--token-file", type=Path, help="the token that a client sends; read at each request")
    add("--port", type=_port, default=DEFAULT_PORT, help="port on 127.0.0.1 (%(default)s)")
    add("--probe", action="store_true", help="ask the sidecar on this port whether it would serve credentials")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:  # noqa: PLR2004 - the last port there is
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)
