"""The management API of Roles Anywhere: every operation of its model, by an IAM-authorized caller.

Decides which operation does what to which resource, and that its caller may. The parameters are checked already by
`api_model`; what a resource then looks like is said by `provisioning`, `attributes`, `notifications` and `tags`.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from rolebound.emulator.api_model import Call
from rolebound.emulator.arns import Arn
from rolebound.emulator.attributes import Mappings, with_mapping, without_mapping
from rolebound.emulator.clock import Clock
from rolebound.emulator.messages import Refusal, access_denied, invalid, not_found, unauthorized_text
from rolebound.emulator.notifications import Notifications, with_settings, without_settings
from rolebound.emulator.paging import page
from rolebound.emulator.patterns import RequestContext
from rolebound.emulator.provisioning import Provisioned, created, updated
from rolebound.emulator.resources import Crl, Profile, Resource, Resources, Subject, TrustAnchor
from rolebound.emulator.tags import tag_context, tag_details, with_tags, without_tags

# "2 CRLs per trust anchor": https://docs.aws.amazon.com/rolesanywhere/latest/userguide/load-balancing.html
_MOST_LISTS: Final = 2
_CREATED: Final[Mapping[str, type[Provisioned]]] = {
    "CreateTrustAnchor": TrustAnchor,
    "CreateProfile": Profile,
    "ImportCrl": Crl,
}
# By operation: what it lists, and the answer's name for that.
_LISTED: Final[Mapping[str, tuple[type[Resource], str]]] = {
    "ListTrustAnchors": (TrustAnchor, "trustAnchors"),
    "ListProfiles": (Profile, "profiles"),
    "ListCrls": (Crl, "crls"),
    "ListSubjects": (Subject, "subjects"),
}
# Every other operation says by one of these parameters which resource it means, of which kind.
_IDENTIFIERS: Final[Mapping[str, type[Resource]]] = {
    "trustAnchorId": TrustAnchor,
    "profileId": Profile,
    "crlId": Crl,
    "subjectId": Subject,
}


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who calls, in which region, and what IAM allows that caller: `may(action, resource, context)`."""

    account: str
    partition: str
    region: str
    arn: str
    may: Callable[[str, str, RequestContext], bool]

    def arn_of(self, kind: type[Resource], identifier: str) -> Arn:
        """Return the ARN that `identifier`, itself an ARN or a UUID, means to this caller."""
        if identifier.startswith("arn:"):
            return _arn(identifier)
        return Arn(self.partition, "rolesanywhere", self.region, self.account, f"{kind.kind}/{identifier}")

    def demand(self, action: str, resource: str, context: RequestContext) -> None:
        """Return where IAM allows `action` on `resource`; Refusal otherwise."""
        if not self.may(action, resource, context):
            raise access_denied(unauthorized_text(self.arn, action, resource))


@dataclass(frozen=True, slots=True)
class Management:
    """The operations, over the resources of one emulator."""

    resources: Resources
    clock: Clock

    def perform(self, call: Call, administrator: Administrator) -> Mapping[str, object]:
        """Return the answer to `call`; Refusal where it is not allowed, not valid, or not there."""
        if call.operation in _CREATED:
            return self._create(_CREATED[call.operation], call, administrator)
        if call.operation in _LISTED:
            return self._list(*_LISTED[call.operation], call, administrator)
        if "resourceArn" in call.parameters:
            return self._tag(call, administrator)
        identifier = next(name for name in _IDENTIFIERS if name in call.parameters)
        kind = _IDENTIFIERS[identifier]
        resource = self._found(kind, administrator.arn_of(kind, call.parameters[identifier]), call, administrator)
        if call.operation.startswith("Get"):
            return {kind.prefix: resource.detail()}
        if call.operation.startswith("Delete") and call.operation != "DeleteAttributeMapping":
            self.resources.remove(resource.arn)
            return {kind.prefix: resource.detail()}
        return {kind.prefix: self._change(resource, call, administrator)}

    def _create(
        self, kind: type[Provisioned], call: Call, administrator: Administrator
    ) -> Mapping[str, dict[str, object]]:
        administrator.demand(call.action, "*", tag_context({}, call.parameters))
        arn = administrator.arn_of(kind, str(uuid4()))
        resource = created(kind, call.parameters, arn, self.clock.now())
        match resource:
            case Profile():
                _demand_roles(call, administrator)
                resource = replace(resource, created_by=administrator.arn)
            case Crl():
                self._check_room(resource)
        self._check_alias(resource)
        self.resources.put(resource)
        return {kind.prefix: resource.detail()}

    def _list(
        self, kind: type[Resource], several: str, call: Call, administrator: Administrator
    ) -> Mapping[str, object]:
        administrator.demand(call.action, "*", {})
        found = self.resources.list(kind, administrator.account, administrator.region)
        shown, token = page(found, call.parameters)
        details = [one.summary() if isinstance(one, Subject) else one.detail() for one in shown]
        return {several: details} | ({"nextToken": token} if token else {})

    def _found(self, kind: type[Resource], arn: Arn, call: Call, administrator: Administrator) -> Resource:
        """Return the resource that `arn`, its own or its alias's, means and that the caller may use."""
        if arn.resource.startswith("alias/"):
            found = self.resources.by_alias(kind, arn, arn.resource.split("/", 2)[2])
        else:
            found = self.resources.get(kind, str(arn))
        # A policy that names an alias's ARN does not apply to the resource: its own is asked for.
        tags = found.tags if found else {}
        administrator.demand(call.action, str(found.arn if found else arn), tag_context(tags, call.parameters))
        here = (administrator.account, administrator.region)
        if found is None or (found.arn.account, found.arn.region) != here:
            raise not_found(f"{kind.kind} not found")
        return found

    def _change(self, resource: Resource, call: Call, administrator: Administrator) -> dict[str, object]:
        if isinstance(resource, Profile):
            _demand_roles(call, administrator)
        changed = replace(_changed(resource, call.operation, call.parameters), updated_at=self.clock.now())
        self._check_alias(changed)
        self.resources.put(changed)
        before = "" if isinstance(resource, Subject) else resource.alias
        renamed = before and not isinstance(changed, Subject) and changed.alias != before
        return changed.detail() | ({"previousAliasName": before} if renamed else {})

    def _tag(self, call: Call, administrator: Administrator) -> Mapping[str, object]:
        arn = _arn(call.parameters["resourceArn"])
        kind = next((kind for kind in _IDENTIFIERS.values() if kind.kind == arn.kind), None)
        if kind is None:
            raise invalid(f"Not the ARN of a resource of Roles Anywhere: {arn}")
        resource = self._found(kind, arn, call, administrator)
        if call.operation == "ListTagsForResource":
            return {"tags": tag_details(resource.tags)}
        if call.operation == "TagResource":
            tags = with_tags(resource.tags, call.parameters["tags"])
        else:
            tags = without_tags(resource.tags, call.parameters["tagKeys"])
        self.resources.put(replace(resource, tags=tags))
        return {}

    def _check_alias(self, resource: Resource) -> None:
        if isinstance(resource, Subject) or not resource.alias:
            return
        holder = self.resources.by_alias(type(resource), resource.arn, resource.alias)
        if holder is not None and holder.arn != resource.arn:
            raise invalid(f"The alias {resource.alias} belongs to another {resource.kind}")

    def _check_room(self, crl: Crl) -> None:
        if self.resources.get(TrustAnchor, crl.trust_anchor_arn) is None:
            raise not_found("Trust anchor not found")
        lists = self.resources.list(Crl, crl.arn.account, crl.arn.region)
        if sum(one.trust_anchor_arn == crl.trust_anchor_arn for one in lists) >= _MOST_LISTS:
            raise invalid(f"A trust anchor may have at most {_MOST_LISTS} certificate revocation lists")


def _changed(resource: Resource, operation: str, parameters: Mapping[str, Any]) -> Resource:
    """Return what `operation` makes of `resource`."""
    match operation, resource:
        case "EnableTrustAnchor" | "EnableProfile" | "EnableCrl", _:
            return replace(resource, enabled=True)
        case "DisableTrustAnchor" | "DisableProfile" | "DisableCrl", _:
            return replace(resource, enabled=False)
        case "UpdateTrustAnchor" | "UpdateProfile" | "UpdateCrl", TrustAnchor() | Profile() | Crl():
            return updated(resource, parameters)
        case "PutAttributeMapping" | "DeleteAttributeMapping", Profile():
            return replace(resource, mappings=_mappings(resource, parameters))
        case "PutNotificationSettings" | "ResetNotificationSettings", TrustAnchor():
            return replace(resource, notifications=_notifications(resource, parameters))
    raise Refusal(501, "NotImplemented", f"rolebound's emulator has no {operation}")


def _mappings(profile: Profile, parameters: Mapping[str, Any]) -> Mappings:
    field = parameters["certificateField"]
    if "mappingRules" in parameters:
        return with_mapping(profile.mappings, field, parameters["mappingRules"])
    return without_mapping(profile.mappings, field, parameters.get("specifiers"))


def _notifications(anchor: TrustAnchor, parameters: Mapping[str, Any]) -> Notifications:
    if "notificationSettings" in parameters:
        return with_settings(anchor.notifications, parameters["notificationSettings"], anchor.arn.account)
    return without_settings(anchor.notifications, parameters["notificationSettingKeys"])


def _arn(text: str) -> Arn:
    try:
        return Arn.parse(text)
    except ValueError:
        raise invalid(f"Not an ARN: {text}") from None


def _demand_roles(call: Call, administrator: Administrator) -> None:
    """Return where the caller may pass every role that this call puts into a profile; Refusal otherwise."""
    # https://docs.aws.amazon.com/rolesanywhere/latest/userguide/security_iam_troubleshoot.html
    for role in call.parameters.get("roleArns", ()):
        administrator.demand("iam:PassRole", role, {"iam:passedtoservice": ("rolesanywhere.amazonaws.com",)})
