"""`rolebound run`: the operator."""

import argparse
import asyncio
import os
import sys

from rolebound import logs
from rolebound.app import build
from rolebound.errors import SettingsError
from rolebound.settings import Settings, read_settings


def main(arguments: list[str]) -> int:
    """Run the operator until it is told to stop; returns the exit status, 2 where a setting is wrong."""
    parser = argparse.ArgumentParser(
        prog="rolebound run",
        description="Run the operator. Settings come from the environment: docs/reference/settings.md lists them.",
    )
    parser.parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        logs.configure(settings.log_format, settings.log_level)
        asyncio.run(_run(settings))
    except SettingsError as error:
        print(f"rolebound: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


async def _run(settings: Settings) -> None:
    app = await build(settings)
    await app.run()
