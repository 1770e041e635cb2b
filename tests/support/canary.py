"""Looking for secrets where none may be: in whole, in part, and in the clothes that they wear on their way.

A secret is cut into pieces, so that a line which shows the first half of it is found too. What is searched for is what
would help a thief: secret access keys, session tokens, private keys; never access key ids, which CloudTrail prints.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

# Long enough that no name, digest or number is one by chance; a secret access key has two.
_PIECE = 20


def pem_body(pem: bytes) -> list[str]:
    """A PEM block's lines without its armour."""
    return [line for line in pem.decode().splitlines() if line and not line.startswith("-----")]


def found(secrets: Iterable[str], text: str) -> list[str]:
    """The secrets of which any piece, in any form, stands in `text`."""
    return [secret for secret in secrets if any(form in text for piece in _pieces(secret) for form in _forms(piece))]


def _pieces(secret: str) -> Iterator[str]:
    for start in range(0, max(len(secret) - _PIECE, 0) + 1, _PIECE):
        yield secret[start : start + _PIECE]


def _forms(piece: str) -> set[str]:
    encoded = piece.encode()
    # Base64 shows the same bytes in three ways, by where they stand; its ends depend on the neighbours.
    shifted = {base64.b64encode(b"\0" * shift + encoded).decode()[4:-4] for shift in range(3)}
    return {piece, quote(piece, safe=""), json.dumps(piece)[1:-1], encoded.hex()} | shifted
