"""The two names that rolebound makes up: a session's, and a shared Secret's.

Both are stable: the same objects always give the same name, across restarts and versions. A name that does not fit is
shortened with a digest of the whole, so that two long names stay apart.
"""

import hashlib
import re
from typing import Final

from rolebound.model.objects import ObjectName

# STS AssumeRole, RoleSessionName: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
SESSION_NAME_LIMIT: Final = 64
_NOT_IN_SESSION_NAME: Final = re.compile(r"[^\w+=,.@-]", re.ASCII)
# A Secret's name is a DNS subdomain: RFC 1123, as Kubernetes reads it.
SECRET_NAME_LIMIT: Final = 253
_DIGEST_LENGTH: Final = 8


def session_name(template: str, namespace: str, service_account: str, pod: str) -> str:
    """Return the session name that CloudTrail will show, or "" to leave it to AWS.

    Characters that STS refuses become `-`. Without a pod (`sessionScope: ServiceAccount`) the separator that would
    trail is dropped.
    """
    filled = (
        template.replace("{namespace}", namespace).replace("{serviceAccount}", service_account).replace("{pod}", pod)
    )
    name = _shortened(_NOT_IN_SESSION_NAME.sub("-", filled).strip(".-_"), SESSION_NAME_LIMIT)
    return name if len(name) >= 2 else ""  # noqa: PLR2004 - STS's own minimum


def shared_secret_name(binding: ObjectName, service_account: str) -> ObjectName:
    """Return the Secret that `sessionScope: ServiceAccount` keeps for a subject: `rolebound-BINDING-SERVICEACCOUNT`."""
    name = _shortened(f"rolebound-{binding.name}-{service_account}", SECRET_NAME_LIMIT)
    return ObjectName(binding.namespace, name)


def _shortened(name: str, limit: int) -> str:
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{name[: limit - _DIGEST_LENGTH - 1].rstrip('.-_')}-{digest}"
