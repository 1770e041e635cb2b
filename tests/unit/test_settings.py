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
