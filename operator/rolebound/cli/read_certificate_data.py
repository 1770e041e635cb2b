"""`rolebound read-certificate-data`."""

import json

from rolebound.cli import session_flags
from rolebound.cli.outcome import status_of
from rolebound.local.diagnostics import certificate_data
from rolebound.local.flags import IDENTITY_FLAGS
from rolebound.local.settings import identity_files

_DESCRIPTION = "Print what a request says of a certificate: key type, serial number, and the certificate itself."
FLAGS = (*IDENTITY_FLAGS, "output")


def main(arguments: list[str]) -> int:
    """Print the data; returns the exit status."""

    def work() -> int:
        values = session_flags.values_of("read-certificate-data", _DESCRIPTION, FLAGS, arguments)
        values.require(("certificate",))
        document = certificate_data(identity_files(values)).document
        if values.text("output") == "json":
            print(json.dumps(document, separators=(",", ":")))
            return 0
        for name, value in document.items():
            print(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
        return 0

    return status_of(work)
