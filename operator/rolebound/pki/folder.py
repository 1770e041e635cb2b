"""A small PKI in one folder: the CA's two files, and the two of one client.

What is refused is refused before a password is asked for or a key is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from rolebound.errors import CommandRefused
from rolebound.pki import files, keys
from rolebound.pki.authority import Authority, Client, Lifetime
from rolebound.pki.certificates import certificates_pem, read_certificates

Password = Callable[[], bytes]
"""Gives the password of the CA's key, asking for it where that is needed."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files are; every method raises CommandRefused or CertificateUnsuitable, which name the file."""

    path: Path

    @property
    def root_certificate(self) -> Path:
        """The CA's certificate."""
        return self.path / files.ROOT_CERTIFICATE

    @property
    def root_key(self) -> Path:
        """The CA's key."""
        return self.path / files.ROOT_KEY

    @property
    def client_certificate(self) -> Path:
        """The client's certificate."""
        return self.path / files.CLIENT_CERTIFICATE

    @property
    def client_key(self) -> Path:
        """The client's key, never encrypted: programs read it."""
        return self.path / files.CLIENT_KEY

    def check_no_authority(self) -> None:
        """Raise CommandRefused where a CA is there."""
        files.check_absent(self.root_certificate, self.root_key)

    def check_no_client(self) -> None:
        """Raise CommandRefused where a client certificate is there."""
        files.check_absent(self.client_certificate, self.client_key)

    def write_authority(self, authority: Authority, password: bytes | None, *, force: bool) -> None:
        """Write a CA, its key encrypted where there is a password."""
        key, certificate = keys.key_pem(authority.key, password), certificates_pem([authority.certificate])
        files.write({self.root_key: key, self.root_certificate: certificate}, force=force)

    def authority(self, password: Password) -> Authority:
        """Return the CA, whoever made it."""
        certificate = _only_certificate(self.root_certificate)
        pem = files.read(self.root_key)
        opened = password() if keys.is_encrypted(pem) else None
        return Authority.load(certificate, keys.read_key(pem, opened, str(self.root_key)), str(self.root_certificate))

    def issue(
        self, authority: Authority, client: Client, key: keys.PrivateKey, lifetime: Lifetime, *, force: bool
    ) -> x509.Certificate:
        """Issue a client certificate and write it, with its key."""
        certificate = authority.issue(client, key, lifetime)
        contents = {self.client_key: keys.key_pem(key), self.client_certificate: certificates_pem([certificate])}
        files.write(contents, force=force)
        return certificate

    def renew(self, password: Password, now: datetime, days: int | None, *, keep_key: bool) -> x509.Certificate:
        """Replace the client certificate by one for the same subject, and its key unless it is to be kept."""
        old = _only_certificate(self.client_certificate)
        kept = self._kept_key(old) if keep_key else None
        new, key = self.authority(password).renew(old, kept, now, days)
        contents = {} if keep_key else {self.client_key: keys.key_pem(key)}
        files.replace(contents | {self.client_certificate: certificates_pem([new])})
        return new

    def _kept_key(self, certificate: x509.Certificate) -> keys.PrivateKey:
        key = keys.read_key(files.read(self.client_key), None, str(self.client_key))
        if key.public_key() != certificate.public_key():
            raise CommandRefused(
                f"{self.client_key} is not the key of {self.client_certificate}; renew without --keep-key"
            )
        return key


def _only_certificate(path: Path) -> x509.Certificate:
    found = read_certificates(files.read(path), str(path))
    if len(found) > 1:
        raise CommandRefused(f"{path} holds {len(found)} certificates; leave the one that is meant")
    return found[0]
