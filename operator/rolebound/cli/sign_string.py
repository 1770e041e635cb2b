"""`rolebound sign-string`."""

import json
import sys

from rolebound.cli import session_flags
from rolebound.cli.outcome import status_of
from rolebound.local.diagnostics import fixed_signature
from rolebound.local.flags import IDENTITY_FLAGS
from rolebound.local.settings import identity_files

_DESCRIPTION = "Sign a fixed string with a private key, to find out whether it can be used. AWS is not asked."
FLAGS = (*IDENTITY_FLAGS, "format", "digest")


def main(arguments: list[str]) -> int:
    """Print the signature; returns the exit status."""

    def work() -> int:
        values = session_flags.values_of("sign-string", _DESCRIPTION, FLAGS, arguments)
        form, digest = values.text("format"), values.text("digest")
        signature = fixed_signature(identity_files(values), digest)
        if form == "bin":
            sys.stdout.buffer.write(signature)
        else:
            print(json.dumps(signature.hex()) if form == "json" else signature.hex())
        return 0

    return status_of(work)
