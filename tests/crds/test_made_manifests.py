"""The manifests that the command line prints are ones that the API server takes."""

import pytest
import yaml

from rolebound.pki.secret import secret_manifest
from rolebound.provision.manifests import Use, manifests
from rolebound.provision.plan import Arns
from testbed.cluster import Cluster
from tests.support.builders import ANCHOR, PROFILE, ROLE
from tests.support.pki import CA

pytestmark = pytest.mark.controlplane


def test_role_and_binding_of_setup_are_accepted(cluster: Cluster) -> None:
    made = manifests("readers", Arns(ANCHOR, PROFILE, ROLE), 3600, Use("client", "default", ["web", "api"]))

    told = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=made).stdout

    assert "clusterawsrole.rolebound.dev/readers created" in told
    assert "awsrolebinding.rolebound.dev/readers created" in told


def test_the_cluster_reads_back_what_setup_said(cluster: Cluster) -> None:
    made = manifests("readers", Arns(ANCHOR, PROFILE, ROLE), 7200, Use("client", "default", ["web"]))

    for document in yaml.safe_load_all(made):
        told = cluster.kubectl(
            "create", "--dry-run=server", "-o", "yaml", "-f", "-", stdin=yaml.safe_dump(document)
        ).stdout
        assert document["spec"].items() <= yaml.safe_load(told)["spec"].items()


def test_the_secret_of_pki_is_accepted(cluster: Cluster) -> None:
    issued = CA.root().issue("web")
    made = secret_manifest("client", "default", issued.certificate_pem, issued.key_pem)

    assert "secret/client created" in cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=made).stdout


def test_a_new_certificate_takes_the_place_of_the_old_one(cluster: Cluster) -> None:
    """As the guide has it: one server-side apply, whoever wrote the Secret before."""
    first, second = CA.root().issue("web"), CA.root().issue("web")
    data = {"tls.crt": first.certificate_pem.decode(), "tls.key": first.key_pem.decode()}
    old = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": "rotated", "namespace": "default"},
        "stringData": data,
    }
    cluster.kubectl("create", "-f", "-", stdin=yaml.safe_dump(old))
    made = secret_manifest("rotated", "default", second.certificate_pem, second.key_pem)

    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=made)

    told = cluster.kubectl("get", "secret", "rotated", "-n", "default", "-o", "yaml").stdout
    assert yaml.safe_load(told)["data"] == yaml.safe_load(made)["data"]
    cluster.kubectl("delete", "secret", "rotated", "-n", "default")
