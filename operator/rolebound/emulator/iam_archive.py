"""An account's IAM as plain JSON, and back: users with their keys, groups, roles, and the account's own policies.

Reads and fills moto's backend. What CreateSession and the judgement of its sessions never look at (instance profiles,
identity providers, passwords, devices) is not kept. A user's secret access key is, because its signatures are checked
with it; a session's never is.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.iam.models import Group, IAMBackend, ManagedPolicy, PolicyVersion, Role, User, iam_backends
from moto.utilities.utils import get_partition

Document = Mapping[str, Any]


def iam_document(account: str, region: str) -> Document:
    """Return the account's IAM in the partition of `region`."""
    backend = iam_backends[account][get_partition(region)]
    of_aws = {id(policy) for policy in backend.aws_managed_policies}
    own = [policy for policy in list(backend.managed_policies.values()) if id(policy) not in of_aws]
    return {
        "policies": [_policy_document(policy) for policy in own],
        "groups": [
            {**_identity(group), "users": [user.name for user in group.users]}
            for group in list(backend.groups.values())
        ],
        "users": [_user_document(backend, user) for user in list(backend.users.values())],
        "roles": [_role_document(role) for role in list(backend.roles.values())],
    }


def restore_iam(account: str, region: str, document: Document) -> None:
    """Put what `document` holds into the account, which has only AWS's own policies yet."""
    backend = iam_backends[account][get_partition(region)]
    for policy in document["policies"]:
        _restore_policy(backend, policy)
    for user in document["users"]:
        _restore_user(backend, region, user)
    for group in document["groups"]:
        made = backend.create_group(group["name"], group["path"])
        _restore_identity(backend, made, group)
        made.users = [backend.get_user(name) for name in group["users"]]
    for role in document["roles"]:
        _restore_role(backend, role)


def _identity(entity: User | Group | Role) -> dict[str, Any]:
    """Return what users, groups and roles all have."""
    return {
        "name": entity.name,
        "id": entity.id,
        "path": entity.path,
        "createdAt": entity.create_date.isoformat(),
        "policies": dict(entity.policies),
        "attached": list(entity.managed_policies),
    }


def _restore_identity(backend: IAMBackend, entity: User | Group | Role, document: Document) -> None:
    entity.id = document["id"]
    entity.create_date = datetime.fromisoformat(document["createdAt"])
    entity.policies = dict(document["policies"])
    for arn in document["attached"]:
        backend.managed_policies[arn].attach_to(entity)


def _group_document(group: Group) -> Document:
    return {**_identity(group), "users": [user.name for user in group.users]}


def _policy_document(policy: ManagedPolicy) -> Document:
    return {
        "name": policy.name,
        "id": policy.id,
        "path": policy.path,
        "description": policy.description,
        "createdAt": policy.create_date.isoformat(),
        "tags": dict(policy.tags),
        "next": policy.next_version_num,
        "default": policy.default_version_id,
        "updatedAt": policy.update_date.isoformat(),
        "versions": {
            version.version_id: {"document": version.document, "createdAt": version.create_date.isoformat()}
            for version in policy.versions
        },
    }


def _restore_policy(backend: IAMBackend, document: Document) -> None:
    versions, default = document["versions"], document["default"]
    tags = list(document["tags"].values())
    text = versions[default]["document"]
    made = backend.create_policy(document["description"], document["path"], text, document["name"], tags)
    made.id, made.default_version_id, made.next_version_num = document["id"], default, document["next"]
    made.create_date = datetime.fromisoformat(document["createdAt"])
    made.update_date = datetime.fromisoformat(document["updatedAt"])
    made.versions = [
        PolicyVersion(made.arn, kept["document"], name == default, name, datetime.fromisoformat(kept["createdAt"]))
        for name, kept in versions.items()
    ]


def _user_document(backend: IAMBackend, user: User) -> Document:
    keys = [
        {"id": key.access_key_id, "secret": key.secret_access_key, "status": key.status} for key in user.access_keys
    ]
    return {**_identity(user), "tags": backend.tagger.get_tag_dict_for_resource(user.arn), "keys": keys}


def _restore_user(backend: IAMBackend, region: str, document: Document) -> None:
    tags = [{"Key": key, "Value": value} for key, value in document["tags"].items()]
    user = backend.create_user(region, document["name"], document["path"], tags)
    _restore_identity(backend, user, document)
    for kept in document["keys"]:
        key = user.create_access_key("AKIA", kept["status"])
        key.access_key_id, key.secret_access_key = kept["id"], kept["secret"]
        backend.access_keys[key.access_key_id] = key


def _role_document(role: Role) -> Document:
    return {
        **_identity(role),
        "trustPolicy": role.assume_role_policy_document,
        "description": role.description,
        "maximumSeconds": role.max_session_duration,
        "boundary": role.permissions_boundary_arn,
        "tags": list(role.tags),
    }


def _restore_role(backend: IAMBackend, document: Document) -> None:
    made = backend.create_role(
        role_name=document["name"],
        assume_role_policy_document=document["trustPolicy"],
        path=document["path"],
        permissions_boundary=document["boundary"],
        description=document["description"],
        tags=list(document["tags"]),
        max_session_duration=document["maximumSeconds"],
    )
    del backend.roles[made.id]
    _restore_identity(backend, made, document)
    backend.roles[made.id] = made
