"""What answers each request: Roles Anywhere ourselves, IAM, STS and S3 by moto, and the control API for tests.

Decides by the credential scope, as AWS's front does by host name, because every service shares this endpoint. A session
key that has expired ends here, in the error form of its service; moto never asks for the time.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from moto.iam.models import get_account_id_from

from rolebound.emulator.accounts import pass_to_moto
from rolebound.emulator.api_model import call
from rolebound.emulator.authorization import Judge, caller_who_signed
from rolebound.emulator.callers import assumed_role
from rolebound.emulator.control import PREFIX, Control
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
from rolebound.emulator.session_service import SessionService

_ROLES_ANYWHERE: Final = "rolesanywhere"
_BY_MOTO: Final = frozenset({"iam", "sts", "s3"})
_FORMS: Final = {_ROLES_ANYWHERE: json_refusal, "s3": s3_refusal}
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
    judge: Judge
    control: Control
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
        self._check_expiry(service, scope["region"], scope["key"])
        if service == _ROLES_ANYWHERE:
            return self._manage(request)
        if service not in _BY_MOTO:
            raise Refusal(501, "NotImplemented", f"rolebound's emulator has no {service}")
        return pass_to_moto(request, scheme=self.scheme)

    def _check_expiry(self, service: str, region: str, access_key_id: str) -> None:
        session = self.judge.sessions.get(access_key_id)
        expires_at = session.expires_at if session else _chained_expiry(region, access_key_id)
        if expires_at is not None and expires_at <= self.judge.clock.now():
            raise _EXPIRED.get(service, _EXPIRED_ELSEWHERE)

    def _manage(self, request: HttpRequest) -> HttpResponse:
        called = call(request)
        caller = caller_who_signed(request, called.operation)
        administrator = Administrator(
            account=caller.account,
            partition=caller.partition,
            region=caller.region,
            arn=caller.arn,
            may=lambda action, resource: self.judge.allows(caller, action, resource, {}),
        )
        return json_answer(called.success, self.management.perform(called, administrator))


def _chained_expiry(region: str, access_key_id: str) -> datetime | None:
    """Return when a session of STS's own AssumeRole ends, counted from the machine's time; None for other keys."""
    if not access_key_id.startswith("ASIA"):
        return None
    chained = assumed_role(get_account_id_from(access_key_id), region, access_key_id)
    return chained.expiration.replace(tzinfo=UTC) if chained else None
