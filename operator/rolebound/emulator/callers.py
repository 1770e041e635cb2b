"""Whose access key signed a request, and which policy documents speak for its owner, as moto's backends have it.

Reads moto and decides nothing. A caller is an IAM user or the session of a role; root keys do not exist here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from moto.iam.access_control import AssumedRoleAccessKey, IAMUserAccessKey
from moto.iam.exceptions import NotFoundException
from moto.iam.models import Policy
from moto.sts.models import AssumedRole, sts_backends
from moto.utilities.utils import get_partition


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of an access key."""

    account: str
    region: str
    access_key_id: str
    arn: str
    user_name: str | None
    role_arn: str | None
    policies: tuple[str, ...]

    @property
    def partition(self) -> str:
        """The partition in which the request was made."""
        return get_partition(self.region)

    @property
    def principal_arn(self) -> str:
        """What `aws:PrincipalArn` says: the user, or the role behind a session."""
        return self.role_arn or self.arn

    @property
    def principals(self) -> Mapping[str, frozenset[str]]:
        """The names by which a trust policy may know this caller."""
        root = f"arn:{self.partition}:iam::{self.account}:root"
        return {"AWS": frozenset({self.arn, self.principal_arn, self.account, root})}


def caller_of(account: str, region: str, access_key_id: str, key: IAMUserAccessKey | AssumedRoleAccessKey) -> Caller:
    """Return the owner of an access key that moto has authenticated."""
    session = assumed_role(account, region, access_key_id)
    return Caller(
        account=account,
        region=region,
        access_key_id=access_key_id,
        arn=key.arn,
        user_name=None if session else key.arn.rpartition("/")[2],
        role_arn=session.role_arn if session else None,
        policies=tuple(_documents(key)),
    )


def assumed_role(account: str, region: str, access_key_id: str) -> AssumedRole | None:
    """Return moto's session of that access key, or None where it is no session's."""
    return sts_backends[account][get_partition(region)].get_assumed_role_from_access_key(access_key_id)


def policy_document(policy: Policy) -> str:
    """Return the default version of a managed policy."""
    return str(next(version.document for version in policy.versions if version.is_default))


def _documents(key: IAMUserAccessKey | AssumedRoleAccessKey) -> Iterator[str]:
    try:
        policies: Iterable[object] = key.collect_policies()
    except NotFoundException:  # the role is gone; its sessions may do nothing
        return
    for policy in policies:
        match policy:
            case str():
                yield policy
            case Policy():
                yield policy_document(policy)
            case {"policy_document": document}:
                yield str(document)
