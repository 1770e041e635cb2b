"""Credentials as environment variables: for a shell to evaluate, or for a child process."""

import json
from collections.abc import Mapping
from shlex import quote

# A profile or another provider that comes before a container's endpoint in an SDK's search.
HIDING = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)


def variables(output: str) -> dict[str, str]:
    """Return the variables that SDKs read, from what a credential_process prints."""
    document = json.loads(output)
    return {
        "AWS_ACCESS_KEY_ID": document["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": document["SecretAccessKey"],
        "AWS_SESSION_TOKEN": document["SessionToken"],
        "AWS_CREDENTIAL_EXPIRATION": document["Expiration"],
    }


def exports(named: Mapping[str, str], shell: str) -> str:
    """Return lines that set the variables when `shell` (sh, fish or powershell) evaluates them."""
    form = {"sh": _sh, "fish": _fish, "powershell": _powershell}[shell]
    return "\n".join(form(name, value) for name, value in named.items())


def _sh(name: str, value: str) -> str:
    return f"export {name}={quote(value)}"


def _fish(name: str, value: str) -> str:
    # In fish's single quotes a backslash escapes itself and the quote, and nothing else is special.
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    escaped = value.replace("'", "''")
    return f"$Env:{name} = '{escaped}'"
