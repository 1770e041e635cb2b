"""`rolebound pki`: a CA and client certificates in a folder, for those who have no PKI."""

import argparse
import json
import os
import sys
import textwrap
from pathlib import Path
from typing import Final

from cryptography import x509

from rolebound import clock
from rolebound.cli.outcome import status_of
from rolebound.cli.passwords import password
from rolebound.errors import CommandRefused
from rolebound.pki import files, keys
from rolebound.pki.authority import Authority, Client, Lifetime
from rolebound.pki.certificates import certificates_pem, read_certificates
from rolebound.pki.folder import Folder
from rolebound.pki.inspection import as_text, description
from rolebound.pki.names import alternative_names, kubernetes_name, subject_of
from rolebound.pki.secret import secret_manifest

PASSWORD_VARIABLE: Final = "ROLEBOUND_CA_PASSWORD"  # noqa: S105 - a variable's name
_ADVICE: Final = (
    "This is a CA of files, for trying things and for a few machines: nothing renews its certificates and nothing "
    "revokes them. For anything that lasts, a real PKI is the better choice: cert-manager in a cluster, ACM PCA (AWS "
    "Private CA), HashiCorp Vault or step-ca. rolebound takes their certificates just as well."
)
_SUBJECT: Final = "a common name, or an RFC 4514 name such as CN=web,OU=shop,O=Example"


def main(arguments: list[str]) -> int:
    """Do what the subcommand says; returns the exit status, 1 where it is refused."""
    options = parser().parse_args(arguments)
    return status_of(lambda: options.run(options))


def parser() -> argparse.ArgumentParser:
    """Return the command line of `rolebound pki`."""
    top = argparse.ArgumentParser(
        prog="rolebound pki", description="A CA and client certificates for IAM Roles Anywhere.", epilog=_ADVICE
    )
    commands = top.add_subparsers(required=True)
    _add_init(commands.add_parser("init", help="make a CA", epilog=_ADVICE))
    _add_issue(commands.add_parser("issue", help="make a client certificate", epilog=_ADVICE))
    _add_renew(
        commands.add_parser(
            "renew",
            help="replace the client certificate by one for the same subject",
            description="Replace the client certificate by one for the same subject. "
            f"The replaced files stay, with {files.OLD} at the end of their names.",
        )
    )
    _add_inspect(
        commands.add_parser("inspect", help="say what certificates hold, and whether Roles Anywhere takes them")
    )
    return top


def _add_init(command: argparse.ArgumentParser) -> None:
    _add_folder(command)
    command.add_argument(
        "--subject", default="rolebound root CA", help=f"the CA's name: {_SUBJECT} (default: %(default)s)"
    )
    _add_key_and_days(command, 3650)
    _add_password(command)
    command.add_argument("--unencrypted", action="store_true", help="write the CA's key without a password")
    command.add_argument("--force", action="store_true", help="overwrite a CA that is there")
    command.set_defaults(run=_init)


def _add_issue(command: argparse.ArgumentParser) -> None:
    _add_folder(command)
    command.add_argument("--subject", required=True, help=f"whom it is for: {_SUBJECT}")
    command.add_argument("--dns", action="append", default=[], metavar="NAME", help="DNS alternative name, repeatable")
    command.add_argument("--uri", action="append", default=[], metavar="URI", help="URI alternative name, repeatable")
    _add_key_and_days(command, 90)
    _add_password(command)
    command.add_argument("--force", action="store_true", help="overwrite a client certificate that is there")
    command.add_argument(
        "--as-secret", metavar="NAME", help="print a kubernetes.io/tls Secret, with the key, and write no file"
    )
    command.add_argument(
        "--namespace", default="rolebound-system", help="the Secret's namespace (default: %(default)s)"
    )
    command.set_defaults(run=_issue)


def _add_renew(command: argparse.ArgumentParser) -> None:
    _add_folder(command)
    command.add_argument("--days", type=_days, help="how long it is valid; as long as the old one if not said")
    command.add_argument(
        "--keep-key", action="store_true", help="keep the private key, and replace the certificate alone"
    )
    _add_password(command)
    command.set_defaults(run=_renew)


def _add_inspect(command: argparse.ArgumentParser) -> None:
    _add_folder(command)
    command.add_argument("files", nargs="*", type=Path, metavar="FILE", help="PEM files; those in DIR if none is named")
    command.add_argument(
        "--output", choices=["text", "json"], default="text", help="the form of the answer (default: %(default)s)"
    )
    command.set_defaults(run=_inspect)


def _add_folder(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--dir", type=Path, default=Path(), metavar="DIR", help="the folder of the files (default: this one)"
    )


def _add_key_and_days(command: argparse.ArgumentParser, days: int) -> None:
    command.add_argument(
        "--key-type",
        choices=keys.TYPES,
        default=keys.DEFAULT,
        help="the private key's kind and size (default: %(default)s)",
    )
    command.add_argument("--days", type=_days, default=days, help="how long it is valid (default: %(default)s)")


def _add_password(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help=f"its first line is the password of the CA's key; else {PASSWORD_VARIABLE}, else a prompt",
    )


def _init(options: argparse.Namespace) -> None:
    folder = Folder(options.dir)
    if not options.force:
        folder.check_no_authority()
    subject, lifetime = subject_of(options.subject), Lifetime.of_days(options.days, clock.now())
    opened = None if options.unencrypted else _password(options, twice=True)
    authority = Authority.create(subject, keys.new_key(options.key_type), lifetime)
    folder.write_authority(authority, opened, force=options.force)
    _tell("made the CA", authority.certificate, folder.root_certificate, folder.root_key)
    print(textwrap.fill(_ADVICE, 100), file=sys.stderr)


def _issue(options: argparse.Namespace) -> None:
    folder = Folder(options.dir)
    client = Client(subject_of(options.subject), alternative_names(options.dns, options.uri))
    prints = options.as_secret is not None
    if prints:
        kubernetes_name(options.as_secret)
        kubernetes_name(options.namespace)
    elif not options.force:
        folder.check_no_client()
    authority = folder.authority(lambda: _password(options))
    key, lifetime = keys.new_key(options.key_type), Lifetime.of_days(options.days, clock.now())
    if prints:
        certificates = certificates_pem([authority.issue(client, key, lifetime)])
        print(secret_manifest(options.as_secret, options.namespace, certificates, keys.key_pem(key)), end="")
        return
    certificate = folder.issue(authority, client, key, lifetime, force=options.force)
    _tell("issued", certificate, folder.client_certificate, folder.client_key)


def _renew(options: argparse.Namespace) -> None:
    folder = Folder(options.dir)
    certificate = folder.renew(lambda: _password(options), clock.now(), options.days, keep_key=options.keep_key)
    _tell("renewed", certificate, folder.client_certificate, *([] if options.keep_key else [folder.client_key]))


def _inspect(options: argparse.Namespace) -> None:
    folder = Folder(options.dir)
    ours = (folder.root_certificate, folder.client_certificate)
    chosen = options.files or [path for path in ours if os.path.lexists(path)]
    if not chosen:
        raise CommandRefused(f"neither {ours[0]} nor {ours[1]} is to be seen; name a certificate's file")
    facts = []
    for path in chosen:
        found = read_certificates(files.read(path), str(path))
        places = [str(path)] if len(found) == 1 else [f"{path}, certificate {n}" for n in range(1, len(found) + 1)]
        facts += [description(each, place, clock.now()) for each, place in zip(found, places, strict=True)]
    print(json.dumps(facts, indent=2) if options.output == "json" else "\n\n".join(as_text(each) for each in facts))


def _password(options: argparse.Namespace, *, twice: bool = False) -> bytes:
    return password(options.password_file, PASSWORD_VARIABLE, "the CA's key", twice=twice)


def _tell(did: str, certificate: x509.Certificate, *paths: Path) -> None:
    end = clock.rfc3339(certificate.not_valid_after_utc)
    print(f"{did} {certificate.subject.rfc4514_string()}, valid until {end}")
    for path in paths:
        print(f"  {path}")


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("a whole number of days, at least 1")
    return int(text)
