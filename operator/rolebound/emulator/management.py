"""The management API of Roles Anywhere: trust anchors, profiles and revocation lists, by an IAM-authorized caller.

Decides which operation does what to which resource, and that its caller may. Operations that this stand-in has not
(subjects, tags, notifications, attribute mappings) answer 501 and say so.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from rolebound.emulator.api_model import Call
from rolebound.emulator.arns import Arn
from rolebound.emulator.clock import Clock
from rolebound.emulator.messages import Refusal, access_denied, invalid, not_found
from rolebound.emulator.provisioning import created, updated
from rolebound.emulator.resources import Crl, Profile, Resource, Resources, TrustAnchor

# Each kind by its name in operations: its class, its identifier, and its name in an answer of one and of several.
_KINDS: Final[Mapping[str, tuple[type[Resource], str, str, str]]] = {
    "TrustAnchor": (TrustAnchor, "trustAnchorId", "trustAnchor", "trustAnchors"),
    "Profile": (Profile, "profileId", "profile", "profiles"),
    "Crl": (Crl, "crlId", "crl", "crls"),
}
_OPERATION: Final = re.compile(r"(Create|Import|Get|List|Enable|Disable|Delete|Update)(TrustAnchor|Profile|Crl)s?")


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who calls, in which region, and what IAM allows that caller: `may(action, resource)`."""

    account: str
    partition: str
    region: str
    arn: str
    may: Callable[[str, str], bool]

    def arn_of(self, kind: type[Resource], identifier: str) -> Arn:
        """Return the ARN that `identifier`, itself an ARN or a UUID, means to this caller."""
        if not identifier.startswith("arn:"):
            return Arn(self.partition, "rolesanywhere", self.region, self.account, f"{kind.kind}/{identifier}")
        try:
            return Arn.parse(identifier)
        except ValueError:
            raise invalid(f"Not an ARN: {identifier}") from None

    def demand(self, action: str, resource: str) -> None:
        """Return where IAM allows `action` on `resource`; Refusal otherwise."""
        if not self.may(action, resource):
            raise access_denied(f"User: {self.arn} is not authorized to perform: {action} on resource: {resource}")


@dataclass(frozen=True, slots=True)
class Management:
    """The operations, over the resources of one emulator."""

    resources: Resources
    clock: Clock

    def perform(self, call: Call, administrator: Administrator) -> Mapping[str, object]:
        """Return the answer to `call`; Refusal where it is not allowed, not valid, or not there."""
        match = _OPERATION.fullmatch(call.operation)
        if match is None:
            raise Refusal(501, "NotImplemented", f"rolebound's emulator has no {call.operation}")
        verb, (kind, identifier, one, several) = match[1], _KINDS[match[2]]
        action = f"rolesanywhere:{call.operation}"
        if verb == "List":
            administrator.demand(action, "*")
            found = self.resources.list(kind, administrator.account, administrator.region)
            return {several: [resource.detail() for resource in found]}
        if verb in {"Create", "Import"}:
            administrator.demand(action, "*")
            resource = self._create(kind, call, administrator)
        else:
            arn = administrator.arn_of(kind, call.parameters[identifier])
            administrator.demand(action, str(arn))
            resource = self._change(verb, kind, str(arn), call)
        _demand_roles(resource, call, administrator)
        if verb == "Delete":
            self.resources.remove(resource.arn)
        elif verb != "Get":
            self.resources.put(resource)
        return {one: resource.detail()}

    def _create(self, kind: type[Resource], call: Call, administrator: Administrator) -> Resource:
        arn = administrator.arn_of(kind, str(uuid4()))
        resource = created(kind, call.parameters, arn, self.clock.now())
        if isinstance(resource, Profile):
            return replace(resource, created_by=administrator.arn)
        if isinstance(resource, Crl) and self.resources.get(TrustAnchor, resource.trust_anchor_arn) is None:
            raise not_found("Trust anchor not found")
        return resource

    def _change(self, verb: str, kind: type[Resource], arn: str, call: Call) -> Resource:
        resource = self.resources.get(kind, arn)
        if resource is None:
            raise not_found(f"{kind.kind} not found")
        now = self.clock.now()
        match verb:
            case "Enable" | "Disable":
                return replace(resource, enabled=verb == "Enable", updated_at=now)
            case "Update":
                return replace(updated(resource, call.parameters), updated_at=now)
        return resource


def _demand_roles(resource: Resource, call: Call, administrator: Administrator) -> None:
    """Return where the caller may pass every role that this call puts into a profile; Refusal otherwise."""
    # https://docs.aws.amazon.com/rolesanywhere/latest/userguide/security_iam_troubleshoot.html
    if isinstance(resource, Profile):
        for role in call.parameters.get("roleArns", ()):
            administrator.demand("iam:PassRole", role)
