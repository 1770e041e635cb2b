"""The webhook on the test cluster: an operator that the API server asks, with the sidecar's image of the vectors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from testbed.cluster import Cluster
from testbed.webhook import webhook_in_force
from tests.support.injection import SIDECAR_REPOSITORY, SIDECAR_TAG

SETTINGS: Final = {
    "ROLEBOUND_SIDECAR_IMAGE": f"{SIDECAR_REPOSITORY}:{SIDECAR_TAG}",
    "ROLEBOUND_SIDECAR_PULL_POLICY": "IfNotPresent",
}


@contextmanager
def injecting_webhook(cluster: Cluster) -> Iterator[None]:
    """Keep the webhook in force; it calls no AWS, so any CA will do."""
    with webhook_in_force(cluster, cluster.control_plane.ca_file, SETTINGS):
        yield
