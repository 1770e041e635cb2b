"""The server certificate of one run, from an authority of the stand-in's own.

Both keys live in memory alone, for as long as the stand-in runs, and are good for nothing but reaching it.
"""

import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.x509.oid import ExtendedKeyUsageOID

from rolebound.emulator.authority import Authority


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A server's certificate and key in PEM, and the authority that clients have to trust."""

    ca_pem: bytes
    certificate_pem: bytes
    key_pem: bytes = field(repr=False)

    def context(self) -> ssl.SSLContext:
        """Return a server context with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # The standard library loads keys from files alone.
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(self.key_pem + self.certificate_pem)
            file.flush()
            context.load_cert_chain(Path(file.name))
        return context


def server_certificate(names: Iterable[str], now: datetime) -> ServerCertificate:
    """Return a certificate for these host names and addresses, from a new authority."""
    authority = Authority.new("rolebound emulator CA", now)
    issued = authority.issue("rolebound emulator", ExtendedKeyUsageOID.SERVER_AUTH, names)
    return ServerCertificate(authority.pem, issued.certificate_pem, issued.key_pem)
