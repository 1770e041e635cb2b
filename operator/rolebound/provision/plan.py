"""The steps from what is in AWS to what should be, as data: pure, and each step one call of boto3.

An ARN that only a step will bring has a placeholder until then. Nothing that this
set-up did not make is ever changed: `Found.check_free` comes first, and a role's inline policies, which cannot be put
back, are left alone.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rolebound.errors import CommandRefused
from rolebound.provision.desired import TAG, Desired, Names, policy_arns
from rolebound.provision.found import Found, Profile, Role, TrustAnchor
from rolebound.provision.trust import trust_policy

TRUST_ANCHOR: Final = "<the new trust anchor>"
PROFILE: Final = "<the new profile>"


@dataclass(frozen=True, slots=True)
class Arns:
    """The three ARNs of a set-up."""

    trust_anchor: str
    profile: str
    role: str


@dataclass(frozen=True, slots=True)
class Step:
    """One call: boto3's name of the service and of the method, its parameters, and what it does in words."""

    service: str
    operation: str
    says: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def steps(desired: Desired, found: Found) -> tuple[Step, ...]:
    """Return what is to be done, in order; nothing where all is as it should be."""
    found.check_free(desired.names)
    anchor = found.trust_anchors[0] if found.trust_anchors else None
    profile = found.profiles[0] if found.profiles else None
    known = arns(desired.names, found)
    return (
        *_trust_anchor(desired, anchor),
        *_role(desired, found.role, known.trust_anchor),
        *_policies(desired, found),
        *_profile(desired, profile, known.role, found.partition),
    )


def removal(names: Names, found: Found) -> tuple[Step, ...]:
    """Return the calls that take away everything that the set-up made; what bears its name without its tag stays."""
    return (*_removed_profiles(names, found), *_removed_role(names, found), *_removed_anchors(names, found))


def arns(names: Names, found: Found) -> Arns:
    """Return the ARNs that the set-up has or will have; `TRUST_ANCHOR` and `PROFILE` where AWS has to choose it."""
    return Arns(
        found.trust_anchors[0].arn if found.trust_anchors else TRUST_ANCHOR,
        found.profiles[0].arn if found.profiles else PROFILE,
        found.role.arn if found.role else f"arn:{found.partition}:iam::{found.account}:role/{names.role}",
    )


def _trust_anchor(desired: Desired, found: TrustAnchor | None) -> Iterator[Step]:
    name = desired.names.setup
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": desired.bundle}}
    if found is None:
        tags = [{"key": TAG, "value": name}]
        parameters = {"name": name, "source": source, "enabled": True, "tags": tags}
        yield Step("rolesanywhere", "create_trust_anchor", f"create the trust anchor {name}", parameters)
        return
    one = {"trustAnchorId": _id(found.arn)}
    if found.bundle != desired.bundle:
        says = f"update the trust anchor {name}: other CA certificates"
        yield Step("rolesanywhere", "update_trust_anchor", says, one | {"source": source})
    if not found.enabled:
        yield Step("rolesanywhere", "enable_trust_anchor", f"enable the trust anchor {name}", one)


def _role(desired: Desired, found: Role | None, anchor_arn: str) -> Iterator[Step]:
    name = desired.names.role
    wanted = trust_policy(anchor_arn, desired.pins)
    document, role = json.dumps(wanted), {"RoleName": name}
    pins = ", ".join(f"{pin.tag} {pin.value}" for pin in desired.pins)
    whom = f"{anchor_arn}, {pins or 'every certificate of its CA'}"
    if found is None:
        tags = [{"Key": TAG, "Value": desired.names.setup}]
        more = {"AssumeRolePolicyDocument": document, "MaxSessionDuration": desired.role_seconds, "Tags": tags}
        yield Step("iam", "create_role", f"create the role {name}, for {whom}", role | more)
        return
    if found.trust_policy != wanted:
        says = f"update the role {name}: for {whom}, and nobody else"
        yield Step("iam", "update_assume_role_policy", says, role | {"PolicyDocument": document})
    if found.seconds != desired.role_seconds:
        says = f"update the role {name}: sessions of up to {desired.role_seconds} s instead of {found.seconds} s"
        yield Step("iam", "update_role", says, role | {"MaxSessionDuration": desired.role_seconds})


def _policies(desired: Desired, found: Found) -> Iterator[Step]:
    name = desired.names.role
    wanted = policy_arns(desired.policies, found.partition)
    attached = found.role.policies if found.role else ()
    for arn in wanted:
        if arn not in attached:
            yield Step(
                "iam", "attach_role_policy", f"attach {arn} to the role {name}", {"RoleName": name, "PolicyArn": arn}
            )
    for arn in attached:
        if arn not in wanted:
            yield _detach(name, arn)


def _profile(desired: Desired, profile: Profile | None, role_arn: str, partition: str) -> Iterator[Step]:
    name = desired.names.setup
    wanted = {
        "roleArns": [role_arn],
        "managedPolicyArns": policy_arns(desired.session_policies, partition),
        "durationSeconds": desired.duration_seconds,
        "acceptRoleSessionName": True,  # the operator names its sessions
    }
    if profile is not None and profile.session_policy:
        raise CommandRefused(
            f"the profile {profile.arn} has an inline session policy that this set-up did not give it, and that AWS "
            "lets nobody take away again: delete the profile, and run this once more"
        )
    if profile is None:
        parameters = {"name": name, "enabled": True, "tags": [{"key": TAG, "value": name}]} | wanted
        yield Step("rolesanywhere", "create_profile", f"create the profile {name}", parameters)
        return
    there = {
        "roleArns": list(profile.role_arns),
        "managedPolicyArns": list(profile.session_policies),
        "durationSeconds": profile.seconds,
        "acceptRoleSessionName": profile.accepts_session_names,
    }
    changed = {key: value for key, value in wanted.items() if not _same(there[key], value)}
    one = {"profileId": _id(profile.arn)}
    if changed:
        says = f"update the profile {name}: {', '.join(changed)}"
        yield Step("rolesanywhere", "update_profile", says, one | changed)
    if not profile.enabled:
        yield Step("rolesanywhere", "enable_profile", f"enable the profile {name}", one)


def _same(there: object, wanted: object) -> bool:
    """Return whether two values say the same; the order of a list says nothing."""
    if isinstance(there, list) and isinstance(wanted, list):
        return sorted(there) == sorted(wanted)
    return there == wanted


def _removed_profiles(names: Names, found: Found) -> Iterator[Step]:
    for profile in found.profiles:
        if profile.made_by(names.setup):
            says = f"delete the profile {names.setup}"
            yield Step("rolesanywhere", "delete_profile", says, {"profileId": _id(profile.arn)})


def _removed_role(names: Names, found: Found) -> Iterator[Step]:
    role = found.role
    if role is None or not role.made_by(names.setup):
        return
    if role.inline_policies:
        raise CommandRefused(
            f"the role {role.arn} has inline policies of somebody else's ({', '.join(role.inline_policies)}) and "
            "cannot be deleted with them: move or delete them by hand, and run this once more"
        )
    yield from (_detach(names.role, arn) for arn in role.policies)
    yield Step("iam", "delete_role", f"delete the role {names.role}", {"RoleName": names.role})


def _removed_anchors(names: Names, found: Found) -> Iterator[Step]:
    for anchor in found.trust_anchors:
        if anchor.made_by(names.setup):
            says = f"delete the trust anchor {names.setup}"
            yield Step("rolesanywhere", "delete_trust_anchor", says, {"trustAnchorId": _id(anchor.arn)})


def _detach(role: str, arn: str) -> Step:
    says = f"detach {arn} from the role {role}"
    return Step("iam", "detach_role_policy", says, {"RoleName": role, "PolicyArn": arn})


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
