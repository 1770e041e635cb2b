"""Every flag of the commands that give credentials, declared once.

Names, meanings and defaults of the first block are those of AWS's helper (aws_signing_helper v1.8), so that the word
in a user's AWS configuration can be exchanged; ours follow. What the helper has and rolebound cannot do is known too,
and refused by a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that can be said, as `--name`, as a variable, or in the configuration file."""

    name: str
    help: str
    metavar: str = ""
    """Empty: a switch."""
    default: str = ""
    choices: tuple[str, ...] = ()
    environment: str = ""
    """The variable, where it is not made from the name."""
    refused: str = ""
    """Why it is not supported, where it is known from AWS's helper and cannot be."""

    @property
    def variable(self) -> str:
        """The environment variable that says the same."""
        return self.environment or "ROLEBOUND_" + self.name.upper().replace("-", "_")


_STORES: Final = "certificates and keys in the operating system's store are not supported; export them to files"
PKCS11_REFUSED: Final = "keys in PKCS#11 modules are not supported; keep using aws_signing_helper for this one"
TPM_REFUSED: Final = "keys in a TPM are not supported; keep using aws_signing_helper for this one"

_IDENTITY: Final = (
    Flag("certificate", "certificate: PEM, DER or PKCS#12; further certificates in it serve as intermediates", "FILE"),
    Flag("private-key", "its key: PEM or DER; not needed where the certificate's file holds it", "FILE"),
    Flag("intermediates", "certificates between it and the trust anchor, in any order", "FILE"),
    Flag("pkcs8-password", "password of the key or of the PKCS#12 file; others can see it in the process list", "TEXT"),
    Flag("pkcs8-password-file", "file whose first line is that password", "FILE"),
)
_SESSION: Final = (
    Flag("role-arn", "role to assume", "ARN"),
    Flag("profile-arn", "Roles Anywhere profile", "ARN"),
    Flag("trust-anchor-arn", "trust anchor to be checked against", "ARN"),
    Flag("session-duration", "seconds that the session is asked to last, from 900 to 43200", "SECONDS", "3600"),
    Flag("role-session-name", "name of the session in CloudTrail; the profile must accept one", "NAME"),
    Flag("region", "region to sign for and to call (default: the trust anchor's)", "REGION"),
    Flag("endpoint", "URL to call instead of AWS's", "URL"),
    Flag("use-fips-endpoint", "call AWS's FIPS endpoint"),
    Flag("use-dual-stack-endpoint", "call AWS's endpoint that has IPv6 too"),
    Flag("no-verify-ssl", "accept any TLS certificate of the endpoint: for tests"),
    Flag("with-proxy", "changes nothing: HTTPS_PROXY and NO_PROXY are always followed"),
)
_ANY: Final = (
    Flag("config", "configuration file (default: ~/.config/rolebound/config.toml)", "FILE"),
    Flag("debug", "say more on standard error; never a secret"),
)
_REFUSED: Final = (
    Flag("cert-selector", "", "JSON", refused=_STORES),
    Flag("system-store-name", "", "NAME", refused=_STORES),
    Flag("use-latest-expiring-certificate", "", refused=_STORES),
    Flag("pkcs11-lib", "", "FILE", refused=PKCS11_REFUSED),
    Flag("reuse-pin", "", refused=PKCS11_REFUSED),
    Flag("tpm-key-password", "", "TEXT", refused=TPM_REFUSED),
    Flag("no-tpm-key-password", "", refused=TPM_REFUSED),
)
_OWN: Final = (
    Flag("no-cache", "ask AWS each time, and keep nothing"),
    Flag("profile", "profile of the credentials file to write", "NAME", "default"),
    Flag("once", "write once and end"),
    Flag("port", "port on 127.0.0.1; 0 takes any that is free", "PORT", "9911", environment="ROLEBOUND_SERVE_PORT"),
    Flag("hop-limit", "IP time-to-live of the answers", "HOPS", "64"),
    Flag("authorization-token-file", "serve the container protocol too, for who has this file's token", "FILE"),
    Flag("shell", "form of the output", "SHELL", "sh", ("sh", "fish", "powershell")),
    Flag("delivery", "how the command gets them", "WAY", "variables", ("variables", "endpoint")),
    Flag("format", "form of the signature", "FORM", "json", ("json", "text", "bin")),
    Flag("digest", "hash to sign with", "HASH", "SHA256", ("SHA256", "SHA384", "SHA512")),
    Flag("output", "form of the output (default: json; of doctor, text)", "FORM", "json", ("json", "text")),
)
_DOCTOR: Final = (
    Flag("role", "look at this ClusterAWSRole, or with --namespace this AWSRole, instead of flags", "NAME"),
    Flag("namespace", "the AWSRole's namespace", "NAME"),
    Flag("operator-namespace", "where the certificate of a ClusterAWSRole is", "NAME", "rolebound-system"),
    Flag("context", "context of the kubeconfig", "NAME"),
    Flag("aws-profile", "AWS login to read the account with, where it is not the default one", "NAME"),
    Flag("no-call", "check only, without a CreateSession"),
)

FLAGS: Final[Mapping[str, Flag]] = {
    flag.name: flag for flag in (*_SESSION, *_IDENTITY, *_OWN, *_DOCTOR, *_ANY, *_REFUSED)
}
IDENTITY_FLAGS: Final = tuple(flag.name for flag in (*_IDENTITY, *_ANY, *_REFUSED))
DOCTOR_FLAGS: Final = tuple(flag.name for flag in _DOCTOR)
SESSION_FLAGS: Final = tuple(flag.name for flag in (*_SESSION, *_IDENTITY, *_ANY, *_REFUSED))
CACHED_FLAGS: Final = (*SESSION_FLAGS, "no-cache")
