"""The relay notes the access key of each request and changes nothing."""

from matrix.relay import Relay

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
