"""Set-ups with one thing bent, and the refusals that a test then expects."""

from dataclasses import replace
from typing import Any

from tests.emulator.pki import Form
from tests.emulator.world import TRUST_POLICY, Setup

ACCOUNT = "222233334444"
INSUFFICIENT = (403, "AccessDeniedException", "Untrusted certificate. Insufficient certificate")
UNTRUSTED = (403, "AccessDeniedException", "Untrusted signing certificate")


def denied(message: str) -> tuple[int, str, str]:
    return 403, "AccessDeniedException", message


def unable(role: str) -> tuple[int, str, str]:
    return denied(f"Unable to assume role for {role}")


def with_leaf(setup: Setup, **changes: Any) -> Setup:
    return replace(setup, identity=setup.authority.issue(replace(Form(), **changes)))


def trusting(**condition: Any) -> dict[str, Any]:
    statement = {**TRUST_POLICY["Statement"][0], "Condition": condition}
    return {**TRUST_POLICY, "Statement": [statement]}
