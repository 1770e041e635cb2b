"""What AWS has under the names of a set-up, as far as the plan looks at it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rolebound.errors import CommandRefused
from rolebound.provision.desired import TAG, Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One object in AWS, with its tags."""

    arn: str
    tags: Mapping[str, str]

    def made_by(self, setup: str) -> bool:
        """Return whether the set-up of that name made it."""
        return self.tags.get(TAG) == setup


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor(Part):
    """A trust anchor; `bundle` is empty where its CA is not a bundle of certificates."""

    enabled: bool
    bundle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Part):
    """A role and what is attached to it."""

    trust_policy: Mapping[str, Any]
    policies: tuple[str, ...]
    inline_policies: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(Part):
    """A profile."""

    enabled: bool
    role_arns: tuple[str, ...]
    session_policies: tuple[str, ...]
    session_policy: str
    seconds: int
    accepts_session_names: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything of those names in one account and region."""

    account: str
    partition: str
    region: str
    trust_anchors: tuple[TrustAnchor, ...] = ()
    role: Role | None = None
    profiles: tuple[Profile, ...] = ()

    def check_free(self, names: Names) -> None:
        """Raise CommandRefused where a name belongs to somebody else, or to more than one of ours."""
        problems = list(self._taken(names))
        if problems:
            where = f"account {self.account}, {self.region}"
            raise CommandRefused(f"in {where} {'; '.join(problems)}. Choose another --name or --role-name")

    def _taken(self, names: Names) -> Iterator[str]:
        parts: list[tuple[str, Part]] = [("trust anchor", each) for each in self.trust_anchors]
        parts += [("profile", each) for each in self.profiles]
        parts += [("role", self.role)] if self.role else []
        for kind, part in parts:
            if not part.made_by(names.setup):
                yield f"the {kind} {part.arn} was not made by this set-up (it has no tag {TAG}={names.setup})"
        for kind, several in (("trust anchors", self.trust_anchors), ("profiles", self.profiles)):
            ours = [part.arn for part in several if part.made_by(names.setup)]
            if len(ours) > 1:
                yield f"{len(ours)} {kind} are this set-up's ({', '.join(ours)}): delete all but one by hand"
