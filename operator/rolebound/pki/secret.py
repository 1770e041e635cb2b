"""The `kubernetes.io/tls` Secret of a certificate and its key."""

import base64

import yaml


def secret_manifest(name: str, namespace: str, certificates: bytes, key: bytes) -> str:
    """Return the manifest of a Secret, in YAML, with the private key in it: for `kubectl apply -f -`, not for Git."""
    data = {"tls.crt": certificates, "tls.key": key}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": name, "namespace": namespace},
            "data": {entry: base64.b64encode(content).decode() for entry, content in data.items()},
        },
        sort_keys=False,
        width=1 << 16,
    )
