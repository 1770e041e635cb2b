"""`rolebound doctor`: why AWS says no, or that it does not."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, TypeVar

from botocore.exceptions import BotoCoreError

from rolebound.cli import session_flags
from rolebound.cli.outcome import status_of
from rolebound.diagnosis.checks import diagnosed, verdict
from rolebound.diagnosis.facts import Material
from rolebound.diagnosis.findings import Finding, Verdict
from rolebound.diagnosis.gathering import Question, gather
from rolebound.diagnosis.material import material_of
from rolebound.errors import CertificateError, Error, SpecInvalid
from rolebound.local.flags import DOCTOR_FLAGS, SESSION_FLAGS
from rolebound.local.settings import identity_files
from rolebound.local.values import Values
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.objects import Kind, ObjectName, RoleName
from rolebound.model.session import Endpoint, SessionRequest

A = TypeVar("A")

FLAGS: Final = (*SESSION_FLAGS, *DOCTOR_FLAGS, "output")
_DESCRIPTION: Final = (
    "Check everything that AWS's bare 403 hides, then make a real call; nothing is changed. Exit status: 0, AWS gave a "
    "session and nothing is wrong; 1, something is wrong; 2, the question cannot be asked; 3, nothing wrong was found, "
    "but there is no session, because no call was made or could be."
)
_EXIT: Final = {Verdict.OK: 0, Verdict.WRONG: 1, Verdict.NOT_CHECKED: 3}
# What the bounds of AWS are, a check says.
_ANY_DURATION: Final = 10_000_000


def main(arguments: list[str]) -> int:
    """Print what every check says; returns the exit status, which `--help` lists."""
    return status_of(lambda: _diagnose(arguments))


def _diagnose(arguments: list[str]) -> int:
    values = session_flags.values_of("doctor", _DESCRIPTION, FLAGS, arguments)
    form = values.text("output") if "output" in values.given else "text"
    try:
        question = _in_cluster(values) if values.text("role") else _given(values)
        findings = diagnosed(gather(question, values.text("aws-profile") or None))
    except (Error, BotoCoreError, ValueError) as error:
        print(f"rolebound: {error}", file=sys.stderr)
        return 2
    print(_as_json(findings) if form == "json" else _as_text(findings))
    return _EXIT[verdict(findings)]


def _in_cluster(values: Values) -> Question:
    from rolebound.diagnosis.in_cluster import question_of  # noqa: PLC0415 - slow, and needed with --role alone

    namespace = values.text("namespace")
    kind = Kind.ROLE if namespace else Kind.CLUSTER_ROLE
    name = RoleName(kind, ObjectName(namespace, values.text("role")))
    found = asyncio.run(question_of(name, values.text("operator-namespace"), values.text("context") or None))
    return Question(found.material, found.request, found.endpoint, *_how(values))


def _given(values: Values) -> Question:
    values.require(("certificate", "trust-anchor-arn", "profile-arn", "role-arn"))
    anchor = _parsed(values, "trust-anchor-arn", TrustAnchorArn.parse)
    request = SessionRequest(
        role=_parsed(values, "role-arn", RoleArn.parse),
        profile=_parsed(values, "profile-arn", ProfileArn.parse),
        trust_anchor=anchor,
        duration=timedelta(seconds=values.number("session-duration", 0, _ANY_DURATION)),
        session_name=values.text("role-session-name"),
    )
    endpoint = Endpoint(
        region=values.text("region") or anchor.region,
        url=values.text("endpoint"),
        use_fips=values.switch("use-fips-endpoint"),
        use_dual_stack=values.switch("use-dual-stack-endpoint"),
    )
    return Question(_material(values), request, endpoint, *_how(values))


def _how(values: Values) -> tuple[bool, bool]:
    """Return whether to make the call, and whether to verify TLS."""
    return not values.switch("no-call"), not values.switch("no-verify-ssl")


def _material(values: Values) -> Material | CertificateError:
    files = identity_files(values)
    try:
        return material_of(files.certificates(), files.key(), files.source)
    except CertificateError as error:
        return error


def _parsed(values: Values, name: str, parse: Callable[[str], A]) -> A:
    try:
        return parse(values.text(name))
    except SpecInvalid as error:
        raise values.wrong(name, str(error)) from None


def _as_json(findings: Mapping[str, Finding]) -> str:
    checks = [
        {"check": name, "verdict": each.verdict, "message": each.message, "remedy": each.remedy}
        for name, each in findings.items()
    ]
    return json.dumps({"verdict": verdict(findings), "checks": checks}, indent=2)


def _as_text(findings: Mapping[str, Finding]) -> str:
    lines = []
    for name, each in findings.items():
        lines.append(f"{each.verdict:<13}{name:<16}{each.message}")
        if each.remedy:
            lines.append(f"{'':29}→ {each.remedy}")
    return "\n".join(lines)
