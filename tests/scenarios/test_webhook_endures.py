"""What happens to new pods while the webhook's certificate, or the operator itself, is replaced or gone."""

import base64
import json
import socket
import ssl
from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster
from testbed.operator import NAMESPACE, WEBHOOK, Operator
from testbed.processes import free_port, own_address
from testbed.webhook import point_webhook
from tests.scenarios.webhook import Load, bound, create, is_injected, plain_pod
from tests.support.aws import Aws
from tests.support.kubernetes import Sandbox

pytestmark = [pytest.mark.controlplane]


@pytest.fixture(scope="module")
def both(webhook: Operator) -> Iterator[tuple[Operator, Operator]]:
    """Two operators behind the webhook's Service, which look after its certificate at moments of their own."""
    cluster = webhook.cluster
    other = Operator(cluster, webhook.ca_file, webhook_port=free_port(""), name="other-webhook").start()
    point_webhook(cluster, webhook.webhook_port, other.webhook_port)
    yield webhook, other
    point_webhook(cluster, webhook.webhook_port)
    if other.is_running():
        other.stop()


def test_rotation_under_load_fails_no_pod(aws: Aws, sandbox: Sandbox, both: tuple[Operator, Operator]) -> None:
    bound(sandbox, aws.setup())
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    ports = [each.webhook_port for each in both]
    before = stored(sandbox.cluster)
    assert {served(port) for port in ports} == {before}
    with Load.on(sandbox) as load:
        assert load.goes_on()

        sandbox.cluster.kubectl("delete", "secret", WEBHOOK, "-n", NAMESPACE)
        sandbox.eventually("another certificate", lambda: before not in {served(port) for port in ports}, 60)

        assert load.goes_on()

    assert load.failures == []
    assert {served(port) for port in ports} == {stored(sandbox.cluster)}
    assert {verified(sandbox.cluster, port) for port in ports} == {f"{WEBHOOK}.{NAMESPACE}.svc"}


def test_one_of_two_operators_may_end_under_load(aws: Aws, sandbox: Sandbox, both: tuple[Operator, Operator]) -> None:
    bound(sandbox, aws.setup())
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    staying, ending = both
    with Load.on(sandbox) as load:
        assert load.goes_on()

        ending.process.popen.terminate()  # as the kubelet does, while the endpoint goes away by itself
        point_webhook(sandbox.cluster, staying.webhook_port)
        ending.process.popen.wait(35)

        assert load.goes_on()

    assert load.failures == []
    assert ending.process.popen.returncode == 0


def test_operator_down_refuses_who_opted_in_and_nobody_else(aws: Aws, sandbox: Sandbox, webhook: Operator) -> None:
    bound(sandbox, aws.setup())
    webhook.kill()

    refused, said = create(sandbox, plain_pod())
    admitted, said_of_other = create(sandbox, plain_pod("other", labels=None))

    assert refused == {}
    assert 'failed calling webhook "pod.inject.rolebound.dev"' in said
    assert f"https://{WEBHOOK}.{NAMESPACE}.svc:443/inject" in said
    assert admitted["metadata"]["name"] == "other"
    assert said_of_other == ""

    webhook.start()

    assert is_injected(sandbox.eventually("admitted again", lambda: create(sandbox, plain_pod())[0]))


def served(port: int) -> bytes:
    """The certificate that a new connection gets, DER."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((own_address(), port), timeout=5))


def stored(cluster: Cluster) -> bytes:
    """The certificate in the Secret, DER."""
    body = cluster.kubectl("get", "secret", WEBHOOK, "-n", NAMESPACE, "-o", "json").stdout
    return ssl.PEM_cert_to_DER_cert(base64.b64decode(json.loads(body)["data"]["tls.crt"]).decode())


def verified(cluster: Cluster, port: int) -> str:
    """The name that a new connection's certificate was verified for, by what the API server trusts."""
    body = cluster.kubectl("get", "mutatingwebhookconfiguration", WEBHOOK, "-o", "json").stdout
    bundle = base64.b64decode(json.loads(body)["webhooks"][0]["clientConfig"]["caBundle"]).decode()
    name = f"{WEBHOOK}.{NAMESPACE}.svc"
    context = ssl.create_default_context(cadata=bundle)
    with (
        socket.create_connection((own_address(), port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname=name) as wrapped,
    ):
        return wrapped.server_hostname or ""
