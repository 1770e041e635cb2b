"""What a person is told of AWS's refusals, and what is never passed on."""

from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, SSOTokenLoadError, WaiterError

from rolebound.errors import AWSUnavailable, CommandRefused, Error, Throttled
from rolebound.provision.failures import translated

LOGIN = "arn:aws:iam::111122223333:user/ann"


def answered(code: str, message: str = "AWS's own words", status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "CreateRole")


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (answered("AccessDenied"), CommandRefused, f"{LOGIN} may not do iam:CreateRole"),
        (answered("AccessDeniedException"), CommandRefused, f"{LOGIN} may not do iam:CreateRole"),
        (answered("ExpiredToken"), CommandRefused, "log in again"),
        (answered("Throttling"), Throttled, "once more in a minute"),
        (answered("ServiceFailure", status=503), AWSUnavailable, "run this once more"),
        (answered("MalformedPolicyDocument"), CommandRefused, "(MalformedPolicyDocument): AWS's own words"),
        (answered("SomethingNew"), CommandRefused, "AWS refused iam:CreateRole (SomethingNew)"),
        (NoCredentialsError(), CommandRefused, "there is no AWS login"),
        (SSOTokenLoadError(error_msg="gone"), CommandRefused, "aws sso login"),
        (WaiterError(name="role_exists", reason="slow", last_response={}), AWSUnavailable, "does not show yet"),
        (BotoCoreError(), CommandRefused, "check your AWS configuration"),
    ],
)
def test_each_failure_says_who_can_mend_it(error: BotoCoreError | ClientError, kind: type[Error], told: str) -> None:
    translation = translated(error, LOGIN, "iam:CreateRole")

    assert type(translation) is kind
    assert told in str(translation)


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException", "SomethingNew", "AccessDenied"])
def test_words_that_can_hold_a_token_are_not_passed_on(code: str) -> None:
    assert "x-amz-security-token" not in str(translated(answered(code, "x-amz-security-token:SECRET"), LOGIN, "iam:X"))
