"""The trust policy of a role that Roles Anywhere assumes, and what it asks of a certificate.

Without conditions every certificate of every trust anchor in the account could assume the role:
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from rolebound.errors import CommandRefused
from rolebound.model.tags import TAG_VALUE

_KEY: Final = re.compile(r"x509(Subject|Issuer|SAN)/[\w./-]{1,100}", re.ASCII)
_ALTERNATIVE_NAMES: Final = ("DNS", "URI")


@dataclass(frozen=True, slots=True)
class Pin:
    """One thing that a certificate has to say: a session tag that Roles Anywhere makes of it, and its value."""

    tag: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the pin in `CN=web`, `OU=shop`, `DNS=web.example` or `x509SAN/URI=spiffe://example/web`.

        CommandRefused where it is none, or AWS makes no tag of such a value.
        """
        key, equals, value = text.partition("=")
        if "/" not in key:
            key = f"x509SAN/{key}" if key in _ALTERNATIVE_NAMES else f"x509Subject/{key}"
        if not equals or _KEY.fullmatch(key) is None:
            raise CommandRefused(
                f"{text[:200]!r} pins nothing; write CN=web, OU=shop, DNS=web.example, URI=spiffe://example/web, "
                "or a whole tag such as x509Issuer/CN=NAME"
            )
        if not value or TAG_VALUE.fullmatch(value) is None:
            raise CommandRefused(
                f"{value[:200]!r} cannot be pinned: AWS makes a session tag of at most 256 letters, digits, spaces and "
                "_.:/=+-@ alone"
            )
        return cls(key, value)


def trust_policy(anchor: object, pins: Sequence[Pin]) -> dict[str, Any]:
    """Return the trust policy of a role for the certificates of one trust anchor.

    `anchor` is its ARN, or what stands for it in a template. Several values for one tag are alternatives.
    """
    condition: dict[str, Any] = {"ArnEquals": {"aws:SourceArn": anchor}}
    values: dict[str, list[str]] = {}
    for pin in pins:
        values.setdefault(f"aws:PrincipalTag/{pin.tag}", []).append(pin.value)
    if values:
        condition["StringEquals"] = {tag: found[0] if len(found) == 1 else found for tag, found in values.items()}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "rolesanywhere.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                "Condition": condition,
            }
        ],
    }
