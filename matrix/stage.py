"""What the programs run on: AWS with short sessions, the operator, and for each delivery a pod as an injector makes it.

With a node, a program sees the volumes of the running pod as the kubelet keeps them, and for `Endpoint` it runs in the
pod's network, beside the real sidecar. Without one, the Secret is laid out as files and the sidecar's command runs
here.
"""

import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import aws
from matrix.relay import Relays
from rolebound.api import names
from rolebound.api.objects import parse_binding
from rolebound.model.objects import DeliveryType
from rolebound.planning.injection import injected
from rolebound.planning.podparts import Sidecar
from testbed import images
from testbed.besidepod import BesidePod, unmounted
from testbed.cluster import Cluster
from testbed.emulator import REGION, EmulatorProcess
from testbed.node import PAUSE_IMAGE
from testbed.operator import ROOT, Operator
from testbed.processes import free_port, start
from testbed.volume import Volume
from tests.support.kubernetes import Sandbox

BUCKET: Final = "matrix"
ROLE: Final = "matrix"
"""The ClusterAWSRole, and the Secret with its certificate."""
_PORT: Final = 9913
_SIDECAR: Final = Sidecar(images.OPERATOR, "Never", _PORT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program finds the credentials of a pod, as the pod's containers would."""

    prefix: list[str]
    """What a command is started with."""
    environment: dict[str, str]


@dataclass(slots=True)
class Stage:
    """The running parts."""

    cluster: Cluster
    emulator: EmulatorProcess
    operator: Operator
    sandbox: Sandbox
    relays: Relays
    prepared: aws.Prepared
    places: dict[DeliveryType, Place] = field(default_factory=dict)
    undo: ExitStack = field(default_factory=ExitStack)

    def secret(self, delivery: DeliveryType) -> str:
        """Return the name of the Secret that a delivery's pod mounts."""
        claim = self.sandbox.get("pod", account_name(delivery))["metadata"]["annotations"][names.SECRET_CLAIM]
        return str(claim).rpartition("=")[2]

    def create_pod(self, name: str, delivery: DeliveryType, container: dict[str, Any]) -> None:
        """Create a pod that is what an injector makes of an author's."""
        account = account_name(delivery)
        app = {"name": "app", "imagePullPolicy": "Never"} | container
        spec = {"serviceAccountName": account, "terminationGracePeriodSeconds": 1, "containers": [app]}
        metadata = {"name": name, "namespace": self.sandbox.namespace, "labels": {names.INJECT_LABEL: names.INJECT}}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        binding = parse_binding(self.sandbox.get("awsrolebinding", account))
        self.sandbox.apply(injected(pod, [binding], lambda: f"rolebound.{secrets.token_hex(8)}", _SIDECAR).pod)


def account_name(delivery: DeliveryType) -> str:
    """Return the name of a delivery's ServiceAccount, of its binding and of the pod whose place programs share."""
    return delivery.lower()


@contextmanager
def raised(cluster: Cluster, lifetime: int, *emulator_options: str) -> Iterator[Stage]:
    """Start everything, with sessions of `lifetime` seconds; all of it ends with the block."""
    with ExitStack() as undo:
        options = ["--session-lifetime", str(lifetime), "--no-rate-limit", *emulator_options]
        emulator = EmulatorProcess.start(cluster.host_address, cluster.workdir / "matrix", cluster.logs, *options)
        undo.callback(emulator.stop)
        sandbox = Sandbox.make(cluster)
        undo.callback(cluster.kubectl, "delete", "namespace", sandbox.namespace, "--wait=false")
        prepared = _prepared(emulator, sandbox)
        operator = Operator(cluster, emulator.ca_file).start()
        undo.callback(operator.stop)
        relays = undo.enter_context(Relays(cluster.host_address, emulator.endpoint_url, emulator.ca_file))
        stage = Stage(cluster, emulator, operator, sandbox, relays, prepared, undo=undo)
        for delivery in DeliveryType:
            _bind(stage, delivery)
            stage.create_pod(account_name(delivery), delivery, {"image": PAUSE_IMAGE})
        place = _in_pod if cluster.has_node else _beside_secret
        stage.places = {delivery: place(stage, delivery) for delivery in DeliveryType}
        yield stage


def _prepared(emulator: EmulatorProcess, sandbox: Sandbox) -> aws.Prepared:
    """Make a bucket, a role that may read it, and a ClusterAWSRole that the namespace may use."""
    prepared = aws.prepare(emulator)
    location: Any = {"LocationConstraint": REGION}
    aws.client(emulator, "s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    reading = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    aws.client(emulator, "iam").attach_role_policy(RoleName=prepared.role.rpartition("/")[2], PolicyArn=reading)
    sandbox.certificate(ROLE, prepared.issue())
    spec = prepared.spec(emulator) | {
        "certificate": {"secretRef": {"name": ROLE}},
        "allowedNamespaces": {"names": [sandbox.namespace]},
    }
    kind = {"apiVersion": names.API_VERSION, "kind": "ClusterAWSRole"}
    sandbox.apply(kind | {"metadata": {"name": ROLE}, "spec": spec})
    return prepared


def _bind(stage: Stage, delivery: DeliveryType) -> None:
    """Create a ServiceAccount and its binding."""
    name = account_name(delivery)
    stage.cluster.kubectl("create", "serviceaccount", name, "-n", stage.sandbox.namespace)
    subjects = [{"kind": "ServiceAccount", "name": name}]
    stage.sandbox.binding(ROLE, name, subjects=subjects, delivery={"type": delivery})


def _in_pod(stage: Stage, delivery: DeliveryType) -> Place:
    """Return the place that is the running pod's own."""
    sandbox, node = stage.sandbox, stage.cluster.node
    assert node is not None  # noqa: S101 - the caller asked
    sandbox.eventually(f"pod {account_name(delivery)} ready", lambda: _is_ready(sandbox, delivery), 90)
    pod = sandbox.get("pod", account_name(delivery))
    app = next(container for container in pod["spec"]["containers"] if container["name"] == "app")
    mounts = {
        mount["name"]: mount["mountPath"] for mount in app["volumeMounts"] if mount["name"].startswith("rolebound-")
    }
    stage.undo.callback(unmounted, *mounts.values())
    # The sidecar answers on the pod's own loopback alone.
    shares_network = delivery is DeliveryType.ENDPOINT
    prefix = BesidePod(node, pod["metadata"]["uid"]).command_prefix(mounts, shares_network=shares_network)
    return Place(prefix, {variable["name"]: variable["value"] for variable in app["env"] if "value" in variable})


def _is_ready(sandbox: Sandbox, delivery: DeliveryType) -> bool:
    conditions = (sandbox.get("pod", account_name(delivery)).get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _beside_secret(stage: Stage, delivery: DeliveryType) -> Place:
    """Return a place with the Secret as files, and the sidecar's command on this machine's loopback."""
    folder = stage.cluster.workdir / f"volume-{account_name(delivery)}"
    volume = Volume.follow(stage.cluster, stage.sandbox.namespace, stage.secret(delivery), folder)
    stage.undo.callback(volume.stop)
    volume.wait()
    if delivery is not DeliveryType.ENDPOINT:
        file = str(folder / names.CREDENTIALS_FILE)
        return Place([], {"AWS_SHARED_CREDENTIALS_FILE": file, "AWS_CREDENTIAL_PROFILES_FILE": file})
    token, port = stage.cluster.workdir / "token", free_port()
    token.write_text(secrets.token_hex(16))
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "rolebound",
        "endpoint",
        "--file",
        folder / names.CREDENTIALS_JSON,
    ]
    command += ["--token-file", token, "--port", str(port)]
    sidecar = start("endpoint", command, stage.cluster.logs, {"PYTHONPATH": str(ROOT / "operator")})
    stage.undo.callback(sidecar.kill)
    url = f"http://127.0.0.1:{port}/v1/credentials"
    return Place([], {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)})
