"""`--role NAME`: the question is read from the cluster, as far as the kubeconfig may."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.cluster import Cluster
from testbed.operator import NAMESPACE
from tests.doctor.consultation import Doctor
from tests.support import aws as aws_support
from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox
from tests.support.pki import CA

pytestmark = pytest.mark.controlplane


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """An account of its own, which ends with these tests: the emulator's own tests need the usual one later."""
    emulator = aws_support.start(account="606060606060")
    yield Aws(emulator)
    emulator.stop()


@pytest.fixture
def doctor(doctor: Doctor, cluster: Cluster, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.emulator.endpoint_url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(aws.emulator.ca_file))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(aws.emulator.credentials_file))
    return doctor


def test_a_cluster_role_is_looked_at_with_its_secret(doctor: Doctor, sandbox: Sandbox, aws: Aws) -> None:
    setup = aws.setup()
    role = sandbox.cluster_role(setup, certificate={"secretRef": {"name": setup.name}})
    sandbox.certificate(setup.name, setup.issue())

    told = doctor.asked("--role", role, "--operator-namespace", NAMESPACE, "--output", "json")

    assert told.that_are("wrong") == [], told.text
    assert "/rolebound-doctor until" in told["session"]["message"]
    assert told.status == 0


def test_an_aws_role_is_looked_at_in_its_namespace(doctor: Doctor, sandbox: Sandbox, aws: Aws) -> None:
    setup = aws.setup()
    spec = {
        "roleARN": setup.role,
        "profileARN": setup.profile,
        "trustAnchorARN": setup.trust_anchor,
        "certificate": {"secretRef": {"name": "client"}},
    }
    metadata = {"name": "own", "namespace": sandbox.namespace}
    sandbox.apply({"apiVersion": "rolebound.dev/v1alpha1", "kind": "AWSRole", "metadata": metadata, "spec": spec})
    sandbox.certificate("client", CA.root("another CA").issue("client"), sandbox.namespace)

    told = doctor.asked("--role", "own", "--namespace", sandbox.namespace, "--output", "json")

    assert told.that_are("wrong") == ["chain", "session"]
    assert "CN=another CA" in told["chain"]["message"]


def test_a_secret_that_is_not_there_is_named(doctor: Doctor, sandbox: Sandbox, aws: Aws) -> None:
    role = sandbox.cluster_role(aws.setup(), certificate={"secretRef": {"name": "nowhere"}})

    told = doctor.asked("--role", role, "--operator-namespace", NAMESPACE, "--output", "json")

    assert told["files"]["message"] == f"Secret {NAMESPACE}/nowhere does not exist"
    assert told["anchor"]["verdict"] == "ok"


def test_a_secret_that_may_not_be_read_is_said(
    doctor: Doctor, cluster: Cluster, sandbox: Sandbox, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = aws.setup()
    role = sandbox.cluster_role(setup, certificate={"secretRef": {"name": setup.name}})
    sandbox.certificate(setup.name, setup.issue())
    sees_roles = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": sandbox.namespace},
        "rules": [{"apiGroups": ["rolebound.dev"], "resources": ["clusterawsroles"], "verbs": ["get"]}],
    }
    binding = json.loads(
        cluster.kubectl(
            *("create", "clusterrolebinding", sandbox.namespace, f"--clusterrole={sandbox.namespace}"),
            *(f"--serviceaccount={sandbox.namespace}:api", "--dry-run=client", "-o", "json"),
        ).stdout
    )
    sandbox.apply(sees_roles, binding)
    monkeypatch.setenv("KUBECONFIG", str(cluster.service_account_kubeconfig(sandbox.namespace, "api")))

    told = doctor.asked("--role", role, "--operator-namespace", NAMESPACE, "--output", "json")
    cluster.kubectl("delete", "clusterrole,clusterrolebinding", sandbox.namespace)

    assert told["files"]["verdict"] == "not checked"
    assert f"Secret {NAMESPACE}/{setup.name} could not be read" in told["files"]["message"]
    assert told["files"]["remedy"] == "use a kubeconfig that may get this Secret"
    assert told["role"]["verdict"] == "ok"
    assert told.status == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--role", "nobody"], "ClusterAWSRole nobody does not exist"),
        (["--role", "nobody", "--namespace", "default"], "AWSRole default/nobody does not exist"),
        (["--role", "nobody", "--context", "elsewhere"], "choose a --context"),
    ],
)
def test_a_role_or_cluster_that_is_not_there_is_told(doctor: Doctor, arguments: list[str], words: str) -> None:
    told = doctor.asked(*arguments)

    assert told.status == 2
    assert words in told.text


def test_without_a_kubeconfig_it_says_what_to_set(
    doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    told = doctor.asked("--role", "reader")

    assert told.status == 2
    assert "set KUBECONFIG" in told.text
