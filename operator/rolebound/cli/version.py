"""`rolebound version`."""

import argparse
import json

from rolebound import __version__


def main(arguments: list[str]) -> int:
    """Print the version; returns the exit status."""
    parser = argparse.ArgumentParser(prog="rolebound version", description="Print the version.")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="form of the output (text)")
    options = parser.parse_args(arguments)
    print(json.dumps({"version": __version__}) if options.output == "json" else __version__)
    return 0
