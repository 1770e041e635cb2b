"""One credential, once: what is asked of AWS, what is spared, and what is kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebound import clock
from rolebound.errors import AWSUnavailable, Error, RoleNotReady, SessionNameRefused
from rolebound.model.credential import Credential
from rolebound.model.objects import RoleName
from rolebound.planning.decisions import Facts, pod_credential
from rolebound.refresh.issuance import Issued, Line, Unwritten
from tests.support.api_server import refusing
from tests.support.builders import NOON, a_binding, a_pod, a_role, a_session, stored_for
from tests.support.pki import CA
from tests.unit.refresh.engine import CLIENT, Engine

CREDENTIAL = pod_credential(a_binding(), a_pod(), Facts(a_role(), {}))
HOUR = timedelta(hours=1)


@pytest.fixture
def line() -> Line:
    return Line(None, ThreadPoolExecutor(2))


@pytest.fixture
def outcomes(engine: Engine) -> list[tuple[RoleName, Error | None]]:
    told: list[tuple[RoleName, Error | None]] = []
    engine.issuer.on_outcome = lambda role, outcome: told.append((role, outcome))
    return told


def issued(age: timedelta, credential: Credential = CREDENTIAL) -> Issued:
    return Issued(a_session(NOON - age), 77, credential.fingerprint)


def test_kept_session_fits_until_its_half_life() -> None:
    assert issued(timedelta(minutes=29)).fits(CREDENTIAL, None, NOON)
    assert not issued(timedelta(minutes=30)).fits(CREDENTIAL, None, NOON)


def test_kept_session_fits_nothing_else() -> None:
    other = pod_credential(a_binding(delivery={"profile": "other"}), a_pod(), Facts(a_role(), {}))

    assert not issued(timedelta(), other).fits(CREDENTIAL, None, NOON)


@given(kept=st.integers(0, 3600), stored=st.integers(0, 3600), fraction=st.floats(0, 0.999))
def test_kept_session_replaces_only_an_older_one(kept: int, stored: int, fraction: float) -> None:
    """A renewal must not write again what the Secret holds, nor what came before it."""
    held = issued(timedelta(seconds=kept - fraction))
    there = stored_for(CREDENTIAL, NOON - timedelta(seconds=stored))

    assert held.fits(CREDENTIAL, there, NOON) == (kept < stored and kept - fraction < 1800)


async def test_written_secret_is_what_comes_back(
    engine: Engine, line: Line, outcomes: list[tuple[RoleName, Error | None]]
) -> None:
    stored = (await engine.issuer.issue(CREDENTIAL, None, None, line)).stored

    assert stored.serves(CREDENTIAL)
    assert stored.expires_at - stored.issued_at == HOUR
    serial = engine.secret()["metadata"]["annotations"]["rolebound.dev/certificate-serial"]
    assert serial == str(CLIENT.certificate.serial_number)
    assert outcomes == [(CREDENTIAL.role, None)]


async def test_good_secret_of_an_earlier_life_is_taken_over(engine: Engine, line: Line) -> None:
    stored = (await engine.issuer.issue(CREDENTIAL, None, None, line)).stored

    assert (await engine.issuer.issue(CREDENTIAL, None, None, line)).stored == stored

    assert len(engine.aws.requests) == 1


async def test_secret_of_an_earlier_specification_is_renewed(engine: Engine, line: Line) -> None:
    await engine.issuer.issue(CREDENTIAL, None, None, line)
    changed = pod_credential(a_binding(delivery={"type": "StaticFile"}), a_pod(), Facts(a_role(), {}))

    stored = (await engine.issuer.issue(changed, None, None, line)).stored

    assert stored.fingerprint == changed.fingerprint
    assert len(engine.aws.requests) == 2


async def test_unwritten_session_comes_back_with_the_error(engine: Engine, line: Line) -> None:
    await engine.issuer.certificates.identity(CREDENTIAL.certificate)
    engine.server.canned.extend([refusing(404), refusing(403, "exceeded quota")])  # no Secret there, and none taken

    with pytest.raises(Unwritten, match="exceeded quota") as caught:
        await engine.issuer.issue(CREDENTIAL, None, None, line)

    assert caught.value.issued.fits(CREDENTIAL, None, clock.now())


async def test_kept_session_is_written_without_asking_aws(engine: Engine, line: Line) -> None:
    kept = Issued(a_session(clock.now().replace(microsecond=0)), 77, CREDENTIAL.fingerprint)

    await engine.issuer.issue(CREDENTIAL, None, kept, line)

    assert engine.aws.requests == []
    assert engine.secret()["metadata"]["annotations"]["rolebound.dev/certificate-serial"] == "77"


async def test_refused_name_is_left_out_and_remembered(
    engine: Engine, line: Line, outcomes: list[tuple[RoleName, Error | None]]
) -> None:
    engine.aws.failures.append(SessionNameRefused("no names"))
    other = pod_credential(a_binding(), a_pod(name="api-2"), Facts(a_role(), {}))

    await engine.issuer.issue(CREDENTIAL, None, None, line)
    await engine.issuer.issue(other, None, None, line)

    assert [each.session_name for each in engine.aws.requests] == ["shop.api.api-1", "", ""]
    assert [type(outcome) for _, outcome in outcomes] == [SessionNameRefused, SessionNameRefused]


async def test_unusable_certificate_costs_no_call(engine: Engine, line: Line) -> None:
    now = clock.now()
    engine.put_certificate(CA.root().issue(not_before=now - HOUR * 2, not_after=now - HOUR))

    with pytest.raises(RoleNotReady, match="ClusterAWSRole readers: CertificateExpired: "):
        await engine.issuer.issue(CREDENTIAL, None, None, line)

    assert engine.aws.requests == []


async def test_failure_is_told_of_the_role_and_counted(
    engine: Engine, line: Line, outcomes: list[tuple[RoleName, Error | None]]
) -> None:
    failure = AWSUnavailable("HTTP 503")
    engine.aws.failures.append(failure)

    with pytest.raises(AWSUnavailable):
        await engine.issuer.issue(CREDENTIAL, None, None, line)

    assert outcomes == [(CREDENTIAL.role, failure)]
    counted = engine.metrics.registry.get_sample_value
    assert counted("rolebound_create_session_total", {"result": "AWSUnavailable"}) == 1
