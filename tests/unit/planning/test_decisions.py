from datetime import timedelta
from typing import Any

import pytest

from rolebound.errors import Conflict, Error, NamespaceNotAllowed, RoleNotFound, RoleNotReady, SpecInvalid
from rolebound.model.objects import Kind
from rolebound.planning.decisions import Facts, pod_credential, refusal_of, shared_credential
from tests.support.builders import NOON, a_binding, a_pod, a_role


def facts(role: Any = None, labels: dict[str, str] | None = None, rivals: tuple[Any, ...] = ()) -> Facts:
    return Facts(role=role, namespace_labels=labels or {}, rivals=rivals)


def test_pod_of_an_allowed_namespace_gets_the_secret_that_it_claims() -> None:
    credential = pod_credential(a_binding(), a_pod(), facts(a_role()))

    assert str(credential.secret) == "shop/api-1-aws"
    assert credential.owner.kind is Kind.POD
    assert credential.request.session_name == "shop.api.api-1"
    assert str(credential.certificate) == "rolebound-system/client"


def test_shared_secret_is_owned_by_the_binding() -> None:
    credential = shared_credential(a_binding(sessionScope="ServiceAccount"), "api", facts(a_role()))

    assert str(credential.secret) == "shop/rolebound-reader-api"
    assert credential.owner.kind is Kind.BINDING


@pytest.mark.parametrize(
    "allowed",
    [{}, {"names": []}, {"names": ["shop-2"]}, {"selector": {"matchLabels": {"team": "pay"}}}],
    ids=["nothing listed", "empty list", "another name", "label of another team"],
)
def test_namespace_that_is_not_listed_gets_nothing(allowed: dict[str, Any]) -> None:
    with pytest.raises(NamespaceNotAllowed, match="namespace shop"):
        pod_credential(a_binding(), a_pod(), facts(a_role(allowedNamespaces=allowed), {"team": "shop"}))


@pytest.mark.parametrize(
    "selector",
    [
        {},
        {"matchLabels": {"team": "shop"}},
        {"matchExpressions": [{"key": "team", "operator": "In", "values": ["shop", "pay"]}]},
        {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "old", "operator": "DoesNotExist"}]},
        {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["pay"]}]},
    ],
)
def test_namespace_whose_labels_match_is_served(selector: dict[str, Any]) -> None:
    role = a_role(allowedNamespaces={"selector": selector})

    assert pod_credential(a_binding(), a_pod(), facts(role, {"team": "shop"}))


def test_unknown_selector_operator_grants_nothing() -> None:
    role = a_role(allowedNamespaces={"selector": {"matchExpressions": [{"key": "team", "operator": "Near"}]}})

    with pytest.raises(NamespaceNotAllowed):
        pod_credential(a_binding(), a_pod(), facts(role, {"team": "shop"}))


def test_own_role_serves_its_namespace_without_a_list() -> None:
    role = a_role(namespace="shop")

    credential = pod_credential(a_binding(roleRef={"kind": "AWSRole", "name": "readers"}), a_pod(), facts(role))

    assert str(credential.certificate) == "shop/client"


def test_missing_role_is_named() -> None:
    with pytest.raises(RoleNotFound, match="ClusterAWSRole readers does not exist"):
        pod_credential(a_binding(), a_pod(), facts(None))


def test_unreadable_role_is_not_ready() -> None:
    with pytest.raises(RoleNotReady, match="roleARN"):
        pod_credential(a_binding(), a_pod(), facts(SpecInvalid("spec: roleARN")))


@pytest.mark.parametrize("claim", ["../other", "a\nb", "Upper", "x" * 254, "a/b", "-a", "a_b", "a\x00"])
def test_claim_that_is_no_secret_name_is_refused(claim: str) -> None:
    with pytest.raises(SpecInvalid, match="not the name of a Secret"):
        pod_credential(a_binding(), a_pod(claim=claim), facts(a_role()))


def test_pod_without_a_claim_is_told_how_to_make_one() -> None:
    with pytest.raises(SpecInvalid, match=r"rolebound\.dev/secret"):
        pod_credential(a_binding(), a_pod(claim=""), facts(a_role()))


def test_older_binding_wins_the_profile() -> None:
    older = a_binding(name="older", created=NOON - timedelta(days=1))
    newer = a_binding(name="newer")

    assert pod_credential(older, a_pod(), facts(a_role(), rivals=(newer,)))
    with pytest.raises(Conflict, match="AWSRoleBinding older is older"):
        pod_credential(newer, a_pod(), facts(a_role(), rivals=(older,)))


def test_bindings_of_the_same_second_are_ordered_by_name() -> None:
    a, b = a_binding(name="a"), a_binding(name="b")

    assert shared_credential(a, "api", facts(a_role(), rivals=(b,)))
    with pytest.raises(Conflict):
        shared_credential(b, "api", facts(a_role(), rivals=(a,)))


def test_other_profile_is_no_conflict_for_shared_secrets() -> None:
    older = a_binding(name="older", created=NOON - timedelta(days=1), sessionScope="ServiceAccount")
    newer = a_binding(name="newer", sessionScope="ServiceAccount", delivery={"profile": "audit"})

    assert shared_credential(newer, "api", facts(a_role(), rivals=(older,)))


def test_one_claim_cannot_hold_two_bindings() -> None:
    older = a_binding(name="older", created=NOON - timedelta(days=1))
    newer = a_binding(name="newer", delivery={"profile": "audit"})

    with pytest.raises(Conflict, match="fills the one Secret"):
        pod_credential(newer, a_pod(), facts(a_role(), rivals=(older,)))


def test_each_binding_fills_the_secret_that_is_claimed_for_it() -> None:
    older = a_binding(name="older", created=NOON - timedelta(days=1))
    newer = a_binding(name="newer", delivery={"profile": "audit"})
    pod = a_pod(claim="older=one,newer=two")

    assert pod_credential(older, pod, facts(a_role(), rivals=(newer,))).secret.name == "one"
    assert pod_credential(newer, pod, facts(a_role(), rivals=(older,))).secret.name == "two"


def test_two_claims_cannot_name_one_secret() -> None:
    older = a_binding(name="older", created=NOON - timedelta(days=1))
    newer = a_binding(name="newer", delivery={"profile": "audit"})

    with pytest.raises(Conflict, match="fills the one Secret"):
        pod_credential(newer, a_pod(claim="older=one,newer=one"), facts(a_role(), rivals=(older,)))


def test_pod_that_claims_for_other_bindings_alone_is_told_to_be_made_again() -> None:
    with pytest.raises(SpecInvalid, match="made before AWSRoleBinding reader"):
        pod_credential(a_binding(), a_pod(claim="another=one"), facts(a_role()))


def test_pod_that_a_binding_was_left_out_of_is_told_how_to_choose() -> None:
    """To delete it would not help: it has its credentials in another way."""
    pod = a_pod(claim="another=one", annotations={"rolebound.dev/injected": "StaticFile"})

    with pytest.raises(SpecInvalid, match=r"left out, because the pod has StaticFile.*rolebound\.dev/profiles"):
        pod_credential(a_binding(), pod, facts(a_role()))


@pytest.mark.parametrize("claim", ["rolebound-reader-api", "reader=rolebound-other-api"])
def test_pod_cannot_claim_what_a_service_account_shares(claim: str) -> None:
    with pytest.raises(SpecInvalid, match="begins with rolebound-"):
        pod_credential(a_binding(), a_pod(claim=claim), facts(a_role()))


def test_refusal_of_a_served_binding_is_none() -> None:
    assert refusal_of(a_binding(), facts(a_role())) is None


@pytest.mark.parametrize(("role", "reason"), [(None, "RoleNotFound"), (SpecInvalid("x"), "RoleNotReady")])
def test_refusal_has_the_reason_that_users_see(role: Any, reason: str) -> None:
    refusal = refusal_of(a_binding(), facts(role))

    assert isinstance(refusal, Error)
    assert refusal.reason == reason


def test_rotated_certificate_does_not_change_the_fingerprint_but_the_renew_annotation_does() -> None:
    before = pod_credential(a_binding(), a_pod(), facts(a_role()))
    rotated = pod_credential(a_binding(), a_pod(), facts(a_role(certificate={"secretRef": {"name": "new"}})))
    renewed = pod_credential(a_binding(annotations={"rolebound.dev/renew": "1"}), a_pod(), facts(a_role()))

    assert rotated.fingerprint == before.fingerprint
    assert renewed.fingerprint != before.fingerprint
