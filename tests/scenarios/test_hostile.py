"""Somebody who may create pods in one namespace tries to get what RBAC and the bindings do not give."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from testbed.operator import Operator
from tests.support.aws import Aws, Setup
from tests.support.kubernetes import Sandbox, asking_pod

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]


@pytest.fixture
def setup(aws: Aws, sandbox: Sandbox) -> Setup:
    """A role that the namespace may use, bound to the ServiceAccount `api`."""
    made = aws.setup()
    sandbox.certificate(made.name, made.issue())
    sandbox.binding(sandbox.cluster_role(made))
    sandbox.wait_reason("awsrolebinding", "reader", "Issued")
    return made


def test_account_of_the_same_name_in_another_namespace_gets_nothing(setup: Setup, sandbox: Sandbox) -> None:
    theirs = Sandbox.make(sandbox.cluster)

    theirs.pod("api-1")

    theirs.wait_event("api-1", "NotBound")
    assert not theirs.get("secret", "api-1-aws")
    assert setup.calls() == []


def test_other_account_cannot_claim_the_shared_secret_of_a_bound_one(setup: Setup, sandbox: Sandbox) -> None:
    """Had it come first, the bound account's pods would have mounted the other's session."""
    sandbox.cluster.kubectl("create", "serviceaccount", "thief", "-n", sandbox.namespace)
    sandbox.binding(setup.name, "theirs", subjects=[{"kind": "ServiceAccount", "name": "thief"}])
    sandbox.pod("thief-1", claim="rolebound-shared-api", serviceAccountName="thief")
    sandbox.wait_event("thief-1", "SpecInvalid")

    sandbox.binding(setup.name, "shared", sessionScope="ServiceAccount", delivery={"profile": "shared"})

    secret = sandbox.eventually("the Secret", lambda: sandbox.get("secret", "rolebound-shared-api"))
    assert secret["metadata"]["ownerReferences"][0]["kind"] == "AWSRoleBinding"
    assert secret["metadata"]["annotations"]["rolebound.dev/service-account"] == "api"


def test_label_that_comes_later_gives_what_the_account_has_and_no_more(setup: Setup, sandbox: Sandbox) -> None:
    for name, account in (("late", "api"), ("stranger", "default")):
        sandbox.pod(name, labels={}, serviceAccountName=account)
        sandbox.cluster.kubectl("label", "pod", name, "-n", sandbox.namespace, "rolebound.dev/inject=true")

    assert sandbox.eventually("credentials", lambda: sandbox.keys("late-aws"))
    sandbox.wait_event("stranger", "NotBound")
    assert not sandbox.get("secret", "stranger-aws")
    assert setup.issued() == 1


def test_account_of_a_pod_cannot_be_changed_to_a_bound_one(setup: Setup, sandbox: Sandbox) -> None:
    sandbox.pod("stranger", serviceAccountName="default")
    sandbox.wait_event("stranger", "NotBound")

    change = json.dumps({"spec": {"serviceAccountName": "api"}})
    patch = ["patch", "pod", "stranger", "-n", sandbox.namespace, "-p", change]
    assert sandbox.cluster.kubectl(*patch, check=False).returncode != 0
    assert setup.calls() == []


def test_mirror_pod_cannot_name_an_account(setup: Setup, sandbox: Sandbox) -> None:
    pod = asking_pod(sandbox.namespace, "mirror", "mirror-aws", annotations={"kubernetes.io/config.mirror": "x"})

    done = sandbox.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(pod), check=False)

    assert done.returncode != 0
    assert "mirror" in done.stderr
    assert setup.calls() == []


HOSTILE: dict[str, Callable[[int], dict[str, str]]] = {
    "paths": lambda number: {"rolebound.dev/secret": f"../../kube-system/steal-{number}"},
    "lines": lambda number: {"rolebound.dev/secret": f"x-{number}\n[default]\ncredential_process = id"},
    "huge": lambda number: {"rolebound.dev/secret": f"{number}" + "x" * 20_000},
    "other binding": lambda number: {"rolebound.dev/secret": f"nobodys-{number}=mine"},
    "many claims": lambda number: {"rolebound.dev/secret": ",".join(f"b{each}=s{number}" for each in range(500))},
    "shared name": lambda number: {"rolebound.dev/secret": f"rolebound-reader-{number}"},
    "profiles": lambda number: {"rolebound.dev/secret": f"reader=Ä{number}", "rolebound.dev/profiles": "default"},
    "empty": lambda number: {"rolebound.dev/secret": "=" * (1 + number % 5)},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_bad_claim_is_refused_where_its_author_looks(setup: Setup, sandbox: Sandbox, kind: str) -> None:
    sandbox.pod("bad", annotations=HOSTILE[kind](1))

    message = sandbox.wait_event("bad", "SpecInvalid")

    assert len(message) < 600
    assert "\n" not in message
    assert sandbox.get("secret", "bad-aws") == {}
    assert setup.calls() == []


def _pods(sandbox: Sandbox, count: int) -> dict[str, Any]:
    kinds = list(HOSTILE.values())
    items = [
        asking_pod(sandbox.namespace, f"bad-{number}", "", annotations=kinds[number % len(kinds)](number))
        for number in range(count)
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def test_two_thousand_bad_pods_at_once_hurt_nobody(operator: Operator, setup: Setup, sandbox: Sandbox) -> None:
    bad = Sandbox.make(sandbox.cluster)
    bad.binding(setup.name)
    sandbox.cluster_role(setup, allowedNamespaces={"names": [sandbox.namespace, bad.namespace]})

    create = ["create", "-f", "-"]
    done = sandbox.cluster.kubectl(*create, stdin=json.dumps(_pods(bad, 2000)), timeout=240)
    assert done.stdout.count("created") == 2000

    sandbox.pod("api-1")
    assert sandbox.eventually("a good pod is served meanwhile", lambda: sandbox.keys("api-1-aws"), seconds=30)
    assert operator.is_running()
    told = bad.eventually("every refusal is to be seen", lambda: _told(bad) >= 2000 and _told(bad), seconds=180)
    assert told == 2000
    assert setup.issued() == 1
    bad.cluster.kubectl("delete", "namespace", bad.namespace, "--wait=false")


def _told(sandbox: Sandbox) -> int:
    """How many pods have an Event that says what is wrong with them."""
    where = ["-n", sandbox.namespace, "--field-selector=reason=SpecInvalid"]
    listed = sandbox.cluster.kubectl("get", "events", *where, "-o", "jsonpath={.items[*].involvedObject.name}").stdout
    return len({name for name in listed.split() if name.startswith("bad-")})
