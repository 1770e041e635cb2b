"""The relay notes the access key of each request and changes nothing."""

import gc
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from matrix.relay import Relay, Relays
from testbed.processes import wait_until
from tests.support.pki import CA

HEAD = (
    b"GET / HTTP/1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential=ASIA%s/20261124/eu-central-1/s3/aws4_request\r\n\r\n"
)


def noted(*chunks: bytes) -> dict[str, int]:
    relay, kept = Relay(""), b""
    for chunk in chunks:
        kept = relay.note(kept, chunk)
    return relay.keys


def test_each_request_counts_for_its_key() -> None:
    old, new = HEAD % b"OLDOLDOLDOLDOLD0", HEAD % b"NEWNEWNEWNEWNEW0"

    assert noted(old, old + new) == {"ASIAOLDOLDOLDOLDOLD0": 2, "ASIANEWNEWNEWNEWNEW0": 1}


def test_key_is_found_wherever_a_read_ends() -> None:
    request = HEAD % b"OLDOLDOLDOLDOLD0"

    for end in range(1, len(request)):
        assert noted(request[:end], request[end:]) == {"ASIAOLDOLDOLDOLDOLD0": 1}


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A TLS server that takes connections and says nothing, not even goodbye; its URL and its CA."""
    ca = CA.root()
    issued = ca.issue(dns="localhost")
    files = {"ca.pem": ca.pem, "tls.crt": issued.certificate_pem, "tls.key": issued.key_pem}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    taken: list[ssl.SSLSocket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        secure = context.wrap_socket(listener, server_side=True)
        Thread(target=lambda: taken.append(secure.accept()[0]), daemon=True).start()
        yield f"https://localhost:{secure.getsockname()[1]}", tmp_path / "ca.pem"
        for each in (*taken, secure):
            each.close()


@pytest.mark.parametrize("client_ends_first", [True, False])
def test_end_leaves_no_connection_open(silent: tuple[str, Path], *, client_ends_first: bool) -> None:
    """One that stays open is told by the interpreter in the middle of some later test, and fails that."""
    url, ca_file = silent
    with Relays("127.0.0.1", url, ca_file) as relays:
        relay = relays.add()
        client = socket.create_connection(("127.0.0.1", int(relay.url.rpartition(":")[2])))
        client.sendall(HEAD % b"OLDOLDOLDOLDOLD0")
        wait_until("the request at the relay", lambda: bool(relay.keys), 10)
        if client_ends_first:
            client.close()
            time.sleep(0.1)  # the relay is ending its own half by then
    client.close()

    gc.collect()  # what was left open warns now, which is an error of this test
