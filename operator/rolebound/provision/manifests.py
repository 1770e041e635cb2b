"""The objects that let a cluster use a set-up: a ClusterAWSRole and an AWSRoleBinding, in YAML."""

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from rolebound.api.names import API_VERSION
from rolebound.provision.plan import Arns


@dataclass(frozen=True, slots=True)
class Use:
    """Who in the cluster uses it, and with which certificate Secret of the operator's namespace."""

    secret: str
    namespace: str
    service_accounts: Sequence[str]


def manifests(name: str, arns: Arns, duration_seconds: int, use: Use) -> str:
    """Return both objects as `kubectl apply -f -` takes them; both are called `name`."""
    role = {
        "apiVersion": API_VERSION,
        "kind": "ClusterAWSRole",
        "metadata": {"name": name},
        "spec": {
            "roleARN": arns.role,
            "profileARN": arns.profile,
            "trustAnchorARN": arns.trust_anchor,
            "certificate": {"secretRef": {"name": use.secret}},
            "sessionDurationSeconds": duration_seconds,
            "allowedNamespaces": {"names": [use.namespace]},
        },
    }
    binding = {
        "apiVersion": API_VERSION,
        "kind": "AWSRoleBinding",
        "metadata": {"name": name, "namespace": use.namespace},
        "spec": {
            "subjects": [{"kind": "ServiceAccount", "name": each} for each in use.service_accounts],
            "roleRef": {"kind": "ClusterAWSRole", "name": name},
        },
    }
    return yaml.safe_dump_all([role, binding], sort_keys=False, width=1 << 16)
