"""The webhook's certificate from Secret to server, look by look."""

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from rolebound.cluster.api import KubernetesAPI
from rolebound.cluster.serving import ServingSecret, WebhookConfiguration
from rolebound.errors import CertificateMissing, ClusterUnavailable, Conflict
from rolebound.metrics import Metrics
from rolebound.model.objects import ObjectName
from rolebound.model.serving import ServingCertificate
from rolebound.planning.serving import LIFETIME, SETTLED_AFTER, renewed, serving_names
from rolebound.refresh.serving import ServingRotation
from tests.support.api_server import ApiServer, Canned, refusing
from tests.support.builders import NOON

NAME = ObjectName("rolebound-system", "rolebound-webhook")
SECRET = "/api/v1/namespaces/rolebound-system/secrets/rolebound-webhook"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/rolebound-webhook"
LATER = SETTLED_AFTER


@dataclass
class Replica:
    """One operator's rotation, and what it serves."""

    api: KubernetesAPI
    renews: bool = True
    served: list[ServingCertificate] = field(default_factory=list)

    def __post_init__(self) -> None:
        secret, configuration = ServingSecret(self.api, NAME), WebhookConfiguration(self.api, NAME.name)
        names, self.metrics = serving_names(NAME), Metrics()
        self.rotation = ServingRotation(
            secret, configuration, names, self.renews, self.served.append, metrics=self.metrics
        )

    async def look(self, after: timedelta = timedelta()) -> None:
        await self.rotation.look(NOON + after)


def put_configuration(server: ApiServer) -> None:
    webhooks: list[dict[str, Any]] = [{"name": name, "clientConfig": {}} for name in ("pod", "namespace")]
    server.put(CONFIGURATION, {"metadata": {"name": NAME.name}, "webhooks": webhooks})


def put_secret(server: ApiServer, certificate: ServingCertificate, **labels: str) -> None:
    data = {"tls.crt": certificate.chain, "tls.key": certificate.key, "ca.crt": authorities(certificate)}
    encoded = {name: base64.b64encode(value).decode() for name, value in data.items()}
    metadata = {"name": NAME.name, "namespace": NAME.namespace, "labels": labels}
    server.put(SECRET, {"type": "kubernetes.io/tls", "metadata": metadata, "data": encoded})


def authorities(certificate: ServingCertificate) -> bytes:
    return "".join(certificate.authorities).encode()


def trusted(server: ApiServer) -> bytes:
    [bundle] = {each["clientConfig"].get("caBundle", "") for each in server.objects[CONFIGURATION]["webhooks"]}
    return base64.b64decode(bundle)


async def test_first_look_makes_publishes_and_serves(server: ApiServer, api: KubernetesAPI) -> None:
    put_configuration(server)
    replica = Replica(api)

    await replica.look()

    [certificate] = replica.served
    assert trusted(server) == authorities(certificate)
    secret: dict[str, Any] = server.objects[SECRET]
    assert secret["type"] == "kubernetes.io/tls"
    assert base64.b64decode(secret["data"]["tls.crt"]) == certificate.chain
    expires = replica.metrics.registry.get_sample_value("rolebound_webhook_certificate_not_after_timestamp_seconds")
    assert expires == certificate.not_after.timestamp()


async def test_nothing_is_written_while_all_is_right(server: ApiServer, api: KubernetesAPI) -> None:
    put_configuration(server)
    replica = Replica(api)
    await replica.look()
    server.asked.clear()

    await replica.look(timedelta(days=50))

    assert server.methods() == ["GET", "GET"]
    assert len(replica.served) == 1


async def test_renewed_certificate_is_trusted_before_it_is_served(server: ApiServer, api: KubernetesAPI) -> None:
    put_configuration(server)
    replica = Replica(api)
    await replica.look()

    due = timedelta(days=61)
    await replica.look(due)

    [first] = replica.served
    assert authorities(first) in trusted(server)
    assert trusted(server) != authorities(first)
    await replica.look(due + LATER / 2)
    assert replica.served == [first]
    await replica.look(due + LATER)
    [_, second] = replica.served
    assert trusted(server) == authorities(second)
    assert first.authorities[0] in second.authorities


async def test_deleted_secret_comes_back_and_what_is_served_stays_trusted(
    server: ApiServer, api: KubernetesAPI
) -> None:
    put_configuration(server)
    replica = Replica(api)
    await replica.look()
    del server.objects[SECRET]

    await replica.look(LATER)

    assert SECRET in server.objects
    [first] = replica.served
    assert authorities(first) in trusted(server)


async def test_bundle_that_was_changed_is_mended(server: ApiServer, api: KubernetesAPI) -> None:
    put_configuration(server)
    replica = Replica(api)
    await replica.look()
    right = trusted(server)
    put_configuration(server)

    await replica.look(LATER)

    assert trusted(server) == right


async def test_second_replica_takes_what_the_first_made(server: ApiServer, api: KubernetesAPI) -> None:
    put_configuration(server)
    first, second = Replica(api), Replica(api)

    await first.look()
    await second.look()

    assert first.served == second.served


async def test_replica_that_loses_the_race_takes_the_winners(server: ApiServer, api: KubernetesAPI) -> None:
    put_configuration(server)
    winner, loser = Replica(api), Replica(api)
    server.canned.extend([refusing(404), refusing(409)])  # nothing is there, and then somebody was faster
    put_secret(server, renewed(serving_names(NAME), NOON), **{"app.kubernetes.io/managed-by": "rolebound"})

    await loser.look()
    await winner.look()

    assert loser.served == winner.served


@pytest.mark.parametrize("what", ["expired", "garbage"])
async def test_unusable_secret_of_ours_is_replaced(server: ApiServer, api: KubernetesAPI, what: str) -> None:
    put_configuration(server)
    put_secret(server, renewed(serving_names(NAME), NOON - LIFETIME), **{"app.kubernetes.io/managed-by": "rolebound"})
    if what == "garbage":
        server.objects[SECRET]["data"]["tls.key"] = "bm90IGEga2V5"
    replica = Replica(api)

    await replica.look()

    [certificate] = replica.served
    assert certificate.not_after > NOON
    assert trusted(server) == authorities(certificate)


async def test_somebody_elses_secret_is_left_alone_and_said(server: ApiServer, api: KubernetesAPI) -> None:
    put_secret(server, renewed(frozenset({"other.svc"}), NOON))
    before = server.objects[SECRET]

    with pytest.raises(Conflict, match=r"was not made by rolebound.*certManager"):
        await Replica(api).look()

    assert server.objects[SECRET] == before


async def test_without_a_configuration_the_webhook_serves_all_the_same(server: ApiServer, api: KubernetesAPI) -> None:
    replica = Replica(api)

    await replica.look()

    assert len(replica.served) == 1
    assert CONFIGURATION not in server.objects


async def test_refused_publication_is_raised_and_the_first_certificate_serves(
    server: ApiServer, api: KubernetesAPI
) -> None:
    await Replica(api).look()
    replica = Replica(api)
    server.canned.extend([Canned(200, json.dumps(server.objects[SECRET])), refusing(403)])

    with pytest.raises(ClusterUnavailable, match="HTTP 403"):
        await replica.look()

    assert len(replica.served) == 1


class TestCertManager:
    """cert-manager makes and renews the Secret; the operator reads it and keeps `caBundle`."""

    async def test_missing_secret_is_waited_for_and_never_made(self, server: ApiServer, api: KubernetesAPI) -> None:
        put_configuration(server)

        with pytest.raises(CertificateMissing, match="does not exist yet"):
            await Replica(api, renews=False).look()

        assert server.methods() == ["GET"]

    async def test_new_authority_is_trusted_before_its_certificate_is_served(
        self, server: ApiServer, api: KubernetesAPI
    ) -> None:
        put_configuration(server)
        first, second = (renewed(frozenset({"any.svc"}), NOON) for _ in range(2))
        put_secret(server, first)
        replica = Replica(api, renews=False)
        await replica.look()
        put_secret(server, second)

        await replica.look(timedelta(minutes=5))

        assert replica.served == [first]
        assert trusted(server) == authorities(second) + authorities(first)
        await replica.look(timedelta(minutes=5) + LATER)
        assert replica.served == [first, second]
        assert authorities(first) in trusted(server)  # another replica may be a look behind
        await replica.look(timedelta(minutes=7))
        assert trusted(server) == authorities(second)
