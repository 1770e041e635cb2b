from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebound.endpoint.messages import Malformed, rendered, take_request
from rolebound.endpoint.protocol import Response

AT = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
HOST = b"Host: 127.0.0.1:9913\r\n"
GET = b"GET /v1/credentials HTTP/1.1\r\n" + HOST


def refusal(data: bytes) -> int:
    with pytest.raises(Malformed) as caught:
        take_request(bytearray(data))
    return caught.value.response.status


def test_request_is_read_with_its_headers_in_lower_case() -> None:
    received = take_request(bytearray(GET + b"AUTHORIZATION:  a token \r\nAccept: */*\r\n\r\n"))

    assert received is not None
    assert (received.request.method, received.request.path) == ("GET", "/v1/credentials")
    assert received.request.headers["authorization"] == "a token"
    assert received.keeps_alive


def test_pipelined_requests_are_taken_one_by_one() -> None:
    buffer = bytearray(
        GET + b"\r\n" + b"PUT /other HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\n\r\nbody" + b"GET /thi"
    )

    first, second, third = take_request(buffer), take_request(buffer), take_request(buffer)

    assert first is not None
    assert second is not None
    assert (first.request.path, second.request.path, third) == ("/v1/credentials", "/other", None)
    assert bytes(buffer) == b"GET /thi"


@pytest.mark.parametrize("cut", [0, 1, 20, -1])
def test_half_a_request_is_not_a_request_yet(cut: int) -> None:
    assert take_request(bytearray((GET + b"\r\n")[:cut])) is None


def test_body_that_is_not_whole_is_waited_for() -> None:
    assert take_request(bytearray(GET + b"Content-Length: 5\r\n\r\nbody")) is None


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/v1/credentials?x=/y", "/v1/credentials"),
        (b"http://127.0.0.1:9913/v1/credentials", "/v1/credentials"),
        (b"HTTP://127.0.0.1:9913", "/"),
        (b"http://127.0.0.1?x", "/"),
        (b"//v1/credentials", "//v1/credentials"),
        (b"*", "*"),
    ],
)
def test_path_of_a_target(target: bytes, path: str) -> None:
    received = take_request(bytearray(b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"))

    assert received is not None
    assert received.request.path == path


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [
        (b"HTTP/1.1", b"", True),
        (b"HTTP/1.1", b"Connection: Close\r\n", False),
        (b"HTTP/1.1", b"Connection: foo, close\r\n", False),
        (b"HTTP/1.0", b"", False),
        (b"HTTP/1.0", b"Connection: keep-alive\r\n", True),
    ],
)
def test_when_a_connection_stays(version: bytes, connection: bytes, stays: bool) -> None:
    received = take_request(bytearray(b"GET / " + version + b"\r\n" + HOST + connection + b"\r\n"))

    assert received is not None
    assert received.keeps_alive is stays


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),  # TLS
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1 more\r\n" + HOST + b"\r\n", 505),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
        (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"G(T / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /\x01 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (GET + HOST + b"\r\n", 400),
        (GET + b"Authorization: a\r\nauthorization: b\r\n\r\n", 400),
        (GET + b" folded\r\n\r\n", 400),
        (GET + b"Name : value\r\n\r\n", 400),
        (GET + b"no colon\r\n\r\n", 400),
        (GET + b"Name: a\nOther: b\r\n\r\n", 400),
        (GET + b"Name: a\x00\r\n\r\n", 400),
        (GET + b"Content-Length: -1\r\n\r\n", 400),
        (GET + b"Content-Length: 1_0\r\n\r\n", 400),
        (GET + b"Content-Length: \xb2\r\n\r\n", 400),
        (GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (GET + b"Content-Length: 99999\r\n\r\n", 413),
        (GET + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        (GET + b"Name: " + b"x" * 17_000 + b"\r\n\r\n", 431),
        (b"x" * 17_000, 431),
    ],
)
def test_what_is_no_request(data: bytes, status: int) -> None:
    assert refusal(data) == status


LINES = st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([b"Host: a", b"Content-Length: 3", b"a: b"])))


@given(first=st.one_of(st.just(b"GET / HTTP/1.1"), st.binary(max_size=40)), lines=LINES, rest=st.binary(max_size=40))
def test_any_bytes_are_a_request_or_none_or_malformed(first: bytes, lines: list[bytes], rest: bytes) -> None:
    buffer = bytearray(b"\r\n".join([first, *lines, b"", rest]))
    before = bytes(buffer)

    with suppress(Malformed):
        received = take_request(buffer)
        assert received is None or received.request.method.isprintable()

    assert before.endswith(bytes(buffer))


def test_head_gets_the_head_alone() -> None:
    response = Response(200, b"body", (("Content-Type", "text/plain"),))

    whole = rendered(response, AT, method="GET", keeps_alive=True)
    head = rendered(response, AT, method="HEAD", keeps_alive=True)

    assert whole == head + b"body"
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: text/plain",
        b"Content-Length: 4",
        b"Date: Tue, 24 Nov 2026 12:00:00 GMT",
        b"Connection: keep-alive",
        b"",
        b"",
    ]
