"""STS AssumeRole, with which a session of Roles Anywhere goes on to another role of its account.

Decides whether the caller may have the role, and for how long: from a session an hour at most. moto's own AssumeRole
asks neither the role's maximum nor the chain's, and knows no session tags, source identity or managed session policies.
Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from moto.sts.models import AssumedRole

from rolebound.emulator.accounts import Role, find_role, managed_policy, mint_session
from rolebound.emulator.arns import Arn
from rolebound.emulator.authorization import Judge
from rolebound.emulator.callers import Caller
from rolebound.emulator.clock import iso8601
from rolebound.emulator.messages import HttpResponse, Refusal, query_answer, unauthorized_text
from rolebound.emulator.patterns import RequestContext
from rolebound.emulator.policies import AccessRequest, allowed
from rolebound.emulator.role_request import RoleRequest
from rolebound.emulator.sessions import Session

# "your session is limited to a maximum of one hour": https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html
_LONGEST_CHAINED: Final = 3600
_DEFAULT_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What goes on from the caller's own session, whether it asks for it or not."""

    tags: Mapping[str, str] = field(default_factory=dict)
    source_identity: str | None = None


@dataclass(frozen=True, slots=True)
class RoleChaining:
    """AssumeRole over the sessions and the clock of one emulator."""

    judge: Judge

    def assume_role(self, caller: Caller, asked: RoleRequest) -> HttpResponse:
        """Return the answer with the new session's keys; Refusal where the caller gets none."""
        inherited = self._inherited(caller)
        if inherited.source_identity is not None and asked.source_identity not in (None, inherited.source_identity):
            raise _denied(caller, "sts:SetSourceIdentity", asked.role_arn)
        role = self._role(caller, asked, inherited)
        seconds = _seconds(caller, role, asked)
        expires_at = self.judge.clock.now().replace(microsecond=0) + timedelta(seconds=seconds)
        minted = mint_session(role, caller.region, asked.session_name, expires_at)
        session = Session(
            access_key_id=minted.access_key_id,
            role_arn=role.arn,
            expires_at=expires_at,
            session_policies=_session_policies(caller, asked),
            tags={**inherited.tags, **asked.tags},
            source_identity=inherited.source_identity or asked.source_identity,
            transitive=asked.transitive | inherited.tags.keys(),
        )
        self.judge.sessions.add(session)
        return query_answer("AssumeRole", _result(minted, session))

    def _inherited(self, caller: Caller) -> _Inherited:
        session = self.judge.sessions.get(caller.access_key_id)
        if session is None:
            return _Inherited()
        tags = {key: value for key, value in session.tags.items() if key in session.transitive}
        return _Inherited(tags, session.source_identity)

    def _role(self, caller: Caller, asked: RoleRequest, inherited: _Inherited) -> Role:
        """Return the role, where the caller's policies and the role's trust policy both allow all that is asked."""
        arn = Arn.parse(asked.role_arn)
        role = find_role(arn) if arn.account == caller.account else None
        if role is None:
            raise _denied(caller, "sts:AssumeRole", asked.role_arn)
        actions = ["sts:AssumeRole"]
        if asked.tags or inherited.tags:
            actions.append("sts:TagSession")
        # Also for one that is inherited:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
        if asked.source_identity or inherited.source_identity:
            actions.append("sts:SetSourceIdentity")
        further = _context(asked, inherited)
        for action in actions:
            trusting = AccessRequest(action, "*", self.judge.context(caller) | dict(further), caller.principals)
            permitted = self.judge.allows(caller, action, role.arn, further)
            if not permitted or not allowed([role.trust_policy], trusting):
                raise _denied(caller, action, role.arn)
        return role


def _context(asked: RoleRequest, inherited: _Inherited) -> RequestContext:
    context = {"sts:rolesessionname": (asked.session_name,)}
    identity = inherited.source_identity or asked.source_identity
    single = {"sts:externalid": asked.external_id, "sts:sourceidentity": identity}
    context |= {key: (value,) for key, value in single.items() if value is not None}
    tags = {**inherited.tags, **asked.tags}
    context |= {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    several = {"aws:tagkeys": tuple(tags), "sts:transitivetagkeys": tuple(asked.transitive)}
    return context | {key: values for key, values in several.items() if values}


def _seconds(caller: Caller, role: Role, asked: RoleRequest) -> int:
    seconds = asked.seconds or _DEFAULT_SECONDS
    if caller.role_arn is not None and seconds > _LONGEST_CHAINED:
        raise _invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    if seconds > role.maximum_seconds:
        raise _invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return seconds


def _session_policies(caller: Caller, asked: RoleRequest) -> tuple[str, ...] | None:
    managed = [managed_policy(caller.account, caller.partition, arn) for arn in asked.policy_arns]
    found = [document for document in managed if document is not None]
    if len(found) < len(managed):
        raise _invalid("A policy in PolicyArns does not exist.")
    inline = [asked.policy] if asked.policy else []
    return (*inline, *found) if inline or found else None


def _result(minted: AssumedRole, session: Session) -> Mapping[str, object]:
    result: dict[str, object] = {
        "AssumedRoleUser": {"Arn": minted.arn, "AssumedRoleId": minted.user_id},
        "Credentials": {
            "AccessKeyId": minted.access_key_id,
            "SecretAccessKey": minted.secret_access_key,
            "SessionToken": minted.session_token,
            "Expiration": iso8601(session.expires_at),
        },
    }
    return result | ({"SourceIdentity": session.source_identity} if session.source_identity else {})


def _denied(caller: Caller, action: str, resource: str) -> Refusal:
    return Refusal(403, "AccessDenied", unauthorized_text(caller.arn, action, resource))


def _invalid(message: str) -> Refusal:
    return Refusal(400, "ValidationError", message)
