"""Who gets nothing, and where the person who must act reads why."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.aws import Aws, Setup
from tests.support.kubernetes import Sandbox
from tests.support.pki import CA, Issued

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]
NOW = datetime.now(UTC)  # noqa: TID251 - certificates are judged by the real clock


def bound(sandbox: Sandbox, setup: Setup, issued: Issued | None = None, **role: Any) -> None:
    """A role with its certificate, a binding, and a pod that asks."""
    sandbox.certificate(setup.name, issued or setup.issue())
    sandbox.binding(sandbox.cluster_role(setup, **role))
    sandbox.pod("api-1")


def test_namespace_that_is_not_listed_gets_nothing(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    bound(sandbox, setup, allowedNamespaces={"names": ["somewhere-else"]})

    sandbox.wait_reason("awsrolebinding", "reader", "NamespaceNotAllowed")

    assert "allowedNamespaces" in sandbox.wait_event("api-1", "NamespaceNotAllowed")
    assert setup.calls() == []
    assert sandbox.secret("api-1-aws") == {}


def test_label_admits_a_namespace_and_its_removal_withdraws(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    bound(sandbox, setup, allowedNamespaces={"selector": {"matchLabels": {"team": sandbox.namespace}}})
    sandbox.wait_reason("awsrolebinding", "reader", "NamespaceNotAllowed")

    sandbox.cluster.kubectl("label", "namespace", sandbox.namespace, f"team={sandbox.namespace}")
    sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    sandbox.cluster.kubectl("label", "namespace", sandbox.namespace, "team-")
    sandbox.eventually("the Secret is gone", lambda: not sandbox.get("secret", "api-1-aws"))
    sandbox.wait_reason("awsrolebinding", "reader", "NamespaceNotAllowed")


def test_permission_that_is_withdrawn_takes_the_secret_at_once(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    bound(sandbox, setup)
    sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    sandbox.cluster_role(setup, allowedNamespaces={"names": ["somewhere-else"]})

    sandbox.eventually("the Secret is gone", lambda: not sandbox.get("secret", "api-1-aws"), seconds=5)


@pytest.mark.parametrize("what", ["awsrolebinding", "clusterawsrole", "pod"])
def test_what_goes_away_takes_the_secret_along(aws: Aws, sandbox: Sandbox, what: str) -> None:
    setup = aws.setup()
    bound(sandbox, setup)
    sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))
    name = {"awsrolebinding": "reader", "clusterawsrole": setup.name, "pod": "api-1"}[what]

    sandbox.delete(what, name)

    sandbox.eventually("the Secret is gone", lambda: not sandbox.get("secret", "api-1-aws"), seconds=10)


def test_pod_that_drops_the_label_loses_its_secret(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    bound(sandbox, setup)
    sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))

    sandbox.cluster.kubectl("label", "pod", "api-1", "-n", sandbox.namespace, "rolebound.dev/inject-")

    sandbox.eventually("the Secret is gone", lambda: not sandbox.get("secret", "api-1-aws"), seconds=10)


def test_unbound_pod_is_told_so(sandbox: Sandbox) -> None:
    sandbox.pod("stranger", serviceAccountName="default")

    assert "ServiceAccount default" in sandbox.wait_event("stranger", "NotBound")


def test_missing_role_is_named_and_served_when_it_comes(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.binding(setup.name)
    sandbox.pod("api-1")
    sandbox.wait_reason("awsrolebinding", "reader", "RoleNotFound")

    sandbox.certificate(setup.name, setup.issue())
    sandbox.cluster_role(setup)

    assert sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))


def test_second_binding_for_the_same_profile_conflicts(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    role = sandbox.cluster_role(setup)
    sandbox.binding(role, "a-first")
    sandbox.wait_reason("awsrolebinding", "a-first", "Issued")
    sandbox.binding(role, "b-second")

    assert "a-first is older" in sandbox.wait_reason("awsrolebinding", "b-second", "Conflict")["message"]

    sandbox.delete("awsrolebinding", "a-first")
    sandbox.wait_reason("awsrolebinding", "b-second", "Issued")


@pytest.mark.parametrize("secret_type", ["Opaque", "rolebound.dev/credentials"])
def test_foreign_secret_is_never_touched(aws: Aws, sandbox: Sandbox, secret_type: str) -> None:
    setup = aws.setup()
    foreign = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": secret_type,
        "metadata": {"name": "api-1-aws", "namespace": sandbox.namespace},
        "data": {"credentials": base64.b64encode(b"mine").decode()},
    }
    sandbox.apply(foreign)
    before = sandbox.get("secret", "api-1-aws")
    bound(sandbox, setup)

    assert "left alone" in sandbox.wait_event("api-1", "Conflict")
    sandbox.wait_reason("awsrolebinding", "reader", "Conflict")
    assert sandbox.get("secret", "api-1-aws") == before
    assert setup.calls() == []  # no session is spent on a name that is taken


def test_secret_of_another_pod_is_refused_until_that_pod_goes(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    bound(sandbox, setup)
    first = sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"))
    sandbox.pod("thief", claim="api-1-aws")
    sandbox.wait_event("thief", "Conflict")
    assert sandbox.keys("api-1-aws") == first

    sandbox.delete("pod", "api-1")

    def new_owner() -> bool:
        owners = sandbox.get("secret", "api-1-aws").get("metadata", {}).get("ownerReferences", [])
        return bool(owners) and owners[0]["name"] == "thief"

    sandbox.eventually("the waiting pod has it", new_owner, seconds=10)


def test_claim_that_is_no_name_is_refused(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1", annotations={"rolebound.dev/secret": "../kube-system/steal"})

    assert "not the name of a Secret" in sandbox.wait_event("api-1", "SpecInvalid")


CERTIFICATES: dict[str, Callable[[Setup], Issued]] = {
    "KeyMismatch": lambda setup: Issued(setup.issue().certificate, setup.issue().key),
    "CertificateExpired": lambda setup: setup.issue(
        not_before=NOW - timedelta(days=9), not_after=NOW - timedelta(minutes=1)
    ),
    "CertificateNotYetValid": lambda setup: setup.issue(not_before=NOW + timedelta(hours=1)),
    "CertificateUnsuitable": lambda setup: setup.issue(digital_signature=False),
}


@pytest.mark.parametrize("reason", CERTIFICATES)
def test_unusable_certificate_is_found_before_any_call(aws: Aws, sandbox: Sandbox, reason: str) -> None:
    setup = aws.setup()
    bound(sandbox, setup, CERTIFICATES[reason](setup))

    sandbox.wait_reason("clusterawsrole", setup.name, reason)
    told = sandbox.wait_reason("awsrolebinding", "reader", "RoleNotReady")
    assert reason in told["message"]
    assert setup.calls() == []

    sandbox.certificate(setup.name, setup.issue())
    assert sandbox.eventually("credentials once it is mended", lambda: sandbox.keys("api-1-aws"), seconds=10)
    sandbox.wait_reason("clusterawsrole", setup.name, "CertificateVerified")


def test_certificate_is_used_as_soon_as_it_is_valid(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    soon = datetime.now(UTC) + timedelta(seconds=6)  # noqa: TID251 - as above
    bound(sandbox, setup, setup.issue(not_before=soon))
    sandbox.wait_reason("clusterawsrole", setup.name, "CertificateNotYetValid")

    assert sandbox.eventually("credentials once it is valid", lambda: sandbox.keys("api-1-aws"), seconds=15)
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")


def test_missing_certificate_is_used_as_soon_as_it_is_there(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    sandbox.binding(sandbox.cluster_role(setup))
    sandbox.pod("api-1")
    sandbox.wait_reason("clusterawsrole", setup.name, "CertificateMissing")

    sandbox.certificate(setup.name, setup.issue())

    assert sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"), seconds=10)


def test_certificate_of_another_ca_is_explained(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    bound(sandbox, setup, CA.root("not ours").issue())

    told = sandbox.wait_reason("awsrolebinding", "reader", "SessionDenied")

    assert "Untrusted signing certificate" in told["message"]
    assert "use the trust anchor that holds the CA which issued the certificate" in told["message"]
    sandbox.wait_reason("clusterawsrole", setup.name, "SessionDenied", "Assumable")
    sandbox.wait_event("api-1", "SessionDenied")


def test_disabled_profile_is_denied_and_recovers(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup()
    aws.client("rolesanywhere").disable_profile(profileId=setup.profile_id)
    bound(sandbox, setup)
    sandbox.wait_reason("awsrolebinding", "reader", "SessionDenied")

    aws.client("rolesanywhere").enable_profile(profileId=setup.profile_id)
    sandbox.binding(setup.name, annotations={"rolebound.dev/renew": "now"})  # sooner than the slow retry

    assert sandbox.eventually("credentials", lambda: sandbox.keys("api-1-aws"), seconds=10)


def test_role_that_the_profile_does_not_list_is_denied(aws: Aws, sandbox: Sandbox) -> None:
    setup = aws.setup(in_profile=False)
    bound(sandbox, setup)

    assert (
        "checked here and good" in sandbox.wait_reason("awsrolebinding", "reader", "SessionDenied")["message"].lower()
    )
