"""Outages, rotations and restarts: nothing good is lost, nothing else breaks, and the reason is to be seen."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from testbed.operator import Operator
from tests.support.aws import Aws, Setup
from tests.support.kubernetes import Sandbox

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]

FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "429": ("Throttled", {"kind": "status", "status": 429}),
    "500": ("AWSUnavailable", {"kind": "status", "status": 500}),
    "garbage": ("AWSUnavailable", {"kind": "garbage", "status": 200}),
    "dropped connection": ("AWSUnavailable", {"kind": "close"}),
    "30 seconds of silence": ("AWSUnavailable", {"kind": "hang", "seconds": 30}),
}


def bound(sandbox: Sandbox, setup: Setup) -> dict[str, str]:
    """A served pod; returns its keys."""
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")
    keys: dict[str, str] = sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))
    return keys


def renew(sandbox: Sandbox) -> None:
    """Ask for a renewal now, as a user does."""
    what = ["awsrolebinding", "reader", "-n", sandbox.namespace]
    sandbox.cluster.kubectl("annotate", "--overwrite", *what, f"rolebound.dev/renew={time.monotonic_ns()}")


def new_keys(sandbox: Sandbox, old: dict[str, str]) -> Callable[[], dict[str, str]]:
    """What the Secret holds once it is not `old` any more."""

    def changed() -> dict[str, str]:
        keys = sandbox.keys("api-1-aws")
        return keys if keys and keys["AccessKeyId"] != old["AccessKeyId"] else {}

    return changed


@pytest.mark.parametrize("fault", FAULTS)
def test_failed_renewal_keeps_the_last_good_credentials(aws: Aws, sandbox: Sandbox, fault: str) -> None:
    reason, options = FAULTS[fault]
    setup, bystander = aws.setup(), aws.setup()
    old = bound(sandbox, setup)
    setup.inject(**options)
    renew(sandbox)

    told = sandbox.wait_reason("awsrolebinding", "reader", reason, "Renewed")

    assert "last good credentials hold until" in told["message"]
    assert sandbox.condition("awsrolebinding", "reader")["status"] == "True"
    assert sandbox.keys("api-1-aws") == old
    assert aws.client_as("sts", old).get_caller_identity()
    sandbox.wait_event("api-1", reason)
    other = Sandbox.make(sandbox.cluster)
    assert bound(other, bystander)  # another role's pods are served meanwhile

    setup.heal()
    assert sandbox.eventually("renewed", new_keys(sandbox, old), seconds=40)
    sandbox.wait_reason("awsrolebinding", "reader", "Refreshed", "Renewed")


def test_waiting_pod_is_served_after_the_outage(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    setup.inject("status", status=503)
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")
    sandbox.wait_reason("awsrolebinding", "reader", "AWSUnavailable")

    setup.heal()

    assert sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")


def test_rotated_certificate_is_used_from_the_next_renewal_on(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    old = bound(sandbox, setup)
    rotated = setup.issue()
    sandbox.certificate(setup.name, rotated)
    time.sleep(1)
    assert setup.issued() == 1  # a rotation alone renews nothing

    renew(sandbox)
    sandbox.eventually("renewed", new_keys(sandbox, old))

    assert setup.calls()[-1].serial == str(rotated.certificate.serial_number)


def test_broken_rotation_keeps_credentials_and_is_seen(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    old = bound(sandbox, setup)
    pair = setup.issue()
    sandbox.certificate(setup.name, type(pair)(pair.certificate, setup.issue().key))

    sandbox.wait_reason("clusterawsrole", setup.name, "KeyMismatch")
    renew(sandbox)
    sandbox.wait_reason("awsrolebinding", "reader", "RoleNotReady", "Renewed")
    assert sandbox.keys("api-1-aws") == old

    sandbox.certificate(setup.name, setup.issue())
    assert sandbox.eventually("renewed", new_keys(sandbox, old))


def test_restart_forgets_nothing_about_the_role(operator: Operator, aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    bound(sandbox, setup)
    sandbox.wait_reason("clusterawsrole", setup.name, "Issued", "Assumable")

    assert operator.stop() == 0
    operator.start()
    time.sleep(2)  # several times what a changed status waits before it is written

    assert sandbox.condition("clusterawsrole", setup.name, "Assumable")["reason"] == "Issued"


def test_restart_in_an_outage_does_not_call_the_renewal_a_success(
    operator: Operator, aws: Aws, sandbox: Sandbox
) -> None:
    setup = aws.setup()
    bound(sandbox, setup)
    setup.inject("status", status=503)
    renew(sandbox)
    sandbox.wait_reason("awsrolebinding", "reader", "AWSUnavailable", "Renewed")
    setup.heal()
    setup.inject("hang", seconds=30)  # the next attempt takes the operator ten seconds

    operator.stop()
    operator.start()
    time.sleep(2)  # several times what a changed status waits before it is written

    assert sandbox.condition("awsrolebinding", "reader", "Renewed")["reason"] == "AWSUnavailable"


def test_restart_asks_aws_for_nothing(operator: Operator, aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    old = bound(sandbox, setup)
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    before = sandbox.get("awsrolebinding", "reader")

    assert operator.stop() == 0
    operator.start()
    sandbox.pod("api-2")
    sandbox.eventually("a new pod is served", lambda: sandbox.keys("api-2-aws"))

    assert setup.issued() == 2  # one for each pod, and none for the restart
    assert sandbox.keys("api-1-aws") == old
    assert sandbox.get("awsrolebinding", "reader")["status"]["conditions"] == before["status"]["conditions"]


def test_what_changed_while_the_operator_was_down_is_made_up_for(
    operator: Operator, aws: Aws, sandbox: Sandbox
) -> None:
    setup = aws.setup()
    bound(sandbox, setup)
    sandbox.pod("api-2")
    sandbox.eventually("credentials", lambda: sandbox.keys("api-2-aws"))
    operator.kill()
    sandbox.delete("awsrolebinding", "reader")
    sandbox.pod("api-3")

    operator.start()

    sandbox.eventually("Secrets of the binding are gone", lambda: not sandbox.get("secret", "api-1-aws"))
    sandbox.wait_event("api-3", "NotBound")


def test_kill_between_session_and_write_leaves_nothing_behind(operator: Operator, aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    old = bound(sandbox, setup)
    setup.inject("delay", seconds=2)
    renew(sandbox)
    sandbox.eventually("the call is under way", lambda: "renew" and _asked(operator, 2), seconds=10)
    operator.kill()
    setup.heal()
    assert sandbox.keys("api-1-aws") == old

    operator.start()

    assert sandbox.eventually("renewed", new_keys(sandbox, old))
    names = sandbox.cluster.kubectl("get", "secrets", "-n", sandbox.namespace, "-o", "name").stdout.split()
    assert names == ["secret/api-1-aws"]


def _asked(operator: Operator, _: int) -> bool:
    """Whether the operator has had the time to begin the call."""
    time.sleep(1)
    return operator.is_running()


def test_graceful_stop_writes_what_aws_already_gave(operator: Operator, aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    old = bound(sandbox, setup)
    setup.inject("delay", seconds=8)  # longer than kopf would wait for it
    renew(sandbox)
    time.sleep(1)

    assert operator.stop() == 0

    assert new_keys(sandbox, old)()
    assert setup.issued() == 2
    operator.start()


def test_api_server_restart_loses_nothing(operator: Operator, aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    old = bound(sandbox, setup)
    sandbox.cluster.kill_api_server()
    time.sleep(3)
    sandbox.cluster.start_api_server()

    sandbox.pod("api-2")
    sandbox.eventually("a new pod is served", lambda: sandbox.keys("api-2-aws"), seconds=60)

    assert operator.is_running()
    assert sandbox.keys("api-1-aws") == old
    assert setup.issued() == 2


def test_secret_deleted_by_hand_comes_back_at_once(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    old = bound(sandbox, setup)

    sandbox.delete("secret", "api-1-aws")

    assert sandbox.eventually("back", new_keys(sandbox, old), seconds=15)
    assert setup.issued() == 2


def test_shared_secret_deleted_by_hand_comes_back_at_once(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup), sessionScope="ServiceAccount")
    old = sandbox.eventually("credentials", lambda: sandbox.keys("rolebound-reader-api"))

    sandbox.delete("secret", "rolebound-reader-api")

    sandbox.eventually("back", lambda: sandbox.keys("rolebound-reader-api") not in ({}, old), seconds=15)


def test_secret_deleted_thirty_times_costs_one_session_more_and_delays_nobody(aws: Aws, sandbox: Sandbox) -> None:
    setup, bystander, other = aws.setup(), aws.setup(), Sandbox.make(sandbox.cluster)
    bound(sandbox, setup)

    for number in range(30):
        sandbox.delete("secret", "api-1-aws")
        sandbox.eventually("back", lambda: sandbox.get("secret", "api-1-aws"), seconds=5)
        if number == 15:
            assert bound(other, bystander)

    assert setup.issued() == 2
    assert aws.client_as("sts", sandbox.keys("api-1-aws")).get_caller_identity()


def test_credentials_renew_by_themselves(short_lived_aws: Aws, sandbox: Sandbox) -> None:
    """AWS grants 10 s here instead of an hour, so two lifetimes pass in 22 s."""
    aws, setup = short_lived_aws, short_lived_aws.setup()
    seen = {bound(sandbox, setup)["AccessKeyId"]}

    deadline = time.monotonic() + 22
    while time.monotonic() < deadline:
        keys = sandbox.keys("api-1-aws")
        assert aws.client_as("sts", keys).get_caller_identity()  # never an expired one
        seen.add(keys["AccessKeyId"])
        time.sleep(0.5)

    assert 4 <= len(seen) <= 6


def test_two_operators_at_once_do_not_take_each_others_secrets_for_foreign(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    pods = [f"api-{number}" for number in range(6)]
    assert aws.emulator.ca_file is not None
    # By the same name, so that both lead: what a Lease prevents must do no harm where it happens.
    second = Operator(sandbox.cluster, aws.emulator.ca_file).start()
    try:
        for pod in pods:
            sandbox.pod(pod)
        for pod in pods:
            sandbox.eventually(f"credentials of {pod}", partial(sandbox.keys, f"{pod}-aws"))
        sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    finally:
        second.stop()

    assert not [each for pod in pods for each in sandbox.events(pod) if each[0] == "Conflict"]
