"""The Kubernetes side of a test: a namespace of its own, and short words for what tests do in it."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from testbed.cluster import Cluster
from testbed.operator import NAMESPACE
from tests.support.aws import Setup
from tests.support.pki import Issued

# No node has it: the pod stays Pending, which is all that the control plane's part needs.
NOWHERE = {"rolebound.test/nowhere": "true"}


@dataclass
class Sandbox:
    """One test's namespace."""

    cluster: Cluster
    namespace: str

    @classmethod
    def make(cls, cluster: Cluster) -> "Sandbox":
        name = f"test-{uuid.uuid4().hex[:8]}"
        cluster.kubectl("create", "namespace", name)
        cluster.wait("default ServiceAccount", lambda: bool(cls(cluster, name).get("serviceaccount", "default")))
        cluster.kubectl("create", "serviceaccount", "api", "-n", name)
        return cls(cluster, name)

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create or change objects."""
        documents = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(documents))

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
        """The object, or {} where there is none."""
        where = ["-n", namespace or self.namespace]
        found = self.cluster.kubectl("get", kind, name, *where, "-o", "json", "--ignore-not-found").stdout
        loaded: dict[str, Any] = json.loads(found) if found else {}
        return loaded

    def delete(self, kind: str, name: str) -> None:
        self.cluster.kubectl("delete", kind, name, "-n", self.namespace, "--wait=false")

    def eventually(self, what: str, condition: Callable[[], Any], seconds: float = 30) -> Any:
        """What `condition` returns once it is true; the last it returned is in the error otherwise."""
        deadline = time.monotonic() + seconds
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {seconds:.0f} s; last: {result!r}")
            time.sleep(0.1)

    def certificate(self, name: str, issued: Issued, namespace: str = NAMESPACE) -> None:
        """A kubernetes.io/tls Secret."""
        data = {"tls.crt": issued.certificate_pem, "tls.key": issued.key_pem}
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "kubernetes.io/tls",
                "metadata": {"name": name, "namespace": namespace},
                "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
            }
        )

    def cluster_role(self, setup: Setup, **spec: Any) -> str:
        """A ClusterAWSRole for `setup` that allows this namespace; returns its name."""
        self.apply(cluster_role(setup, {"allowedNamespaces": {"names": [self.namespace]}} | spec))
        return setup.name

    def binding(self, role: str, name: str = "reader", **spec: Any) -> None:
        """An AWSRoleBinding for the ServiceAccount api."""
        annotations = spec.pop("annotations", {})
        defaults: dict[str, Any] = {
            "subjects": [{"kind": "ServiceAccount", "name": "api"}],
            "roleRef": {"kind": "ClusterAWSRole", "name": role},
        }
        metadata = {"name": name, "namespace": self.namespace, "annotations": annotations}
        self.apply(
            {
                "apiVersion": "rolebound.dev/v1alpha1",
                "kind": "AWSRoleBinding",
                "metadata": metadata,
                "spec": defaults | spec,
            }
        )

    def pod(self, name: str = "api-1", claim: str | None = None, **changes: Any) -> None:
        """A pod that asks for credentials and is never scheduled."""
        self.apply(asking_pod(self.namespace, name, claim if claim is not None else f"{name}-aws", **changes))

    def secret(self, name: str) -> dict[str, str]:
        """A Secret's keys, decoded; {} where there is none."""
        data = self.get("secret", name).get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def keys(self, name: str) -> dict[str, str]:
        """What a credential Secret's JSON holds; {} where there is no Secret."""
        text = self.secret(name).get("credentials.json")
        loaded: dict[str, str] = json.loads(text) if text else {}
        return loaded

    def condition(self, kind: str, name: str, condition_type: str = "Ready") -> dict[str, Any]:
        """A condition of an object's status, {} where there is none."""
        conditions = (self.get(kind, name).get("status") or {}).get("conditions") or []
        return next((each for each in conditions if each["type"] == condition_type), {})

    def wait_reason(self, kind: str, name: str, reason: str, condition_type: str = "Ready") -> dict[str, Any]:
        """The condition, once it has `reason`."""

        def met() -> dict[str, Any]:
            found = self.condition(kind, name, condition_type)
            return found if found.get("reason") == reason else {}

        try:
            found: dict[str, Any] = self.eventually(f"{kind} {name}: {condition_type} {reason}", met)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.condition(kind, name, condition_type)}") from None
        return found

    def events(self, name: str) -> list[tuple[str, str]]:
        """Reason and message of every Event about an object of that name."""
        where = f"involvedObject.name={name}"
        listed = self.cluster.kubectl("get", "events", "-A", f"--field-selector={where}", "-o", "json").stdout
        return [(each["reason"], each["message"]) for each in json.loads(listed)["items"]]

    def wait_event(self, name: str, reason: str) -> str:
        """The message of the Event of that reason, once it is there."""
        found: str = self.eventually(
            f"Event {reason} on {name}",
            lambda: next((message for each, message in self.events(name) if each == reason), ""),
        )
        return found


def cluster_role(setup: Setup, spec: dict[str, Any]) -> dict[str, Any]:
    defaults = {
        "roleARN": setup.role,
        "profileARN": setup.profile,
        "trustAnchorARN": setup.trust_anchor,
        "certificate": {"secretRef": {"name": setup.name}},
        "endpointURL": setup.aws.emulator.endpoint_url,
    }
    return {
        "apiVersion": "rolebound.dev/v1alpha1",
        "kind": "ClusterAWSRole",
        "metadata": {"name": setup.name},
        "spec": defaults | spec,
    }


def asking_pod(namespace: str, name: str, claim: str, **changes: Any) -> dict[str, Any]:
    """A pod that mounts the Secret that it claims."""
    labels = changes.pop("labels", {"rolebound.dev/inject": "true"})
    annotations = changes.pop("annotations", {"rolebound.dev/secret": claim} if claim else {})
    spec: dict[str, Any] = {
        "serviceAccountName": "api",
        "nodeSelector": NOWHERE,
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "api", "image": "localhost/rolebound-pause:1", "imagePullPolicy": "Never"}],
    }
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec | changes}
