import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from threading import Thread

import pytest

from rolebound.endpoint.protocol import Request, Response
from rolebound.endpoint.server import MOST_CONNECTIONS, Server, listen

GET = b"GET /%b HTTP/1.1\r\nHost: localhost\r\n\r\n"
CLOSE = b"GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def echo(request: Request) -> Response:
    if request.path == "/defect":
        raise RuntimeError("with a secret in it")
    return Response(200, b"[" + request.path.encode() + b"]")


@contextmanager
def running(answer: Callable[[Request], Response] = echo) -> Iterator[int]:
    """A server in a thread; the value is its port."""
    listener = listen(0)
    server = Server(listener, answer)
    port = listener.getsockname()[1]
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield port
    finally:
        server.stop()
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture
def port() -> Iterator[int]:
    with running() as port:
        yield port


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=15)


def everything(client: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    answer = bytearray()
    while data := client.recv(65536):
        answer += data
    client.close()
    return bytes(answer)


def talk(port: int, data: bytes) -> bytes:
    client = connect(port)
    client.sendall(data)
    return everything(client)


def test_connection_serves_one_request_after_the_other(port: int) -> None:
    client = connect(port)
    for number in range(3):
        client.sendall(GET % str(number).encode())
        assert client.recv(65536).endswith(b"[/%d]" % number)
    client.sendall(CLOSE)

    assert everything(client).endswith(b"[/last]")


def test_pipelined_requests_are_answered_in_their_order(port: int) -> None:
    answer = talk(port, GET % b"1" + GET % b"2" + CLOSE + GET % b"never")

    bodies = [part[:6] for part in answer.split(b"\r\n\r\n")[1:]]
    assert [body.partition(b"]")[0] for body in bodies] == [b"[/1", b"[/2", b"[/last"]


def test_nothing_is_read_after_a_malformed_request(port: int) -> None:
    answer = talk(port, b"GET\r\n\r\n" + GET % b"smuggled")

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert json.loads(body)["code"] == "BadRequest"
    assert b"smuggled" not in answer


def test_head_without_an_end_is_refused_and_the_refusal_arrives(port: int) -> None:
    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + b"Name: value\r\n" * 2000)
        refused = client.recv(65536)

    assert refused.startswith(b"HTTP/1.1 431 ")


def test_client_that_never_stops_sending_is_cut_off(port: int) -> None:
    def send_for_ever(client: socket.socket) -> None:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            client.sendall(b"Name: value\r\n" * 100)
            time.sleep(0.01)

    with connect(port) as client, pytest.raises(OSError, match=r"reset|pipe"):
        send_for_ever(client)

    assert talk(port, CLOSE).endswith(b"[/last]")


def test_defect_is_one_requests_own_and_shows_nothing(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    client = connect(port)
    client.sendall(GET % b"defect")
    failed = client.recv(65536)
    client.sendall(CLOSE)
    later = everything(client)

    assert failed.startswith(b"HTTP/1.1 500 ")
    assert later.endswith(b"[/last]")
    assert b"secret" not in failed
    assert capfd.readouterr().err == "rolebound: a request could not be answered: RuntimeError\n"


def test_client_that_resets_is_nobody_elses_affair(port: int) -> None:
    for _ in range(50):
        client = connect(port)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(GET % b"1" * 20)
        client.close()

    assert talk(port, CLOSE).endswith(b"[/last]")


def test_connections_without_end_shut_nobody_out(port: int) -> None:
    with ExitStack() as held:
        for _ in range(3 * MOST_CONNECTIONS):
            held.enter_context(connect(port))

        assert talk(port, CLOSE).endswith(b"[/last]")


def test_slow_and_deaf_clients_are_ended_and_hold_up_nobody() -> None:
    large = Response(200, b"x" * 8_000_000)
    with running(lambda request: large if request.path == "/large" else echo(request)) as port:
        deaf, slow = connect(port), connect(port)
        deaf.sendall(GET % b"large")
        slow.sendall(b"GET /v1/cred")
        started = time.monotonic()
        meanwhile = talk(port, CLOSE)
        at_once = time.monotonic() - started
        slow.sendall(b"entials HTTP/1.1\r\nHo")  # a byte now and then does not put the end off
        told = everything(slow)
        ended = time.monotonic() - started
        cut_off = everything(deaf)

    assert meanwhile.endswith(b"[/last]")
    assert at_once < 4
    assert told.startswith(b"HTTP/1.1 408 ")
    assert 4 < ended < 14  # the client's own patience is 15
    assert 0 < len(cut_off) < len(large.body)


def test_large_answer_arrives_whole_at_a_client_that_takes_its_time() -> None:
    body = b"x" * 2_000_000
    with running(lambda _: Response(200, body)) as port:
        client = connect(port)
        client.sendall(CLOSE)
        time.sleep(0.5)
        answer = everything(client)

    assert answer.partition(b"\r\n\r\n")[2] == body


def test_only_the_loopback_address_answers(port: int) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_what_is_to_be_done_between_requests_is_done_with_and_without_them() -> None:
    calls: list[float] = []
    server = Server(listen(0), echo, lambda: calls.append(time.monotonic()), 0.05)
    port = server.listener.getsockname()[1]
    thread = Thread(target=server.serve)
    thread.start()
    until = time.monotonic() + 10
    while len(calls) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    without = len(calls)
    while len(calls) < without + 4 and time.monotonic() < until:
        talk(port, CLOSE)
    server.stop()
    thread.join(5)

    assert without >= 4
    assert len(calls) >= without + 4
    assert all(later - earlier >= 0.05 for earlier, later in pairwise(calls))


def test_stop_before_and_after_serving_is_harmless() -> None:
    server = Server(listen(0), echo)
    server.stop()
    server.serve()
    server.stop()
