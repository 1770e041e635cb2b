import pytest

from rolebound.errors import SettingsError
from rolebound.settings import read_settings


def test_defaults() -> None:
    settings = read_settings({"POD_NAMESPACE": "system"})

    assert (settings.namespace, settings.http_port, settings.sessions_per_second) == ("system", 8080, 8.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROLEBOUND_HTTP_PORT", "eighty"),
        ("ROLEBOUND_HTTP_PORT", "70000"),
        ("ROLEBOUND_SESSIONS_PER_SECOND", "-1"),
        ("ROLEBOUND_SESSIONS_PER_SECOND", "nan"),
        ("ROLEBOUND_LOG_FORMAT", "xml"),
        ("ROLEBOUND_LOG_LEVEL", "loud"),
    ],
)
def test_wrong_value_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({"POD_NAMESPACE": "system", name: value})


def test_unknown_namespace_is_said() -> None:
    with pytest.raises(SettingsError, match="POD_NAMESPACE"):
        read_settings({})


WEBHOOK = {"POD_NAMESPACE": "system", "ROLEBOUND_WEBHOOK": "rolebound-webhook", "ROLEBOUND_SIDECAR_IMAGE": "image:1"}


def test_no_webhook_is_served_unasked() -> None:
    assert read_settings({"POD_NAMESPACE": "system"}).webhook == ""


def test_webhook_has_defaults() -> None:
    settings = read_settings(WEBHOOK)

    assert (settings.webhook, settings.webhook_port, settings.webhook_certificate) == ("rolebound-webhook", 9443, "own")
    assert (settings.sidecar_image, settings.sidecar_pull_policy, settings.endpoint_port) == (
        "image:1",
        "IfNotPresent",
        9913,
    )


def test_choices_are_read_in_any_case_and_kept_as_kubernetes_writes_them() -> None:
    assert read_settings(WEBHOOK | {"ROLEBOUND_SIDECAR_PULL_POLICY": "always"}).sidecar_pull_policy == "Always"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROLEBOUND_WEBHOOK_PORT", "70000"),
        ("ROLEBOUND_WEBHOOK_CERTIFICATE", "theirs"),
        ("ROLEBOUND_SIDECAR_IMAGE", ""),
        ("ROLEBOUND_SIDECAR_PULL_POLICY", "sometimes"),
        ("ROLEBOUND_ENDPOINT_PORT", "0"),
    ],
)
def test_wrong_setting_of_the_webhook_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings(WEBHOOK | {name: value})
