"""Amazon Resource Names as the stand-in needs them: six fields, taken apart once.

Never decides whether a resource exists. A text that is not an ARN is a ValueError; nothing is guessed or completed.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d{12}|aws)?:(?P<resource>\S+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Arn:
    """One ARN; `account` is empty where the service has none."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the ARN that `text` spells; ValueError where it spells none."""
        match = _ARN.fullmatch(text)
        if match is None:
            raise ValueError(f"not an ARN: {text!r}")
        return cls(**match.groupdict(default=""))

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @property
    def kind(self) -> str:
        """The word before the first slash of the resource: `role`, `profile`, `trust-anchor`."""
        return self.resource.partition("/")[0]
