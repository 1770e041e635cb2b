"""Service Quotas, as boto3 asks it for CreateSession's rate."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rolebound.emulator import Emulator, Settings
from tests.emulator.world import World


@pytest.fixture(scope="module")
def limited() -> Iterator[World]:
    with Emulator(Settings(account="121212121212")) as emulator:
        yield World(emulator)


def test_rate_that_is_kept_is_told(limited: World) -> None:
    [quota] = limited.client("service-quotas").list_service_quotas(ServiceCode="rolesanywhere")["Quotas"]

    assert (quota["QuotaName"], quota["Value"], quota["Adjustable"]) == ("Rate of CreateSession requests", 10, True)
    assert quota["Period"] == {"PeriodValue": 1, "PeriodUnit": "SECOND"}


def test_no_rate_is_no_quota(world: World) -> None:
    assert world.client("service-quotas").list_service_quotas(ServiceCode="rolesanywhere")["Quotas"] == []


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("list_service_quotas", {"ServiceCode": "s3"}, "NoSuchResourceException"),
        ("get_service_quota", {"ServiceCode": "rolesanywhere", "QuotaCode": "L-1"}, "NotImplemented"),
    ],
)
def test_what_is_not_there_is_refused_in_words(
    limited: World, operation: str, parameters: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(limited.client("service-quotas"), operation)(**parameters)

    assert refused.value.response["Error"]["Code"] == code
    assert "emulator" in refused.value.response["Error"]["Message"]


def test_who_may_not_read_it_is_told_so(limited: World) -> None:
    role = limited.role(policies=())
    session = replace(limited.setup(), role=role, profile=limited.profile(role)).credentials()

    with pytest.raises(ClientError) as refused:
        limited.client("service-quotas", session).list_service_quotas(ServiceCode="rolesanywhere")

    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "servicequotas:ListServiceQuotas" in refused.value.response["Error"]["Message"]
