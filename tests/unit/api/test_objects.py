from datetime import timedelta
from typing import Any

import pytest

from rolebound.api.objects import parse_binding, parse_pod, parse_role, parse_stored_credential
from rolebound.errors import SpecInvalid
from rolebound.model.objects import DeliveryType, SessionScope
from tests.support.builders import ANCHOR, binding_body, pod_body, role_body


def test_defaults_are_those_of_the_crd() -> None:
    role, binding = parse_role(role_body(), "system"), parse_binding(binding_body())

    assert role.duration == timedelta(hours=1)
    assert role.session_name == "{namespace}.{serviceAccount}.{pod}"
    assert role.endpoint.region == "eu-central-1"
    assert (binding.scope, binding.delivery, binding.profile) == (
        SessionScope.POD,
        DeliveryType.CREDENTIAL_PROCESS,
        "default",
    )


def test_role_without_a_list_allows_nobody() -> None:
    role = parse_role(role_body(allowedNamespaces=None), "system")

    assert role.allowed is not None
    assert not role.allowed.allows("shop", {})


@pytest.mark.parametrize(
    "spec",
    [
        {"roleARN": "nonsense"},
        {"roleARN": ANCHOR},
        {"trustAnchorARN": None},
        {"certificate": {}},
        {"certificate": "name"},
        {"sessionDurationSeconds": "an hour"},
        {"allowedNamespaces": {"selector": {"matchExpressions": [{}]}}},
    ],
)
def test_role_older_than_its_schema_is_spec_invalid(spec: dict[str, Any]) -> None:
    with pytest.raises(SpecInvalid, match="spec"):
        parse_role(role_body(**spec), "system")


@pytest.mark.parametrize(
    "changes",
    [{"roleRef": {"kind": "Role", "name": "x"}}, {"subjects": [{}]}, {"sessionScope": "Node"}, {"delivery": "file"}],
)
def test_binding_older_than_its_schema_is_spec_invalid(changes: dict[str, Any]) -> None:
    with pytest.raises(SpecInvalid):
        parse_binding(binding_body(**changes))


def test_pod_without_an_account_runs_as_default() -> None:
    assert parse_pod(pod_body(service_account="")).service_account == "default"


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_finished_pod_is_finished(phase: str) -> None:
    assert parse_pod(pod_body(phase=phase)).finished


def test_secret_without_our_label_or_with_broken_annotations_is_not_ours() -> None:
    metadata: dict[str, Any] = {
        "name": "a",
        "namespace": "shop",
        "uid": "u",
        "labels": {"app.kubernetes.io/managed-by": "rolebound"},
        "ownerReferences": [{"uid": "p"}],
        "annotations": {
            "rolebound.dev/issued-for": "f",
            "rolebound.dev/issued-at": "2026-11-23T12:00:00Z",
            "rolebound.dev/expires-at": "2026-11-23T13:00:00Z",
        },
    }

    def parsed(**changes: Any) -> object:
        return parse_stored_credential({"metadata": metadata | changes})

    assert parsed() is not None
    assert parsed(labels={}) is None
    assert parsed(ownerReferences=[]) is None
    assert parsed(annotations=None) is None
    assert parsed(annotations=metadata["annotations"] | {"rolebound.dev/expires-at": "soon"}) is None
