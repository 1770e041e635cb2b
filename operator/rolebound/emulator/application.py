"""What answers each request: Roles Anywhere and its quota ourselves, IAM, STS and S3 by moto, and the control API.

Decides by the credential scope, as AWS's front does by host name, because every service shares this endpoint. A session
key that has expired ends here, in the error form of its service; moto never asks for the time.
"""

import re
from dataclasses import dataclass
from typing import Final

from rolebound.emulator.accounts import pass_to_moto
from rolebound.emulator.api_model import call
from rolebound.emulator.authorization import Judge, caller_who_signed
from rolebound.emulator.control import PREFIX, Control
from rolebound.emulator.kept_state import KeptState, changes_something
from rolebound.emulator.management import Administrator, Management
from rolebound.emulator.messages import (
    HttpRequest,
    HttpResponse,
    Refusal,
    json_answer,
    json_refusal,
    query_refusal,
    s3_refusal,
)
from rolebound.emulator.quotas import Quotas
from rolebound.emulator.role_chaining import RoleChaining
from rolebound.emulator.role_request import parameters_of, read_role_request
from rolebound.emulator.session_service import SessionService

_ROLES_ANYWHERE: Final = "rolesanywhere"
_QUOTAS: Final = "servicequotas"
_BY_MOTO: Final = frozenset({"iam", "sts", "s3"})
# The other operations of STS give out sessions to which no policy and no expiry of ours would apply.
_STS_BY_MOTO: Final = frozenset({"GetCallerIdentity", "GetAccessKeyInfo"})
_FORMS: Final = {_ROLES_ANYWHERE: json_refusal, "s3": s3_refusal}
_REFUSED: Final = 300
_SCOPE: Final = re.compile(
    r"AWS4-(?P<algorithm>[A-Z0-9-]+) "
    r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request,.*",
    re.ASCII,
)
# AWS's own words; S3 says it with 400, the others with 403:
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_EXPIRED: Final = {
    "s3": Refusal(400, "ExpiredToken", "The provided token has expired."),
    _ROLES_ANYWHERE: Refusal(403, "ExpiredTokenException", "The security token included in the request is expired"),
}
_EXPIRED_ELSEWHERE: Final = Refusal(403, "ExpiredToken", "The security token included in the request is expired")


@dataclass(frozen=True, slots=True)
class Application:
    """Every request of one emulator comes here."""

    sessions: SessionService
    management: Management
    chaining: RoleChaining
    quotas: Quotas
    judge: Judge
    control: Control
    kept: KeptState | None
    scheme: str

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to `request`; ConnectionDropped where a fault leaves it without one."""
        if request.path.startswith(PREFIX):
            return self.control.answer(request)
        scope = _SCOPE.fullmatch(request.header("Authorization") or "")
        service = scope["service"] if scope else ""
        if (request.method, request.path) == ("POST", "/sessions") and service in ("", _ROLES_ANYWHERE):
            return self.sessions.create_session(request)
        try:
            return self._answer_signed(request, scope)
        except Refusal as refusal:
            return _FORMS.get(service, query_refusal)(refusal)

    def _answer_signed(self, request: HttpRequest, scope: re.Match[str] | None) -> HttpResponse:
        if scope is None or scope["algorithm"] != "HMAC-SHA256":
            raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        service = scope["service"]
        session = self.judge.sessions.get(scope["key"])
        if session is not None and session.expires_at <= self.judge.clock.now():
            raise _EXPIRED.get(service, _EXPIRED_ELSEWHERE)
        if service == _ROLES_ANYWHERE:
            return self._manage(request)
        if service == _QUOTAS:
            return self.quotas.answer(request)
        if service not in _BY_MOTO:
            raise Refusal(501, "NotImplemented", f"rolebound's emulator has no {service}")
        if service == "sts":
            return self._sts(request)
        answer = pass_to_moto(request, scheme=self.scheme)
        if service == "iam" and answer.status < _REFUSED:
            self._keep(parameters_of(request).get("Action", ""))
        return answer

    def _sts(self, request: HttpRequest) -> HttpResponse:
        parameters = parameters_of(request)
        operation = parameters.get("Action", "")
        if operation == "AssumeRole":
            return self.chaining.assume_role(caller_who_signed(request, operation), read_role_request(parameters))
        if operation not in _STS_BY_MOTO:
            raise Refusal(501, "NotImplemented", f"rolebound's emulator has no {operation} of sts")
        return pass_to_moto(request, scheme=self.scheme)

    def _manage(self, request: HttpRequest) -> HttpResponse:
        called = call(request)
        caller = caller_who_signed(request, called.operation)
        administrator = Administrator(
            account=caller.account,
            partition=caller.partition,
            region=caller.region,
            arn=caller.arn,
            may=lambda action, resource, context: self.judge.allows(caller, action, resource, context),
        )
        document = self.management.perform(called, administrator)
        self._keep(called.operation)
        return json_answer(called.success, document)

    def _keep(self, operation: str) -> None:
        if self.kept is None or not changes_something(operation):
            return
        try:
            self.kept.save()
        except OSError as error:
            raise Refusal(500, "InternalFailure", f"The state file cannot be written: {error}") from error
