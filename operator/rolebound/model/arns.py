"""The three ARNs of a session, parsed once.

The API server's CEL rules refuse a malformed ARN with a sentence; this module is the second line, for objects older
than the rules and for callers without a cluster.
"""

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from rolebound.errors import SpecInvalid


@dataclass(frozen=True, slots=True)
class Arn:
    """An Amazon Resource Name of one known kind."""

    FORM: ClassVar[re.Pattern[str]]
    EXAMPLE: ClassVar[str]

    text: str
    partition: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the ARN in `text`; SpecInvalid, with an example of a right one, where it is not of this kind."""
        match = cls.FORM.fullmatch(text)
        if match is None:
            raise SpecInvalid(f"{text[:200]!r} is not {cls.EXAMPLE}")
        return cls(text=text, **match.groupdict(""))

    def __str__(self) -> str:
        return self.text


class RoleArn(Arn):
    """An IAM role: global within its partition, so without a region."""

    FORM = re.compile(
        r"arn:(?P<partition>aws[a-z-]*):iam:(?P<region>):(?P<account>\d{12}):role/(?P<resource>[\w+=,.@/-]{1,576})",
        re.ASCII,
    )
    EXAMPLE = "a role ARN like arn:aws:iam::111122223333:role/NAME"

    @property
    def name(self) -> str:
        """The role's name, without its path."""
        return self.resource.rpartition("/")[2]


class ProfileArn(Arn):
    """A Roles Anywhere profile."""

    FORM = re.compile(
        r"arn:(?P<partition>aws[a-z-]*):rolesanywhere:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
        r"profile/(?P<resource>[\w-]{1,64})",
        re.ASCII,
    )
    EXAMPLE = "a profile ARN like arn:aws:rolesanywhere:REGION:111122223333:profile/ID"


class TrustAnchorArn(Arn):
    """A Roles Anywhere trust anchor; its region is where sessions are made."""

    FORM = re.compile(
        r"arn:(?P<partition>aws[a-z-]*):rolesanywhere:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
        r"trust-anchor/(?P<resource>[\w-]{1,64})",
        re.ASCII,
    )
    EXAMPLE = "a trust anchor ARN like arn:aws:rolesanywhere:REGION:111122223333:trust-anchor/ID"
