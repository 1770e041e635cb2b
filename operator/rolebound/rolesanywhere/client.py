"""CreateSession as one call: an identity and a request in, a session or an error that says who must act out."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import botocore
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rolebound import __version__, clock
from rolebound.clock import parse_rfc3339
from rolebound.errors import AWSUnavailable, SettingsError
from rolebound.model.identity import SigningIdentity
from rolebound.model.session import Endpoint, Session, SessionCredentials, SessionRequest
from rolebound.rolesanywhere.failures import clock_behind, translated
from rolebound.rolesanywhere.session import SERVICE, new_session
from rolebound.rolesanywhere.signing import X509Credentials

# A call that takes longer has failed; one attempt, because the operator's schedule retries and its rate limit must
# see every call.
PATIENT_ONCE: Final = Config(
    connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1, "mode": "standard"}, max_pool_connections=32
)

# For whoever has no schedule of his own: how often it tries is botocore's setting (AWS_MAX_ATTEMPTS, AWS_RETRY_MODE).
PATIENT: Final = Config(connect_timeout=5, read_timeout=15)


# CloudTrail shows it. botocore puts its own together anew for each call, of 14 parts: a tenth of the call's CPU.
_USER_AGENT: Final = f"rolebound/{__version__} Botocore/{botocore.__version__}"


@dataclass(slots=True)
class RolesAnywhere:
    """IAM Roles Anywhere, from any number of threads; one client for each endpoint serves every certificate."""

    config: Config = field(default=PATIENT_ONCE)
    verify: bool | None = None
    """False accepts any TLS certificate; None leaves it to botocore's own settings."""
    _clients: dict[Endpoint, Any] = field(default_factory=dict)
    _session: botocore.session.Session | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _clock_behind: dict[Endpoint, timedelta] = field(default_factory=dict)
    """How far this clock was behind AWS's, or ahead, when AWS refused because of it."""

    def warm(self) -> None:
        """Read botocore's models, a tenth of a second that no pod should wait for."""
        with suppress(BotoCoreError):  # a wrong AWS setting is told by the call that meets it
            self._make_client(Endpoint("us-east-1"))

    def create_session(self, identity: SigningIdentity, request: SessionRequest, endpoint: Endpoint) -> Session:
        """Return new credentials for the role; blocks until AWS has answered.

        Raises SessionDenied (SessionNameRefused where only the name is at fault), Throttled, AWSUnavailable, or
        SpecInvalid where the parameters cannot be sent at all.
        """
        parameters: dict[str, Any] = {
            "trustAnchorArn": request.trust_anchor.text,
            "profileArn": request.profile.text,
            "roleArn": request.role.text,
            "durationSeconds": int(request.duration.total_seconds()),
        }
        if request.session_name:
            parameters["roleSessionName"] = request.session_name
        asked_at = clock.now()
        try:
            answer = self._answer(identity, parameters, endpoint)
        except (BotoCoreError, ClientError) as error:
            raise translated(error, request, clock.now()) from None
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            # botocore's own failures at an endpoint that is no URL, or at JSON that is not the answer's shape.
            raise AWSUnavailable(f"the endpoint or its answer cannot be used: {type(error).__name__}") from None
        return _session(answer, asked_at, self._clock_behind.get(endpoint, timedelta()))

    def url(self, endpoint: Endpoint) -> str:
        """Return where CreateSession is sent; ValueError where the endpoint is no URL."""
        return str(self._client(endpoint).meta.endpoint_url)

    def check_settings(self, endpoint: Endpoint) -> None:
        """Raise SettingsError where botocore cannot be set up for `endpoint`, which no waiting mends."""
        try:
            self._client(endpoint)
        except (BotoCoreError, ValueError) as error:
            raise SettingsError(
                f"a setting of AWS's (variables AWS_…, ~/.aws/config) or the endpoint cannot be used: {error}"
            ) from None

    def _answer(self, identity: SigningIdentity, parameters: dict[str, Any], endpoint: Endpoint) -> Any:
        """Return AWS's answer; where it refuses and its clock is another, sign once more by that clock."""
        call = self._client(endpoint).create_session
        behind = self._clock_behind.get(endpoint, timedelta())
        try:
            return call(identity=X509Credentials(identity, behind), **parameters)
        except ClientError as error:
            further = clock_behind(error, clock.now() + behind)
            if further is None:
                raise
        # Also when this clock was mended meanwhile: then the correction is what is wrong, and becomes none.
        behind = self._clock_behind[endpoint] = behind + further
        return call(identity=X509Credentials(identity, behind), **parameters)

    def _client(self, endpoint: Endpoint) -> Any:
        client = self._clients.get(endpoint)
        if client is not None:
            return client
        with self._lock:  # making clients from one session is not thread-safe; using them is
            if endpoint not in self._clients:
                self._clients[endpoint] = self._make_client(endpoint)
            return self._clients[endpoint]

    def _make_client(self, endpoint: Endpoint) -> Any:
        if self._session is None:
            self._session = new_session()
        # Where an endpoint does not ask for them, botocore's own variables decide.
        options = Config(
            user_agent=_USER_AGENT,
            use_fips_endpoint=endpoint.use_fips or None,
            use_dualstack_endpoint=endpoint.use_dual_stack or None,
        )
        return self._session.create_client(
            SERVICE,
            region_name=endpoint.region,
            endpoint_url=endpoint.url or None,
            verify=self.verify,
            config=self.config.merge(options),
        )


def _session(answer: dict[str, Any], asked_at: datetime, behind: timedelta) -> Session:
    """Return the session in AWS's answer; AWSUnavailable where it does not hold one that can be used."""
    issued_at = asked_at + behind
    try:
        first = answer["credentialSet"][0]
        keys = first["credentials"]
        expires_at = parse_rfc3339(keys["expiration"])
        credentials = SessionCredentials(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"])
        assumed_role = first.get("assumedRoleUser", {}).get("arn", "")
    except (KeyError, IndexError, TypeError, ValueError):
        raise AWSUnavailable("Roles Anywhere's answer does not hold a session") from None
    if not all((credentials.access_key_id, credentials.secret_access_key, credentials.session_token)):
        raise AWSUnavailable("Roles Anywhere's answer holds an empty credential")
    if expires_at <= issued_at:
        raise AWSUnavailable("Roles Anywhere's answer holds a session that has expired; check this machine's clock")
    return Session(credentials, issued_at, expires_at, assumed_role, behind)
