"""What the emulator asks of moto: an account with an administrator, its roles, sessions of them, and every other call.

moto keeps its backends per process, so an account belongs to one running emulator at a time and is emptied before it is
used again. Never looks at a certificate and never decides who may have a session.
"""

import sys
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Final
from urllib.parse import unquote

from moto.core.config import default_user_config
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from moto.sts.models import AssumedRole, sts_backends
from moto.utilities.utils import get_partition
from werkzeug.test import run_wsgi_app

from rolebound.emulator.arns import Arn
from rolebound.emulator.callers import policy_document
from rolebound.emulator.messages import HttpRequest, HttpResponse

ADMINISTRATOR: Final = "administrator"
# What IAM gives a role that names no maximum: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
_DEFAULT_MAXIMUM_SECONDS: Final = 3600
# Of one hop only; the body is whole when moto sees it, and so is its answer.
_HOP_BY_HOP: Final = frozenset({"connection", "transfer-encoding"})

_MOTO: Final = DomainDispatcherApplication(create_backend_app)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A long-lived access key."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role as CreateSession looks at it."""

    arn: str
    trust_policy: str
    maximum_seconds: int


def open_account(account: str, region: str) -> None:
    """Empty the account, and load AWS's managed policies into it."""
    close_account(account)
    # Parsing the managed policies takes a fifth of a second for each partition; only this one needs them.
    configured = default_user_config["iam"]
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    try:
        iam_backends[account][get_partition(region)]
    finally:
        default_user_config["iam"] = configured


def administrator_of(account: str, region: str) -> AccessKey:
    """Return an access key of the account's administrator, a user who is made where there is none."""
    partition = get_partition(region)
    backend = iam_backends[account][partition]
    user = backend.users.get(ADMINISTRATOR)
    if user is None:
        user = backend.create_user(region_name=region, user_name=ADMINISTRATOR)
        backend.attach_user_policy(f"arn:{partition}:iam::aws:policy/AdministratorAccess", ADMINISTRATOR)
    active = [key for key in user.access_keys if key.status == "Active"]
    key = active[0] if active else backend.create_access_key(ADMINISTRATOR)
    return AccessKey(key.access_key_id, key.secret_access_key)


def close_account(account: str) -> None:
    """Forget everything that moto holds for this account."""
    if account in s3_backends:
        s3_backends[account].reset()
    for bucket, (_, owner) in list(s3_backends.bucket_accounts.items()):
        if owner == account:
            del s3_backends.bucket_accounts[bucket]
    for backends in (iam_backends, sts_backends, s3_backends):
        backends.pop(account, None)


def find_role(arn: Arn) -> Role | None:
    """Return the role of that ARN, or None where its account has none."""
    try:
        role = iam_backends[arn.account][arn.partition].get_role_by_arn(str(arn))
    except NotFoundException:
        return None
    maximum = int(role.max_session_duration or _DEFAULT_MAXIMUM_SECONDS)
    return Role(str(role.arn), str(role.assume_role_policy_document), maximum)


def managed_policy(account: str, partition: str, arn: str) -> str | None:
    """Return the document of a managed policy, AWS's or the account's own, or None where there is none."""
    try:
        return policy_document(iam_backends[account][partition].get_policy(arn))
    except NotFoundException:
        return None


def mint_session(role: Role, region: str, session_name: str, expires_at: datetime) -> AssumedRole:
    """Return a new session of `role` in moto's STS, with its keys."""
    arn = Arn.parse(role.arn)
    session = sts_backends[arn.account][arn.partition].assume_role(
        region_name=region,
        role_session_name=session_name,
        role_arn=role.arn,
        policy="",
        duration=role.maximum_seconds,
        external_id="",
    )
    session.expiration = expires_at.replace(tzinfo=None)  # moto counts in UTC without saying so
    return session


def pass_to_moto(request: HttpRequest, *, scheme: str) -> HttpResponse:
    """Return moto's own answer."""
    chunks, status, headers = run_wsgi_app(_MOTO, _environ(request, scheme), buffered=True)
    kept = tuple((name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP)
    return HttpResponse(int(status.split()[0]), kept, b"".join(chunks))


def _environ(request: HttpRequest, scheme: str) -> dict[str, object]:
    target = f"{request.path}?{request.query}" if request.query else request.path
    host, _, port = (request.header("Host") or "localhost").partition(":")
    environ: dict[str, object] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(request.path, "latin-1"),  # PEP 3333: bytes in the guise of latin-1
        "QUERY_STRING": request.query,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name in dict.fromkeys(name.lower() for name, _ in request.headers):
        if name not in _HOP_BY_HOP and name != "content-length":
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = request.header(name)
    return environ
