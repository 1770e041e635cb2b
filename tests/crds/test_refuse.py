"""Objects that the API server refuses: each for one reason, in a sentence that its author understands."""

import json
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from testbed.cluster import Cluster
from tests.crds.objects import KINDS, Wrong, changed, minimal, nodes, refusal, schema
from tests.crds.wrong_bindings import WRONG_BINDINGS
from tests.crds.wrong_roles import ARNS, WRONG_ALLOWANCES, WRONG_ROLES
from tests.support.kubernetes import Sandbox

pytestmark = pytest.mark.controlplane

WRONG = {
    "ClusterAWSRole": WRONG_ROLES + WRONG_ALLOWANCES,
    "AWSRole": WRONG_ROLES,
    "AWSRoleBinding": WRONG_BINDINGS,
}
CASES = [pytest.param(kind, wrong, id=f"{kind}: {wrong}") for kind in KINDS for wrong in WRONG[kind]]


Refusals = Callable[[str, Wrong], str]


@pytest.fixture(scope="module")
def refusals(cluster: Cluster) -> Refusals:
    """What is said of a wrong object, asked once."""
    return cache(lambda kind, wrong: refusal(cluster, changed(minimal(kind), wrong.path, wrong.value)))


@pytest.mark.parametrize(("kind", "wrong"), CASES)
def test_wrong_object_is_refused_with_its_sentence(refusals: Refusals, kind: str, wrong: Wrong) -> None:
    said = refusals(kind, wrong)

    assert wrong.is_told(said), said


@pytest.mark.parametrize("wrong", [each for each in ARNS if "must look like" in each.sentence], ids=str)
def test_malformed_arn_is_told_of_once_and_in_words(refusals: Refusals, wrong: Wrong) -> None:
    said = refusals("ClusterAWSRole", wrong)

    assert said.count("Invalid value") == 1, said


@pytest.mark.parametrize("field", ["kind", "name"])
def test_role_ref_cannot_be_changed(sandbox: Sandbox, field: str) -> None:
    sandbox.binding("readers")
    patch = json.dumps({"spec": {"roleRef": {field: "AWSRole" if field == "kind" else "writers"}}})
    command = ["patch", "awsrolebinding", "reader", "-n", sandbox.namespace, "--type=merge", "-p", patch]

    done = sandbox.cluster.kubectl(*command, check=False)

    assert done.returncode != 0
    assert "roleRef cannot be changed, as in RBAC; delete this AWSRoleBinding and create another one" in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_object_without_spec_is_refused(cluster: Cluster, kind: str) -> None:
    body = minimal(kind)
    del body["spec"]

    assert "spec: Required value" in refusal(cluster, body)


@pytest.mark.parametrize("kind", KINDS)
def test_misspelt_field_is_refused(cluster: Cluster, kind: str) -> None:
    assert 'unknown field "spec.rolARN"' in refusal(cluster, minimal(kind, rolARN="x"))


def test_own_role_takes_no_allowed_namespaces(cluster: Cluster) -> None:
    assert 'unknown field "spec.allowedNamespaces"' in refusal(cluster, minimal("AWSRole", allowedNamespaces={}))


BOUNDS = {
    "minLength": "at least {bound} chars long",
    "maxLength": "Too long: may not be more than {bound}",
    "minItems": "should have at least {bound} items",
    "maxItems": "Too many: {more}: must have at most {bound}",
    "maxProperties": "Too many: {more}: must have at most {bound}",
    "minimum": "should be greater than or equal to {bound}",
    "maximum": "should be less than or equal to {bound}",
    "pattern": "should match '{bound}'",
}
# A subject's kind is filled in where it is missing; roleRef's rule is about changes, which have a test of their own.
UNREACHABLE = ("spec.subjects[0].kind: Required value", "spec.roleRef: …roleRef cannot be changed")


def constraints(kind: str) -> Iterator[Wrong]:
    """Each thing that a kind's schema asks of the spec, with the sentence of who does not keep to it."""
    for found, node in nodes(schema(kind)["properties"]["spec"], "spec"):
        path = found.replace("[]", "[0]").replace(".*", ".l")
        told = [f".{name}: Required value" for name in node.get("required", ())]
        told += [": Unsupported value: "] * ("enum" in node)
        for keyword in BOUNDS.keys() & node.keys():
            bound = node[keyword]
            more = bound + 1 if isinstance(bound, int) else ""
            told.append(": …" + BOUNDS[keyword].format(bound=bound, more=more))
        told += ["[1]: Duplicate value"] * (node.get("x-kubernetes-list-type") in {"set", "map"})
        told += [f": …{rule['message']}" for rule in node.get("x-kubernetes-validations", ())]
        for each in told:
            if not f"{path}{each}".startswith(UNREACHABLE):
                yield Wrong(f"{path}{each}", path, None, f"{path}{each}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_constraint_of_the_schema_is_broken_by_a_case(refusals: Refusals, kind: str) -> None:
    said = [refusals(kind, wrong) for wrong in WRONG[kind]]

    untried = [str(each) for each in constraints(kind) if not any(map(each.is_told, said))]
    assert untried == []
