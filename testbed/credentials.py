"""Who may do what on the test cluster: a token for each component, each with its real identity.

The operator and the workloads get theirs from the API server, as ServiceAccounts; only the test bed itself is an
administrator.
"""

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

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
        key = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.service_account_key.write_bytes(pem)

    @property
    def token_file(self) -> Path:
        """The API server's `--token-auth-file`."""
        return self.folder / "tokens.csv"

    @property
    def service_account_key(self) -> Path:
        """Signs ServiceAccount tokens."""
        return self.folder / "service-account.key"

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
