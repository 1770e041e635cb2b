"""Real SDKs read a pod's credentials while these expire, are renewed, and are disturbed: no call fails.

The readers are shared: what one test does to AWS, the certificate, the Secret or the kubelet happens to all of them,
and the last tests count what came of it. Sessions are so short that five of them fit: a tenth of a lifetime is a second
here and minutes in earnest.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from matrix.readers import Reader
from matrix.stage import ROLE, Stage, account_name
from matrix.verdicts import Verdict
from rolebound.api import names
from rolebound.model.objects import DeliveryType
from testbed.cluster import can_have_node
from tests.matrix.conftest import LIFETIME

pytestmark = pytest.mark.node if can_have_node() else pytest.mark.controlplane

SESSIONS = 5
REFRESHING = (DeliveryType.CREDENTIAL_PROCESS, DeliveryType.ENDPOINT)
RE_READ = {"AWS CLI"}  # of those here; a new process for each command

Readers = dict[tuple[str, DeliveryType], Reader]


def failures(readers: Readers) -> dict[str, str]:
    """The first failed call of each reader whose credentials refresh."""
    outcomes = {f"{name} by {how}": reader.outcome() for (name, how), reader in readers.items() if how in REFRESHING}
    return {who: outcome.first_error for who, outcome in outcomes.items() if outcome.failed}


def key_of(stage: Stage, delivery: DeliveryType) -> Callable[[], str]:
    """Looks up the access key in the Secret of a delivery's pod; nothing where there is no Secret."""
    secret = stage.secret(delivery)
    return lambda: stage.sandbox.keys(secret).get("AccessKeyId", "")


def wait_for_other(stage: Stage, delivery: DeliveryType, old: str) -> str:
    """The key that comes after `old`."""
    key = key_of(stage, delivery)
    found: str = stage.sandbox.eventually("another key", lambda: (new := key()) != old and new, 2 * LIFETIME)
    return found


def wait_until_used(stage: Stage, readers: Readers, delivery: DeliveryType, key: str) -> None:
    """Wait until a reader has signed with a key."""
    used = readers["boto3", delivery].relay.keys
    stage.sandbox.eventually("a call with the new key", lambda: key in used, LIFETIME)


def test_volume_that_is_late_is_not_noticed(stage: Stage, readers: Readers) -> None:
    # A sixth of the lifetime: of the shortest session that AWS gives, 900 s, that would be 150 s.
    old = key_of(stage, DeliveryType.CREDENTIAL_PROCESS)()
    new = wait_for_other(stage, DeliveryType.CREDENTIAL_PROCESS, old)
    node = stage.cluster.node

    with node.kubelet_suspended() if node else nullcontext():
        time.sleep(LIFETIME / 6)

    wait_until_used(stage, readers, DeliveryType.CREDENTIAL_PROCESS, new)
    assert failures(readers) == {}


def test_secret_deleted_by_hand_comes_back(stage: Stage, readers: Readers) -> None:
    secret = stage.secret(DeliveryType.ENDPOINT)
    old = stage.sandbox.get("secret", secret)["metadata"]["uid"]

    stage.sandbox.delete("secret", secret)

    def is_another() -> bool:
        found = stage.sandbox.get("secret", secret)
        return bool(found) and found["metadata"]["uid"] != old

    stage.sandbox.eventually("the Secret is back", is_another, LIFETIME)
    wait_until_used(stage, readers, DeliveryType.ENDPOINT, key_of(stage, DeliveryType.ENDPOINT)())
    assert failures(readers) == {}


def test_certificate_rotates_midway(stage: Stage, readers: Readers) -> None:
    secret = stage.secret(DeliveryType.CREDENTIAL_PROCESS)

    def serial() -> str:
        annotations = (stage.sandbox.get("secret", secret).get("metadata") or {}).get("annotations") or {}
        return str(annotations.get(names.CERTIFICATE_SERIAL, ""))

    old = serial()
    stage.sandbox.certificate(ROLE, stage.prepared.issue())

    stage.sandbox.eventually("a session of the new certificate", lambda: serial() not in {old, ""}, LIFETIME)
    wait_until_used(stage, readers, DeliveryType.CREDENTIAL_PROCESS, key_of(stage, DeliveryType.CREDENTIAL_PROCESS)())
    assert failures(readers) == {}


def test_outage_of_half_a_lifetime_is_not_noticed(stage: Stage, readers: Readers) -> None:
    before = {delivery: key_of(stage, delivery)() for delivery in REFRESHING}
    bindings = [account_name(delivery) for delivery in REFRESHING]
    renew = ["awsrolebinding", *bindings, "-n", stage.sandbox.namespace, f"{names.RENEW}={time.monotonic_ns()}"]
    stage.cluster.kubectl("annotate", "--overwrite", *renew)
    fresh = {delivery: wait_for_other(stage, delivery, old) for delivery, old in before.items()}

    # From a renewal on: the next one is due before AWS is back. The operator's pauses between attempts do not shrink
    # with these lifetimes, so a later beginning would be unfair.
    stage.emulator.inject(kind="status", status=503)
    time.sleep(LIFETIME / 2)
    stage.emulator.clear_faults()

    for delivery, key in fresh.items():
        wait_until_used(stage, readers, delivery, wait_for_other(stage, delivery, key))
    assert failures(readers) == {}


def test_every_sdk_lives_through_five_sessions(stage: Stage, readers: Readers) -> None:
    refreshing = [reader for (_, delivery), reader in readers.items() if delivery in REFRESHING]
    stage.sandbox.eventually(
        "five sessions each", lambda: all(len(reader.relay.keys) >= SESSIONS for reader in refreshing), 5 * LIFETIME
    )

    # One command may fail where the outage before outlasted the file's keys; it is the next ones that count.
    again = [readers[name, DeliveryType.STATIC_FILE] for name in RE_READ]
    stage.sandbox.eventually(
        "who reads the file again goes on",
        lambda: all(each.outcome().verdict is Verdict.WORKS for each in again),
        LIFETIME,
    )
    verdicts = {who: reader.outcome().verdict for who, reader in readers.items()}

    assert failures(readers) == {}
    assert verdicts == {
        (name, delivery): Verdict.WORKS if delivery in REFRESHING or name in RE_READ else Verdict.UNTIL_EXPIRY
        for name, delivery in readers
    }


def test_keys_are_those_of_the_pod_and_no_others(readers: Readers) -> None:
    used = {delivery: set[str]() for delivery in DeliveryType}
    for (_, delivery), reader in readers.items():
        used[delivery] |= reader.relay.keys.keys()

    assert used[DeliveryType.CREDENTIAL_PROCESS].isdisjoint(used[DeliveryType.ENDPOINT])
    assert used[DeliveryType.STATIC_FILE].isdisjoint(used[DeliveryType.ENDPOINT])
