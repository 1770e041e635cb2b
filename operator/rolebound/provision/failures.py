"""What AWS's management API refused, in words that say who can mend it.

AWS's own text is passed on where it speaks of the parameters alone. A refused signature is answered with the canonical
request, which holds the session token, so that text never is.
"""

from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    WaiterError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from rolebound.errors import AWSUnavailable, CommandRefused, Error, Throttled

_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"})
_LOGIN: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_PARAMETERS: Final = frozenset(
    {
        "EntityAlreadyExists",
        "InvalidInput",
        "LimitExceeded",
        "MalformedPolicyDocument",
        "NoSuchEntity",
        "ResourceNotFoundException",
        "ValidationError",
        "ValidationException",
        "DeleteConflict",
    }
)
_THROTTLED: Final = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"})
_SERVER_ERROR: Final = 500


# What never got as far as an answer, each kind with what to tell; the first that fits.
_UNANSWERED: Final[tuple[tuple[tuple[type[BotoCoreError], ...], type[Error], str], ...]] = (
    (
        (NoCredentialsError, PartialCredentialsError),
        CommandRefused,
        "there is no AWS login; run `aws configure` or `aws sso login`, or set AWS_PROFILE",
    ),
    (
        (SSOError, TokenRetrievalError, CredentialRetrievalError),
        CommandRefused,
        "your AWS login has ended or cannot be had ({kind}); log in again, for instance by `aws sso login`",
    ),
    ((NoRegionError,), CommandRefused, "no AWS region is chosen; give --region, or set AWS_REGION"),
    (
        (ProfileNotFound,),
        CommandRefused,
        "the AWS profile that --profile or AWS_PROFILE names is in no AWS configuration file",
    ),
    (
        (WaiterError,),
        AWSUnavailable,
        "AWS does not show yet what was made ({action}); run this once more in a minute",
    ),
    (
        (BotoConnectionError, HTTPClientError),
        AWSUnavailable,
        "{action} got no answer ({kind}); check the region, DNS, proxy and CA bundle",
    ),
    ((BotoCoreError,), CommandRefused, "{action} could not be called ({kind}); check your AWS configuration"),
)


def translated(error: BotoCoreError | ClientError, login: str, action: str) -> Error:
    """Return what to tell of `error`, which met `login` (an ARN, or empty) when it did `action`."""
    if isinstance(error, ClientError):
        return _answered(error, login or "your login", action)
    kind, text = next((kind, text) for several, kind, text in _UNANSWERED if isinstance(error, several))
    return kind(text.format(action=action, kind=type(error).__name__))


def _answered(error: ClientError, login: str, action: str) -> Error:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _DENIED:
        return CommandRefused(f"{login} may not do {action}; give it that permission, or use another login")
    if code in _LOGIN:
        return CommandRefused(f"AWS does not accept your login ({code}); log in again, and check this machine's clock")
    if code in _THROTTLED:
        return Throttled(f"AWS asks to be called less often ({action}); run this once more in a minute")
    if status >= _SERVER_ERROR:
        return AWSUnavailable(f"AWS failed to do {action} ({code or status}); run this once more")
    detail = f": {error.response['Error'].get('Message', '')}" if code in _PARAMETERS else ""
    return CommandRefused(f"AWS refused {action} ({code or status}){detail}")
