"""The loopback server of `serve`: where it listens, how far its answers go, and its token file."""

import socket
import stat
from pathlib import Path

import pytest

from rolebound.errors import SettingsError
from rolebound.local.serving import loopback, token_in


def test_answers_have_the_hop_limit_and_only_loopback_is_listened_on() -> None:
    with loopback(0, 1) as listener, socket.create_connection(listener.getsockname()):
        listener.settimeout(5)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 1
        assert listener.getsockname()[0] == "127.0.0.1"


def test_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be listened on: Address already in use"):
            loopback(port, 64)


def test_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"

    first = token_in(path)

    assert token_in(path) == first
    assert len(first) > 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "token\n", " token"])
def test_token_that_sdks_could_not_send_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "token"
    path.write_text(content)

    with pytest.raises(SettingsError, match="must hold a token and nothing else"):
        token_in(path)


def test_token_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be made: No such file or directory"):
        token_in(tmp_path / "no" / "token")
