"""Who may do what on the test cluster: a token for each component, each with its real identity.

The operator and the workloads get theirs from the API server, as ServiceAccounts; only the test bed itself is an
administrator.
"""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_USERS: Final = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kube-proxy": ("system:kube-proxy", ""),
    "kubelet": ("system:node:testbed", "system:nodes"),
}


@dataclass(slots=True)
class Credentials:
    """Tokens and keys in a folder that only this user can read."""

    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, mode=0o700)
        self.tokens = {name: secrets.token_urlsafe(24) for name in _USERS}
        lines = [f'{self.tokens[name]},{user},{name},"{groups}"' for name, (user, groups) in _USERS.items()]
        self.token_file.write_text("\n".join(lines) + "\n")
        self.service_account_key.write_bytes(_pem(rsa.generate_private_key(65537, 2048)))
        key = ec.generate_private_key(ec.SECP256R1())
        self.kubelet_client_key.write_bytes(_pem(key))
        self.kubelet_client.write_bytes(_client_certificate(key).public_bytes(serialization.Encoding.PEM))

    @property
    def token_file(self) -> Path:
        """The API server's `--token-auth-file`."""
        return self.folder / "tokens.csv"

    @property
    def service_account_key(self) -> Path:
        """Signs ServiceAccount tokens."""
        return self.folder / "service-account.key"

    @property
    def kubelet_client(self) -> Path:
        """The API server's certificate towards the kubelet (logs, exec), and the authority that the kubelet trusts."""
        return self.folder / "kubelet-client.crt"

    @property
    def kubelet_client_key(self) -> Path:
        """The key of `kubelet_client`."""
        return self.folder / "kubelet-client.key"

    def kubeconfig(self, name: str, server: str, ca_file: Path) -> Path:
        """Return a kubeconfig for one of the components, or for `admin`."""
        return write_kubeconfig(self.folder / f"{name}.kubeconfig", server, ca_file, self.tokens[name])


def write_kubeconfig(path: Path, server: str, ca_file: Path, token: str) -> Path:
    """Write a kubeconfig (JSON is YAML) that only this user can read, and return its path."""
    path.touch(mode=0o600)
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "testbed",
        "clusters": [{"name": "testbed", "cluster": {"server": server, "certificate-authority": str(ca_file)}}],
        "users": [{"name": "testbed", "user": {"token": token}}],
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": "testbed"}}],
    }
    path.write_text(json.dumps(document, indent=1))
    return path


def _client_certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Return a certificate that is its own authority: one client needs no other."""
    names = {NameOID.ORGANIZATION_NAME: "system:masters", NameOID.COMMON_NAME: "kube-apiserver-kubelet-client"}
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names.items()])
    now = datetime.now(UTC)  # noqa: TID251 - this machine's real time is what its programs go by
    return (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())
