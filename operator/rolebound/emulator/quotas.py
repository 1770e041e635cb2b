"""Service Quotas: how many CreateSession calls a second there may be, for who wants to know before he makes them.

Of the service, ListServiceQuotas for Roles Anywhere alone; a stand-in without a rate limit has no such quota.
https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
"""

import json
from dataclasses import dataclass
from typing import Final

from rolebound.emulator.authorization import Judge, caller_who_signed
from rolebound.emulator.messages import HttpRequest, HttpResponse, Refusal, json_answer, unauthorized_text
from rolebound.emulator.throttle import Throttle

_OPERATION: Final = "ListServiceQuotas"
_ACTION: Final = f"servicequotas:{_OPERATION}"
_TARGET: Final = f"ServiceQuotasV20190624.{_OPERATION}"
_SERVICE: Final = "rolesanywhere"


@dataclass(frozen=True, slots=True)
class Quotas:
    """Tells the quota that the stand-in keeps."""

    judge: Judge
    throttle: Throttle | None

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to `request`, in AWS JSON 1.1."""
        try:
            return json_answer(200, self._listed(request))
        except Refusal as refusal:
            return json_answer(refusal.status, {"__type": refusal.code, "message": refusal.message})

    def _listed(self, request: HttpRequest) -> dict[str, object]:
        if request.header("X-Amz-Target") != _TARGET:
            raise Refusal(501, "NotImplemented", f"rolebound's emulator has only {_OPERATION} of servicequotas")
        caller = caller_who_signed(request, _OPERATION)
        if not self.judge.allows(caller, _ACTION, "*", {}):
            raise Refusal(400, "AccessDeniedException", unauthorized_text(caller.arn, _ACTION, "*"))
        if _service_code(request.body) != _SERVICE:
            raise Refusal(400, "NoSuchResourceException", f"The emulator has no quotas but those of {_SERVICE}.")
        if self.throttle is None:
            return {"Quotas": []}
        quota = {
            "ServiceCode": _SERVICE,
            "ServiceName": "IAM Roles Anywhere",
            "QuotaName": "Rate of CreateSession requests",
            "Value": self.throttle.rate,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
            "Period": {"PeriodValue": 1, "PeriodUnit": "SECOND"},
        }
        return {"Quotas": [quota]}


def _service_code(body: bytes) -> str:
    try:
        return str(json.loads(body)["ServiceCode"])
    except (ValueError, TypeError, KeyError):
        raise Refusal(400, "IllegalArgumentException", "ServiceCode is missing.") from None
