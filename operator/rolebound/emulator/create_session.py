"""CreateSession's decision: whether the signer may have a session of the role, and the session that it gets.

Every check that AWS documents, in one order; the first that fails is the answer. Texts are AWS's own where someone has
published them, and plain sentences of ours where nobody has. Knows nothing of throttling, faults or logs.
Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography import x509
from moto.sts.models import AssumedRole

from rolebound.emulator.accounts import Role, find_role, managed_policy, mint_session
from rolebound.emulator.attributes import serial_hex, session_tags, source_identity
from rolebound.emulator.certificates import check_leaf, revoked, trusted_chain
from rolebound.emulator.clock import Clock, iso8601
from rolebound.emulator.messages import HttpRequest, Refusal, access_denied, not_found
from rolebound.emulator.policies import AccessRequest, allowed
from rolebound.emulator.resources import Attempt, Profile, Resources, Subject, TrustAnchor
from rolebound.emulator.session_request import CheckedRequest, SessionRequest, check
from rolebound.emulator.sessions import Session, SessionBook
from rolebound.emulator.signature import Signer, authenticate
from rolebound.emulator.subjects import seen, subject_arn

PRINCIPAL: Final = "rolesanywhere.amazonaws.com"
# All three, because each session is tagged and has a source identity:
# https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
_ACTIONS: Final = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
# The plain-text limit of session policies, of which packedPolicySize tells the share:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_POLICY_CHARACTERS: Final = 2048
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Grant:
    """Everything that a session follows from, before it is minted."""

    leaf: x509.Certificate
    anchor: TrustAnchor
    profile: Profile
    role: Role
    tags: Mapping[str, str]
    session_name: str
    seconds: int

    @property
    def packed_size(self) -> int:
        """How much of the room for session policies and tags is used, in percent; AWS publishes no formula."""
        return len(self.profile.session_policy or "") * _WHOLE // _POLICY_CHARACTERS + len(self.tags)


@dataclass(frozen=True, slots=True)
class Issued:
    """One session, by the name that AWS gave it, and the body of the answer."""

    session: Session
    session_name: str
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SessionIssuer:
    """CreateSession over the resources, sessions and clock of one emulator."""

    resources: Resources
    sessions: SessionBook
    clock: Clock
    # Sessions end this soon at the latest, however much longer they were asked for.
    lifetime: timedelta | None = None

    def issue(self, request: HttpRequest, asked: SessionRequest) -> Issued:
        """Return the session that `request` gets; Refusal where it gets none."""
        signer = authenticate(request, self.clock.now())
        checked = check(asked)
        if signer.region != checked.trust_anchor.region:
            raise access_denied("Credential should be scoped to the region of the trust anchor.")
        anchor = self._anchor(checked)
        now = self.clock.now()
        check_leaf(signer.leaf, now)
        chain = trusted_chain(signer.leaf, signer.chain, anchor.bundle, now)
        try:
            if revoked(signer.leaf, chain[1], self.resources.revocation_lists(anchor)):
                raise access_denied("Certificate revoked")
            issued = self._mint(self._grant(signer, anchor, checked))
        except Refusal:
            self._note(signer, anchor, checked, failed=True)
            raise
        self._note(signer, anchor, checked, failed=False)
        return issued

    def _anchor(self, checked: CheckedRequest) -> TrustAnchor:
        anchor = self.resources.get(TrustAnchor, str(checked.trust_anchor))
        if anchor is None:
            raise not_found("Trust anchor not found")
        if not anchor.enabled:
            raise access_denied("Trust anchor is disabled")
        return anchor

    def _note(self, signer: Signer, anchor: TrustAnchor, checked: CheckedRequest, *, failed: bool) -> None:
        arn = subject_arn(anchor.arn, signer.leaf)
        attempt = Attempt(signer.leaf, self.clock.now(), failed, checked.properties)
        self.resources.change(Subject, str(arn), seen(arn, attempt))

    def _grant(self, signer: Signer, anchor: TrustAnchor, checked: CheckedRequest) -> Grant:
        profile = self._profile(checked)
        role = find_role(checked.role) if str(checked.role) in profile.role_arns else None
        if role is None:
            raise _unable(str(checked.role))
        seconds = min(profile.duration_seconds, checked.seconds or profile.duration_seconds)
        if seconds > role.maximum_seconds:
            reason = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise _unable(role.arn, reason)
        tags, dropped = session_tags(signer.leaf, profile.mappings)
        name = checked.session_name or serial_hex(signer.leaf)
        grant = Grant(signer.leaf, anchor, profile, role, tags, name, seconds)
        if not _trusted_by_role(grant):
            raise _unable(role.arn, _dropped_tags(dropped))
        if grant.packed_size > _WHOLE:
            raise _unable(role.arn, "The session policy and session tags are larger than a session can hold.")
        return grant

    def _profile(self, checked: CheckedRequest) -> Profile:
        profile = self.resources.get(Profile, str(checked.profile))
        if profile is None or profile.arn.region != checked.trust_anchor.region:
            raise not_found("Profile not found")
        if not profile.enabled:
            raise access_denied("Profile is disabled")
        if checked.session_name is not None and not profile.accept_role_session_name:
            raise access_denied("Not authorized to set roleSessionName")
        return profile

    def _mint(self, grant: Grant) -> Issued:
        lifetime = timedelta(seconds=grant.seconds)
        # Whole seconds, as the answer says it, so that no key works longer than that.
        expires_at = self.clock.now().replace(microsecond=0) + min(lifetime, self.lifetime or lifetime)
        minted = mint_session(grant.role, grant.anchor.arn.region, grant.session_name, expires_at)
        session = Session(
            access_key_id=minted.access_key_id,
            role_arn=grant.role.arn,
            expires_at=expires_at,
            session_policies=_session_policies(grant.profile),
            tags=grant.tags,
            source_identity=source_identity(grant.leaf),
        )
        self.sessions.add(session)
        return Issued(session, grant.session_name, _answer(grant, session, minted))


def _trusted_by_role(grant: Grant) -> bool:
    context = {
        "aws:sourcearn": (str(grant.anchor.arn),),
        "aws:sourceaccount": (grant.anchor.arn.account,),
        "aws:tagkeys": tuple(grant.tags),
        "sts:sourceidentity": (source_identity(grant.leaf),),
        "sts:rolesessionname": (grant.session_name,),
    }
    for key, value in grant.tags.items():
        context |= {f"aws:principaltag/{key.lower()}": (value,), f"aws:requesttag/{key.lower()}": (value,)}
    principals = {"Service": frozenset({PRINCIPAL})}
    return all(
        allowed([grant.role.trust_policy], AccessRequest(action, "*", context, principals)) for action in _ACTIONS
    )


def _session_policies(profile: Profile) -> tuple[str, ...] | None:
    """Return the documents that cap the profile's sessions, or None where it sets none."""
    if profile.session_policy is None and not profile.managed_policy_arns:
        return None
    inline = (profile.session_policy,) if profile.session_policy is not None else ()
    account, partition = profile.arn.account, profile.arn.partition
    managed = (managed_policy(account, partition, arn) for arn in profile.managed_policy_arns)
    return (*inline, *(document for document in managed if document is not None))


def _answer(grant: Grant, session: Session, minted: AssumedRole) -> Mapping[str, object]:
    return {
        "credentialSet": [
            {
                "assumedRoleUser": {"arn": minted.arn, "assumedRoleId": minted.user_id},
                "credentials": {
                    "accessKeyId": minted.access_key_id,
                    "secretAccessKey": minted.secret_access_key,
                    "sessionToken": minted.session_token,
                    "expiration": iso8601(session.expires_at),
                },
                "packedPolicySize": grant.packed_size,
                "roleArn": grant.role.arn,
                "sourceIdentity": session.source_identity,
            }
        ],
        "subjectArn": str(subject_arn(grant.anchor.arn, grant.leaf)),
    }


def _dropped_tags(keys: list[str]) -> str:
    """Return what AWS adds to its refusal where attributes became no tags, which the trust policy may wait for."""
    if not keys:
        return ""
    fields = {"Issuer": "x509Issuer/", "Subject": "x509Subject/", "SAN": "x509SAN/"}
    lists = [
        f"{name}: [ {', '.join(key.removeprefix(prefix) for key in keys if key.startswith(prefix))} ]"
        for name, prefix in fields.items()
    ]
    return f"Some attributes failed to be mapped into session tags. {'; '.join(lists)}"


def _unable(role_arn: str, reason: str = "") -> Refusal:
    return access_denied(f"Unable to assume role for {role_arn}{f'. {reason}' if reason else ''}")
