"""A session → the Secret that carries it.

The only place that turns credentials into text. Pods read these files with every SDK there is, so two rules hold:
`Expiration` ends in `Z` (some SDKs refuse an offset), and static keys never stand beside a `credential_process`
in one profile (SDKs disagree on which wins).
"""

import json
from base64 import b64encode
from typing import Any, Final

from rolebound.api import names
from rolebound.clock import rfc3339
from rolebound.model.credential import Credential
from rolebound.model.objects import DeliveryType, Kind, SessionScope
from rolebound.model.session import Session

_OWNER_API_VERSION: Final = {Kind.POD: "v1", Kind.BINDING: names.API_VERSION}


def secret_manifest(credential: Credential, session: Session, certificate_serial: int) -> dict[str, Any]:
    """Return the whole Secret, ready to be written at once."""
    owner, here = credential.owner, session.here()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": names.CREDENTIALS_SECRET_TYPE,
        "metadata": {
            "name": credential.secret.name,
            "namespace": credential.secret.namespace,
            "labels": {names.MANAGED_BY_LABEL: names.MANAGED_BY},
            "annotations": {
                names.BINDING: credential.binding.name.name,
                names.ROLE: str(credential.role).replace(" ", "/"),
                names.SERVICE_ACCOUNT: credential.service_account,
                names.ASSUMED_ROLE: session.assumed_role_arn,
                names.CERTIFICATE_SERIAL: str(certificate_serial),
                names.ISSUED_AT: rfc3339(here.issued_at),
                names.EXPIRES_AT: rfc3339(here.expires_at),
                names.ISSUED_FOR: credential.fingerprint,
            },
            # Without blockOwnerDeletion: it would need update on the owner's finalizers where the
            # OwnerReferencesPermissionEnforcement admission plugin is on, and nobody waits for a Secret.
            "ownerReferences": [
                {
                    "apiVersion": _OWNER_API_VERSION[owner.kind],
                    "kind": str(owner.kind),
                    "name": owner.name.name,
                    "uid": owner.uid,
                }
            ],
        },
        "data": {key: b64encode(text.encode()).decode() for key, text in secret_data(credential, session).items()},
    }


def secret_data(credential: Credential, session: Session) -> dict[str, str]:
    """Return the Secret's keys and their text."""
    files = {
        names.CREDENTIALS_FILE: credentials_file(credential, session),
        names.CREDENTIALS_JSON: process_output(session),
        names.CREDENTIALS_STATIC: static_file(credential.profile, session),
        names.REGION_KEY: credential.endpoint.region,
    }
    if credential.scope is SessionScope.POD:
        return files
    # For `envFrom`, which only makes sense where a chart can know the Secret's name beforehand.
    keys = session.credentials
    return files | {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_SESSION_TOKEN": keys.session_token,
    }


def process_output(session: Session) -> str:
    """Return what a `credential_process` prints.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    keys = session.credentials
    return json.dumps(
        {
            "Version": 1,
            "AccessKeyId": keys.access_key_id,
            "SecretAccessKey": keys.secret_access_key,
            "SessionToken": keys.session_token,
            "Expiration": rfc3339(session.told_end),
        }
    )


def credentials_file(credential: Credential, session: Session) -> str:
    """Return the file that AWS_SHARED_CREDENTIALS_FILE points to in a pod that mounts the whole Secret."""
    if credential.delivery is DeliveryType.STATIC_FILE:
        return static_file(credential.profile, session)
    return _section(credential.profile, credential_process=f"cat {names.MOUNT_PATH}/{names.CREDENTIALS_JSON}")


def static_file(profile: str, session: Session) -> str:
    """Return a credentials file that holds the keys themselves."""
    keys = session.credentials
    return _section(
        profile,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )


def _section(profile: str, **settings: str) -> str:
    return "\n".join([f"[{profile}]", *(f"{key} = {value}" for key, value in settings.items())]) + "\n"
