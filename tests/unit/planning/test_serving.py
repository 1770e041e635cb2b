"""When the webhook's certificate is renewed, what is trusted meanwhile, and when a new one is served."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from rolebound.model.objects import ObjectName
from rolebound.model.serving import ServingCertificate
from rolebound.planning.serving import (
    LIFETIME,
    SETTLED_AFTER,
    ca_bundle,
    ca_bundle_changes,
    may_serve,
    must_renew,
    renewed,
    serving_names,
)
from tests.support.builders import NOON

NAMES = serving_names(ObjectName("rolebound-system", "rolebound-webhook"))
FIRST = renewed(NAMES, NOON)


def test_names_are_those_of_the_service() -> None:
    assert sorted(NAMES) == [
        "rolebound-webhook.rolebound-system.svc",
        "rolebound-webhook.rolebound-system.svc.cluster.local",
    ]


@pytest.mark.parametrize(
    ("age", "due"),
    [(timedelta(), False), (timedelta(days=59), False), (timedelta(days=60), True), (LIFETIME, True)],
    ids=["new", "day 59", "day 60", "expired"],
)
def test_renewal_is_due_after_two_thirds_of_its_life(age: timedelta, due: bool) -> None:
    assert must_renew(FIRST, NAMES, NOON + age) is due


def test_renewal_is_due_without_a_certificate_or_for_other_names() -> None:
    assert must_renew(None, NAMES, NOON)
    assert must_renew(FIRST, serving_names(ObjectName("elsewhere", "rolebound-webhook")), NOON)


def test_new_certificate_is_trusted_beside_the_one_in_use() -> None:
    second = renewed(NAMES, NOON + timedelta(days=60), FIRST)

    assert second.authorities[1:] == FIRST.authorities
    assert second.authorities[0] != FIRST.authorities[0]
    assert second.names == NAMES


def test_authority_that_expired_is_no_longer_trusted() -> None:
    second = renewed(NAMES, NOON + timedelta(days=60), FIRST)

    third = renewed(NAMES, NOON + timedelta(days=120), second, FIRST)

    assert third.authorities[1:] == second.authorities[:1]


def test_bundle_is_the_stored_authorities_and_those_in_use_once_each() -> None:
    other = renewed(NAMES, NOON)

    bundle = base64.b64decode(ca_bundle(FIRST, [other, FIRST], NOON))

    certificates = x509.load_pem_x509_certificates(bundle)
    assert [each.subject for each in certificates] == [
        x509.load_pem_x509_certificate(each.authorities[0].encode()).subject for each in (FIRST, other)
    ]


def configuration(*bundles: str | None) -> dict[str, Any]:
    return {
        "webhooks": [
            {"name": f"w{number}", "clientConfig": {} if bundle is None else {"caBundle": bundle}}
            for number, bundle in enumerate(bundles)
        ]
    }


def test_right_bundle_is_not_written_again() -> None:
    assert ca_bundle_changes(configuration("right", "right"), "right") == []


def test_only_wrong_bundles_are_written_and_each_at_the_webhook_that_was_read() -> None:
    assert ca_bundle_changes(configuration("right", None), "right") == [
        {"op": "test", "path": "/webhooks/1/name", "value": "w1"},
        {"op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": "right"},
    ]


@pytest.mark.parametrize(
    ("trusted_for", "allowed"),
    [(None, False), (timedelta(), False), (SETTLED_AFTER, True)],
    ids=["not trusted", "just trusted", "settled"],
)
def test_new_certificate_waits_until_it_is_trusted(trusted_for: timedelta | None, allowed: bool) -> None:
    trusted_since = None if trusted_for is None else NOON - trusted_for

    assert may_serve(FIRST, trusted_since, NOON) is allowed


def test_new_certificate_does_not_wait_for_one_that_nobody_accepts() -> None:
    assert may_serve(FIRST, None, NOON + LIFETIME)


def test_key_never_shows() -> None:
    assert FIRST.key.decode() not in repr(FIRST)
    assert "PRIVATE" not in repr(FIRST)


def test_certificate_is_read_back_as_it_was_made() -> None:
    authorities = "".join(FIRST.authorities).encode()

    assert ServingCertificate.from_pem(FIRST.chain, FIRST.key, authorities) == FIRST
