"""`rolebound doctor`: why AWS says no, or that it does not."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError

from rolebound.diagnosis.checks import diagnosed, verdict
from rolebound.diagnosis.facts import Material
from rolebound.diagnosis.findings import Finding, Verdict
from rolebound.diagnosis.gathering import Question, gather
from rolebound.diagnosis.material import material_of
from rolebound.errors import CertificateError, CertificateMissing, Error, SettingsError
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.identity import Source, certificates_in, private_key_in
from rolebound.model.objects import Kind, ObjectName, RoleName
from rolebound.model.session import Endpoint, SessionRequest

_EXIT: Final = {Verdict.OK: 0, Verdict.WRONG: 1, Verdict.NOT_CHECKED: 3}
_CODES: Final = """exit status:
  0  AWS gave a session, and nothing is wrong
  1  something is wrong: the lines marked `wrong` say what, and the remedy
  2  the question cannot be asked: a flag, an ARN, a kubeconfig is not right
  3  nothing wrong was found, but there is no session: no call was made, or none could be
"""


def main(arguments: list[str]) -> int:
    """Print what every check says; returns the exit status, which `--help` lists."""
    options = _parser().parse_args(arguments)
    try:
        question = _in_cluster(options) if options.role else _given(options)
        findings = diagnosed(gather(question, options.aws_profile))
    except (Error, BotoCoreError, ValueError) as error:
        print(f"rolebound: {error}", file=sys.stderr)
        return 2
    print(_as_json(findings) if options.output == "json" else _as_text(findings))
    return _EXIT[verdict(findings)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rolebound doctor",
        description="Check everything that AWS's bare 403 hides, then make a real call. Changes nothing.",
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    given = parser.add_argument_group("a set-up by its parts").add_argument
    given("--certificate", type=Path, metavar="FILE", help="the certificate, or a bundle")
    given("--private-key", type=Path, metavar="FILE", help="its private key")
    given("--intermediates", type=Path, metavar="FILE", help="further certificates")
    given("--trust-anchor-arn", metavar="ARN")
    given("--profile-arn", metavar="ARN")
    given("--role-arn", metavar="ARN")
    given("--session-duration", type=int, default=3600, metavar="SECONDS", help="(default: %(default)s)")
    given("--role-session-name", default="", metavar="NAME")
    given("--region", default="", help="(default: the trust anchor's)")
    given("--endpoint", default="", metavar="URL", help="instead of AWS's own for the region")
    cluster = parser.add_argument_group("or a role in a cluster").add_argument
    cluster("--role", metavar="NAME", help="a ClusterAWSRole, or with --namespace an AWSRole")
    cluster("--namespace", "-n", default="", help="the AWSRole's namespace")
    cluster("--operator-namespace", default="rolebound-system", help="(default: %(default)s)")
    cluster("--context", help="of the kubeconfig")
    parser.add_argument("--aws-profile", metavar="NAME", help="the AWS login to read the account with")
    parser.add_argument("--no-call", action="store_true", help="check only, make no CreateSession")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="(default: %(default)s)")
    return parser


def _in_cluster(options: argparse.Namespace) -> Question:
    from rolebound.diagnosis.in_cluster import question_of  # noqa: PLC0415 - slow, and needed with --role alone

    kind = Kind.ROLE if options.namespace else Kind.CLUSTER_ROLE
    name = RoleName(kind, ObjectName(options.namespace, options.role))
    question = asyncio.run(question_of(name, options.operator_namespace, options.context))
    return Question(question.material, question.request, question.endpoint, calls=not options.no_call)


def _given(options: argparse.Namespace) -> Question:
    needed = ("certificate", "private_key", "trust_anchor_arn", "profile_arn", "role_arn")
    if missing := [f"--{name.replace('_', '-')}" for name in needed if not getattr(options, name)]:
        raise SettingsError(f"missing: {', '.join(missing)}; or --role, for a role in a cluster")
    anchor = TrustAnchorArn.parse(options.trust_anchor_arn)
    request = SessionRequest(
        role=RoleArn.parse(options.role_arn),
        profile=ProfileArn.parse(options.profile_arn),
        trust_anchor=anchor,
        duration=timedelta(seconds=options.session_duration),
        session_name=options.role_session_name,
    )
    endpoint = Endpoint(options.region or anchor.region, options.endpoint)
    return Question(_material(options), request, endpoint, calls=not options.no_call)


def _material(options: argparse.Namespace) -> Material | CertificateError:
    source = Source(str(options.certificate), str(options.private_key), strict=False)
    try:
        certificates = certificates_in(_read(options.certificate))
        if options.intermediates:
            certificates += certificates_in(_read(options.intermediates))
        return material_of(certificates, private_key_in(_read(options.private_key)), source)
    except CertificateError as error:
        return error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateMissing(f"{path} cannot be read: {error.strerror}") from None


def _as_json(findings: Mapping[str, Finding]) -> str:
    checks = [
        {"check": name, "verdict": each.verdict, "message": each.message, "remedy": each.remedy}
        for name, each in findings.items()
    ]
    return json.dumps({"verdict": verdict(findings), "checks": checks}, indent=2)


def _as_text(findings: Mapping[str, Finding]) -> str:
    lines = []
    for name, each in findings.items():
        lines.append(f"{each.verdict:<13}{name:<14}{each.message}")
        if each.remedy:
            lines.append(f"{'':27}→ {each.remedy}")
    return "\n".join(lines)
