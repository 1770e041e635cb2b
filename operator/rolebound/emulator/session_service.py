"""CreateSession as the network meets it: faults and throttling before the decision, the log after it.

Decides nothing about certificates or roles; that is `create_session`. Whatever happens to a call, the log has it once.
"""

from dataclasses import dataclass, replace
from typing import Final

from rolebound.emulator.arns import Arn
from rolebound.emulator.clock import Clock
from rolebound.emulator.create_session import SessionIssuer
from rolebound.emulator.faults import Faults
from rolebound.emulator.messages import (
    ConnectionDropped,
    HttpRequest,
    HttpResponse,
    Refusal,
    json_answer,
    json_refusal,
)
from rolebound.emulator.request_log import ISSUED, RequestLog, RequestRecord
from rolebound.emulator.session_request import SessionRequest, read
from rolebound.emulator.throttle import Throttle

_CREATED: Final = 201


@dataclass(frozen=True, slots=True)
class SessionService:
    """`POST /sessions` of one emulator."""

    issuer: SessionIssuer
    faults: Faults
    log: RequestLog
    clock: Clock
    throttle: Throttle | None

    def create_session(self, request: HttpRequest) -> HttpResponse:
        """Return the answer to one call; ConnectionDropped where a fault leaves it without one."""
        asked = read(request)
        fault = self.faults.take(asked)
        seen = _observed(request, asked, self.clock)
        try:
            answer = self.faults.perform(fault) if fault is not None else None
            if fault is not None and answer is not None:
                self.log.add(replace(seen, outcome=f"Fault:{fault.kind}"))
                return answer
            self._check_rate(asked)
            issued = self.issuer.issue(request, asked)
        except ConnectionDropped:
            self.log.add(replace(seen, outcome=f"Fault:{fault.kind if fault else ''}"))
            raise
        except Refusal as refusal:
            self.log.add(replace(seen, outcome=refusal.code, message=refusal.message))
            return json_refusal(refusal)
        session = issued.session
        self.log.add(
            replace(
                seen,
                outcome=ISSUED,
                session_name=issued.session_name,
                access_key_id=session.access_key_id,
                expires_at=session.expires_at,
            )
        )
        return json_answer(_CREATED, issued.document)

    def _check_rate(self, asked: SessionRequest) -> None:
        try:
            anchor = Arn.parse(str(asked.trust_anchor_arn))
        except ValueError:
            return
        if self.throttle is not None and not self.throttle.admits(anchor.account, anchor.region):
            raise Refusal(429, "ThrottlingException", "Rate exceeded")


def _observed(request: HttpRequest, asked: SessionRequest, clock: Clock) -> RequestRecord:
    """Return the record of a call as far as its caller tells; nobody has checked any of it."""
    return RequestRecord(
        at=clock.now(),
        outcome="",
        serial=(request.header("Authorization") or "").partition("Credential=")[2].partition("/")[0],
        trust_anchor_arn=str(asked.trust_anchor_arn or ""),
        profile_arn=str(asked.profile_arn or ""),
        role_arn=str(asked.role_arn or ""),
        session_name=str(asked.role_session_name or ""),
    )
