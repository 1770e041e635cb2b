"""Whether IAM lets a signed request through, in the place where moto asks that question.

moto checks each request's signature and names its action and resource; its judgement of policies is replaced by ours,
because moto knows no session policies, tags or context, takes an unmet Condition for a Deny and reads patterns as
regular expressions. `judging` puts that in force for one account and takes it back; nothing else of moto is touched.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Final, cast

from moto.core.authorization import enable_iam_authentication
from moto.iam import access_control
from moto.iam.access_control import IAMRequest, IAMRequestBase, S3IAMRequest
from moto.iam.models import get_account_id_from
from werkzeug.datastructures import Headers

from rolebound.emulator.callers import Caller, caller_of
from rolebound.emulator.clock import Clock, iso8601
from rolebound.emulator.messages import HttpRequest, Refusal
from rolebound.emulator.patterns import RequestContext
from rolebound.emulator.policies import AccessRequest, allowed
from rolebound.emulator.sessions import SessionBook

# Never refused once the signature holds: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_ALWAYS_ALLOWED: Final = "sts:GetCallerIdentity"
# What policies for S3 ask of a request: https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
_S3_KEYS: Final = {"prefix": "s3:prefix", "delimiter": "s3:delimiter", "max-keys": "s3:max-keys"}


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the requests of one account by its policies, its sessions and its clock."""

    sessions: SessionBook
    clock: Clock

    def allows(self, caller: Caller, action: str, resource: str, further: RequestContext) -> bool:
        """Return whether IAM allows `caller` this action on this resource, in a request with that `further` context."""
        if action == _ALWAYS_ALLOWED:
            return True
        request = AccessRequest(action, resource, self.context(caller) | dict(further))
        # A session has what its role and its session policies both allow.
        session = self.sessions.get(caller.access_key_id)
        caps = [caller.policies]
        if session is not None and session.session_policies is not None:
            caps.append(session.session_policies)
        return all(allowed(documents, request) for documents in caps)

    def context(self, caller: Caller) -> dict[str, tuple[str, ...]]:
        """Return the condition keys that every request of `caller` has now."""
        now = self.clock.now()
        context: dict[str, tuple[str, ...]] = {
            "aws:principalarn": (caller.principal_arn,),
            "aws:principalaccount": (caller.account,),
            "aws:principaltype": ("User" if caller.user_name else "AssumedRole",),
            "aws:requestedregion": (caller.region,),
            "aws:currenttime": (iso8601(now),),
            "aws:epochtime": (str(int(now.timestamp())),),
            "aws:viaawsservice": ("false",),
        }
        if caller.user_name:
            context["aws:username"] = (caller.user_name,)
        session = self.sessions.get(caller.access_key_id)
        if session is not None:
            if session.source_identity is not None:
                context["aws:sourceidentity"] = (session.source_identity,)
            context |= {f"aws:principaltag/{key.lower()}": (value,) for key, value in session.tags.items()}
        return context


class _Judged(IAMRequestBase):
    """moto's request, about which the account's Judge decides."""

    def check_action_permitted(self, resource: str) -> None:
        judge = _JUDGES.get(self.account_id)
        access_key_id = access_key_of(self._headers["Authorization"])
        caller = caller_of(self.account_id, self._region, access_key_id, self._access_key)
        if judge is None or not judge.allows(caller, self._action, resource, _parameters(self._data)):
            self._raise_access_denied()


class JudgedRequest(_Judged, IAMRequest):
    """A request for any service but S3."""


class JudgedS3Request(_Judged, S3IAMRequest):
    """A request for S3, whose errors have a form of their own."""


class SignedRequest(_Judged, IAMRequest):
    """A request that this stand-in answers itself, for Roles Anywhere or STS, with that service's error codes."""

    def _raise_signature_does_not_match(self) -> None:
        code = "SignatureDoesNotMatch" if self._service == "sts" else "InvalidSignatureException"
        raise Refusal(403, code, "The request signature does not match: check the secret key")

    def _raise_invalid_access_key(self, _: str) -> None:
        code = "InvalidClientTokenId" if self._service == "sts" else "UnrecognizedClientException"
        raise Refusal(403, code, "The security token included in the request is invalid.")

    def caller(self) -> Caller:
        """Return who made the request, once its signature holds; Refusal where it does not."""
        self.check_signature()
        access_key_id = access_key_of(self._headers["Authorization"])
        return caller_of(self.account_id, self._region, access_key_id, self._access_key)


def caller_who_signed(request: HttpRequest, operation: str) -> Caller:
    """Return who made a call that this stand-in answers itself; Refusal where the signature does not hold."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    headers = Headers(list(request.headers))
    if "X-Amz-Date" not in headers:
        raise Refusal(403, "IncompleteSignatureException", "X-Amz-Date is missing")
    return SignedRequest(
        account_id=get_account_id_from(access_key_of(headers["Authorization"])),
        method=request.method,
        path=target,
        data={},
        body=request.body,
        headers=cast("dict[str, str]", headers),  # moto only looks names up, in any case
        action=operation,
    ).caller()


def _parameters(data: Mapping[str, object]) -> RequestContext:
    found = {key: data.get(name) for name, key in _S3_KEYS.items()}
    return {key: (str(values[0]),) for key, values in found.items() if isinstance(values, list) and values}


def access_key_of(authorization: str) -> str:
    """Return the access key id in an Authorization header of Signature Version 4."""
    return authorization.partition("Credential=")[2].partition("/")[0]


_JUDGES: Final[dict[str, Judge]] = {}
_ORIGINALS: Final = (access_control.IAMRequest, access_control.S3IAMRequest)
_IN_FORCE: Final = ExitStack()
_LOCK: Final = Lock()


@contextmanager
def judging(account: str, judge: Judge) -> Iterator[None]:
    """Let `judge` decide on this account's requests, and make moto ask for authentication, until the block ends."""
    with _LOCK:
        if account in _JUDGES:
            raise ValueError(f"account {account} belongs to another emulator that runs in this process")
        if not _JUDGES:
            _IN_FORCE.enter_context(enable_iam_authentication())
            _IN_FORCE.enter_context(_replaced())
        _JUDGES[account] = judge
    try:
        yield
    finally:
        with _LOCK:
            del _JUDGES[account]
            if not _JUDGES:
                _IN_FORCE.close()


@contextmanager
def _replaced() -> Iterator[None]:
    # moto imports both names anew for every request, so that they can be replaced where they stand.
    access_control.IAMRequest, access_control.S3IAMRequest = JudgedRequest, JudgedS3Request  # type: ignore[misc]  # see above
    try:
        yield
    finally:
        access_control.IAMRequest, access_control.S3IAMRequest = _ORIGINALS  # type: ignore[misc]  # see above
