"""`rolebound setup`: trust anchor, role and profile in AWS, from the person's ordinary login.

Shows its plan, then does it. Standard output has what other programs read: the ARNs, manifests, or code.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from rolebound.cli.outcome import status_of
from rolebound.errors import CommandRefused
from rolebound.pki import files
from rolebound.pki.certificates import anchor_bundle, certificates_pem
from rolebound.pki.names import kubernetes_name
from rolebound.provision.account import Account
from rolebound.provision.code import FORMATS, code
from rolebound.provision.desired import WALK_THROUGH_POLICIES, Desired, Names
from rolebound.provision.manifests import Use, manifests
from rolebound.provision.plan import Arns, Step, arns, removal, steps
from rolebound.provision.trust import Pin


def main(arguments: list[str]) -> int:
    """Set up, or take away; returns the exit status, 1 where it is refused."""
    options = parser().parse_args(arguments)
    return status_of(lambda: _run(options))


def parser() -> argparse.ArgumentParser:
    """Return the command line of `rolebound setup`."""
    top = argparse.ArgumentParser(
        prog="rolebound setup",
        description="Make the trust anchor, the role and the profile that go together, or repair them. "
        "Shows what it will do, does it, and prints the three ARNs. What others made is never changed.",
    )
    add = top.add_argument
    add("--name", default="rolebound", help="what the trust anchor and the profile are called (default: %(default)s)")
    add("--role-name", metavar="NAME", help="what the role is called; as --name says, if not said")
    add("--profile", metavar="NAME", help="the AWS profile of your login")
    add("--region", help="where the trust anchor and the profile are; your login's, if not said")
    add("--dry-run", action="store_true", help="show the plan and do nothing")
    add("--delete", action="store_true", help="take away what this set-up made, and nothing else")
    _add_desired(top)
    _add_output(top)
    return top


def _add_desired(top: argparse.ArgumentParser) -> None:
    default = " and ".join(WALK_THROUGH_POLICIES)
    group = top.add_argument_group("what is made")
    group.add_argument(
        "--ca",
        type=Path,
        default=Path(files.ROOT_CERTIFICATE),
        metavar="FILE",
        help="the CA's certificate, or two, in PEM (default: %(default)s)",
    )
    group.add_argument(
        "--policy",
        action="append",
        help=f"a managed policy of the role, an ARN or the name of one of AWS's; repeatable (default: {default})",
    )
    caps = group.add_mutually_exclusive_group()
    caps.add_argument(
        "--session-policy",
        action="append",
        metavar="POLICY",
        help=f"a managed policy that caps every session; repeatable (default: {default})",
    )
    caps.add_argument("--no-session-policy", action="store_true", help="let sessions do whatever the role may")
    group.add_argument(
        "--duration",
        type=int,
        default=3600,
        metavar="SECONDS",
        help="how long a session lasts, 900 to 43200 (default: %(default)s)",
    )
    group.add_argument(
        "--pin",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what a certificate has to say to be the role: CN=web, OU=shop, DNS=NAME, URI=URI; repeatable",
    )


def _add_output(top: argparse.ArgumentParser) -> None:
    group = top.add_argument_group("what is printed")
    group.add_argument(
        "--output", choices=["text", "json"], default="text", help="the form of the three ARNs (default: %(default)s)"
    )
    form = group.add_mutually_exclusive_group()
    form.add_argument("--format", choices=FORMATS, help="print the set-up as code, and do not call AWS")
    form.add_argument("--manifests", action="store_true", help="print a ClusterAWSRole and an AWSRoleBinding")
    group.add_argument(
        "--namespace", default="default", help="manifests: the namespace that may use the role (default: %(default)s)"
    )
    group.add_argument(
        "--service-account",
        action="append",
        metavar="NAME",
        help="manifests: who gets it; repeatable (default: default)",
    )
    group.add_argument(
        "--secret",
        default="roles-anywhere",
        metavar="NAME",
        help="manifests: the certificate's Secret in the operator's namespace (default: %(default)s)",
    )


def _run(options: argparse.Namespace) -> None:
    names = Names(options.name, options.role_name or options.name)
    if options.delete:
        _delete(options, names)
        return
    desired = _desired(options, names)
    if options.format:
        print(code(desired, options.format), end="")
        return
    use = _use(options)
    account = _account(options)
    found = account.find(names)
    plan = steps(desired, found)
    _show(plan, account)
    if options.dry_run:
        return
    made = account.perform(plan, arns(names, found), _tell)
    if options.manifests:
        print("".join(f"# {line}\n" for line in _assignments(made)), end="")
        print(manifests(names.setup, made, desired.duration_seconds, use), end="")
    elif options.output == "json":
        three = {"trustAnchorARN": made.trust_anchor, "profileARN": made.profile, "roleARN": made.role}
        print(json.dumps(three, indent=2))
    else:
        print("\n".join(_assignments(made)))


def _delete(options: argparse.Namespace, names: Names) -> None:
    if options.format or options.manifests:
        raise CommandRefused("--delete makes nothing: leave out --format and --manifests")
    account = _account(options)
    found = account.find(names)
    plan = removal(names, found)
    _show(plan, account)
    if not options.dry_run:
        account.perform(plan, arns(names, found), _tell)


def _account(options: argparse.Namespace) -> Account:
    # The other SDKs read AWS_REGION, and boto3 does not.
    return Account.open(options.profile, options.region or os.environ.get("AWS_REGION") or None)


def _desired(options: argparse.Namespace, names: Names) -> Desired:
    bundle = anchor_bundle(files.read(options.ca), str(options.ca))
    caps = () if options.no_session_policy else tuple(options.session_policy or WALK_THROUGH_POLICIES)
    return Desired(
        names=names,
        bundle=certificates_pem(bundle).decode(),
        policies=tuple(options.policy or WALK_THROUGH_POLICIES),
        session_policies=caps,
        duration=timedelta(seconds=options.duration),
        pins=tuple(Pin.parse(text) for text in options.pin),
    )


def _use(options: argparse.Namespace) -> Use:
    accounts = options.service_account or ["default"]
    if options.manifests:
        for each in (options.name, options.secret, options.namespace, *accounts):
            kubernetes_name(each)
    return Use(options.secret, options.namespace, accounts)


def _assignments(made: Arns) -> tuple[str, ...]:
    return f"TRUST_ANCHOR_ARN={made.trust_anchor}", f"PROFILE_ARN={made.profile}", f"ROLE_ARN={made.role}"


def _show(plan: Sequence[Step], account: Account) -> None:
    where = f"account {account.account}, {account.region}, as {account.login}"
    lines = [f"  {step.says}" for step in plan] or ["  nothing: all is as it should be"]
    print("\n".join([f"Plan for {where}:", *lines]), file=sys.stderr, flush=True)


def _tell(text: str) -> None:
    print(f"done: {text}", file=sys.stderr, flush=True)
