"""`rolebound pki`: a CA and client certificates in a folder, for those who have no PKI."""

import argparse
import json
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
from rolebound.pki.inspection import as_text, description
from rolebound.pki.names import alternative_names, kubernetes_name, subject_of
from rolebound.pki.secret import secret_manifest

PASSWORD_VARIABLE: Final = "ROLEBOUND_CA_PASSWORD"  # noqa: S105 - a variable's name
_ADVICE: Final = (
    "This is a CA of files, for trying things and for a few machines: nothing renews its certificates and nothing "
    "revokes them. For anything that lasts, a real PKI is the better choice: cert-manager in a cluster, ACM PCA (AWS "
    "Private CA), HashiCorp Vault or step-ca. rolebound takes their certificates just as well."
)


def main(arguments: list[str]) -> int:
    """Do what the subcommand says; returns the exit status, 1 where it is refused."""
    options = parser().parse_args(arguments)
    return status_of(lambda: options.run(options))


def parser() -> argparse.ArgumentParser:
    """Return the command line of `rolebound pki`."""
    top = argparse.ArgumentParser(
        prog="rolebound pki", description="A CA and client certificates for IAM Roles Anywhere.", epilog=_ADVICE
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument(
        "--dir", type=Path, default=Path(), metavar="DIR", help="the folder of the files (default: %(default)s)"
    )
    secret = argparse.ArgumentParser(add_help=False)
    secret.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help=f"first line: the CA key's password; else {PASSWORD_VARIABLE}, else a prompt",
    )

    init = commands.add_parser("init", parents=[folder, secret], help="make a CA", epilog=_ADVICE)
    _subject(init, default="rolebound root CA")
    _key_and_days(init, 3650)
    init.add_argument("--unencrypted", action="store_true", help="write the CA's key without a password")
    init.add_argument("--force", action="store_true", help="overwrite a CA that is there")
    init.set_defaults(run=_init)

    issue = commands.add_parser("issue", parents=[folder, secret], help="make a client certificate", epilog=_ADVICE)
    _subject(issue, default=None)
    _key_and_days(issue, 90)
    issue.add_argument("--dns", action="append", default=[], metavar="NAME", help="DNS alternative name, repeatable")
    issue.add_argument("--uri", action="append", default=[], metavar="URI", help="URI alternative name, repeatable")
    issue.add_argument("--force", action="store_true", help="overwrite a client certificate that is there")
    issue.add_argument(
        "--as-secret", metavar="NAME", help="print a kubernetes.io/tls Secret, with the key, and write no file"
    )
    issue.add_argument("--namespace", default="rolebound-system", help="the Secret's namespace (default: %(default)s)")
    issue.set_defaults(run=_issue)

    renew = commands.add_parser(
        "renew",
        parents=[folder, secret],
        help=f"replace the client certificate by one for the same subject; the replaced files end in {files.OLD}",
    )
    renew.add_argument(
        "--days", type=_days, default=None, help="how long it is valid; as long as the old one if not said"
    )
    renew.add_argument(
        "--keep-key", action="store_true", help="keep the private key, and replace the certificate alone"
    )
    renew.set_defaults(run=_renew)

    inspect = commands.add_parser("inspect", parents=[folder], help="say what certificates hold")
    inspect.add_argument("files", nargs="*", type=Path, metavar="FILE", help="PEM files; those in DIR if none is named")
    inspect.add_argument(
        "--output", choices=["text", "json"], default="text", help="the form of the answer (default: %(default)s)"
    )
    inspect.set_defaults(run=_inspect)
    return top


def _subject(command: argparse.ArgumentParser, default: str | None) -> None:
    command.add_argument(
        "--subject",
        default=default,
        required=default is None,
        help="a common name, or an RFC 4514 name such as CN=web,OU=shop,O=Example"
        + (" (default: %(default)s)" if default else ""),
    )


def _key_and_days(command: argparse.ArgumentParser, days: int) -> None:
    command.add_argument(
        "--key-type",
        choices=keys.TYPES,
        default=keys.DEFAULT,
        help="the private key's kind and size (default: %(default)s)",
    )
    command.add_argument("--days", type=_days, default=days, help="how long it is valid (default: %(default)s)")


def _init(options: argparse.Namespace) -> None:
    certificate_file, key_file = options.dir / files.ROOT_CERTIFICATE, options.dir / files.ROOT_KEY
    if not options.force:
        files.check_absent(certificate_file, key_file)
    secret = None
    if not options.unencrypted:
        secret = password(options.password_file, PASSWORD_VARIABLE, "the CA's key", twice=True)
    lifetime = Lifetime.of_days(options.days, clock.now())
    authority = Authority.create(subject_of(options.subject), keys.new_key(options.key_type), lifetime)
    contents = {
        key_file: keys.key_pem(authority.key, secret),
        certificate_file: certificates_pem([authority.certificate]),
    }
    files.write(contents, force=options.force)
    _told("made the CA", authority.certificate, certificate_file, key_file)
    print(textwrap.fill(_ADVICE, 100), file=sys.stderr)


def _issue(options: argparse.Namespace) -> None:
    certificate_file, key_file = options.dir / files.CLIENT_CERTIFICATE, options.dir / files.CLIENT_KEY
    client = Client(subject_of(options.subject), alternative_names(options.dns, options.uri))
    if options.as_secret:
        kubernetes_name(options.as_secret), kubernetes_name(options.namespace)
    elif not options.force:
        files.check_absent(certificate_file, key_file)
    authority = _authority(options)
    key = keys.new_key(options.key_type)
    certificate = authority.issue(client, key, Lifetime.of_days(options.days, clock.now()))
    pem, key_pem = certificates_pem([certificate]), keys.key_pem(key)
    if options.as_secret:
        print(secret_manifest(options.as_secret, options.namespace, pem, key_pem), end="")
        return
    files.write({key_file: key_pem, certificate_file: pem}, force=options.force)
    _told("issued", certificate, certificate_file, key_file)


def _renew(options: argparse.Namespace) -> None:
    certificate_file, key_file = options.dir / files.CLIENT_CERTIFICATE, options.dir / files.CLIENT_KEY
    old = _only_certificate(certificate_file)
    kept = None
    if options.keep_key:
        kept = keys.read_key(files.read(key_file), None, str(key_file))
        if kept.public_key() != old.public_key():
            raise CommandRefused(f"{key_file} is not the key of {certificate_file}; renew without --keep-key")
    new, key = _authority(options).renew(old, kept, clock.now(), options.days)
    contents = {} if options.keep_key else {key_file: keys.key_pem(key)}
    files.replace(contents | {certificate_file: certificates_pem([new])})
    _told("renewed", new, certificate_file, *contents)


def _inspect(options: argparse.Namespace) -> None:
    ours = (options.dir / files.ROOT_CERTIFICATE, options.dir / files.CLIENT_CERTIFICATE)
    chosen = options.files or [path for path in ours if path.exists()]
    if not chosen:
        raise CommandRefused(f"there is neither {ours[0]} nor {ours[1]}; name a certificate's file")
    facts = []
    for path in chosen:
        found = read_certificates(files.read(path), str(path))
        places = [str(path)] if len(found) == 1 else [f"{path}, certificate {n}" for n in range(1, len(found) + 1)]
        facts += [description(each, place, clock.now()) for each, place in zip(found, places, strict=True)]
    print(json.dumps(facts, indent=2) if options.output == "json" else "\n\n".join(as_text(each) for each in facts))


def _authority(options: argparse.Namespace) -> Authority:
    certificate_file, key_file = options.dir / files.ROOT_CERTIFICATE, options.dir / files.ROOT_KEY
    certificate = _only_certificate(certificate_file)
    pem = files.read(key_file)
    secret = None
    if keys.is_encrypted(pem):
        secret = password(options.password_file, PASSWORD_VARIABLE, "the CA's key")
    return Authority.load(certificate, keys.read_key(pem, secret, str(key_file)), str(certificate_file))


def _only_certificate(path: Path) -> x509.Certificate:
    found = read_certificates(files.read(path), str(path))
    if len(found) > 1:
        raise CommandRefused(f"{path} holds {len(found)} certificates; leave the one that is meant")
    return found[0]


def _told(did: str, certificate: x509.Certificate, *paths: Path) -> None:
    end = clock.rfc3339(certificate.not_valid_after_utc)
    print(f"{did} {certificate.subject.rfc4514_string()}, valid until {end}")
    for path in paths:
        print(f"  {path}")


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("a whole number of days, at least 1")
    return int(text)
