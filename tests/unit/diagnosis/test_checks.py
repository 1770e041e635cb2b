"""The checks over facts alone: what is there, what is missing, what is unknown, in every combination."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from cryptography import x509

from rolebound.diagnosis.checks import CHECKS, diagnosed, verdict
from rolebound.diagnosis.facts import Anchor, Facts, Material, Missing, Profile, Reached, Role, Unknown
from rolebound.diagnosis.findings import Verdict
from rolebound.diagnosis.material import material_of
from rolebound.diagnosis.tags import DEFAULT_MAPPINGS
from rolebound.errors import AWSUnavailable, CertificateMissing, SessionDenied, Throttled
from rolebound.model.arns import ProfileArn, RoleArn, TrustAnchorArn
from rolebound.model.session import Endpoint, Session, SessionCredentials, SessionRequest
from tests.emulator import pki
from tests.emulator.pki import Certified, Form
from tests.emulator.world import TRUST_POLICY
from tests.support.builders import ANCHOR, PROFILE, ROLE

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
UNKNOWN = Unknown("nobody told", "ask")
AUTHORITY = pki.root()
MIDDLE = AUTHORITY.issue(pki.intermediate_form("middle"))


def material(identity: Certified, *more: x509.Certificate) -> Material:
    found = material_of([identity.certificate, *identity.chain, *more], identity.key)
    assert isinstance(found, Material)
    return found


WELL = Facts(
    now=NOW,
    request=SessionRequest(
        RoleArn.parse(ROLE), ProfileArn.parse(PROFILE), TrustAnchorArn.parse(ANCHOR), timedelta(hours=1), "shop.api"
    ),
    endpoint=Endpoint("eu-central-1"),
    known_regions={"aws": frozenset({"eu-central-1"}), "aws-cn": frozenset({"cn-north-1"})},
    material=material(MIDDLE.issue(Form())),
    anchor=Anchor(enabled=True, authorities=(AUTHORITY.certificate,)),
    profile=Profile(
        enabled=True,
        roles=frozenset({ROLE}),
        duration=timedelta(hours=1),
        accepts_names=True,
        mappings=DEFAULT_MAPPINGS,
    ),
    role=Role(TRUST_POLICY, timedelta(hours=1)),
    revocations=(),
    quota=10.0,
    reached=Reached("host", ("192.0.2.1",), "host answers", timedelta()),
    session=Session(SessionCredentials("ASIA", "not-a-secret", "not-a-token"), NOW, NOW + timedelta(hours=1), "arn"),
)


def found(check: str, **changes: Any) -> tuple[Verdict, str, str]:
    finding = diagnosed(replace(WELL, **changes))[check]
    return finding.verdict, finding.message, finding.remedy


def test_everything_well_is_ok_throughout() -> None:
    assert {finding.verdict for finding in diagnosed(WELL).values()} == {Verdict.OK}
    assert list(diagnosed(WELL)) == list(CHECKS)


POSSIBLE: dict[str, list[Any]] = {
    "material": [WELL.material, CertificateMissing("no file"), UNKNOWN],
    "anchor": [WELL.anchor, Missing(ANCHOR), UNKNOWN, Anchor(enabled=True, authorities=UNKNOWN)],
    "profile": [WELL.profile, Missing(PROFILE), UNKNOWN],
    "role": [WELL.role, Missing(ROLE), UNKNOWN],
    "revocations": [(), UNKNOWN],
}


def needed(facts: Facts) -> dict[str, list[object]]:
    """The facts without which a check cannot say that all is well."""
    anchored = facts.anchor.authorities if isinstance(facts.anchor, Anchor) else facts.anchor
    return {
        "pair": [facts.material],
        "dates": [facts.material],
        "chain": [facts.material, anchored],
        "anchor": [facts.anchor],
        "profile": [facts.profile],
        "role": [facts.profile],
        "session-name": [facts.profile],
        "trust-policy": [facts.material, facts.role],
        "duration": [facts.role],
        "revocation": [facts.revocations],
    }


def test_nothing_is_guessed_from_what_is_missing() -> None:
    absent = (Unknown, Missing, CertificateMissing)
    combinations: list[tuple[Any, ...]] = list(product(*POSSIBLE.values()))
    for combination in combinations:
        facts = replace(WELL, **dict(zip(POSSIBLE, combination, strict=True)))

        findings = diagnosed(facts)

        assert list(findings) == list(CHECKS)
        for check, needs in needed(facts).items():
            there = not any(isinstance(each, absent) for each in needs)
            assert (findings[check].verdict is Verdict.OK) == there, (check, findings[check])


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (UNKNOWN, Verdict.NOT_CHECKED),
        (SessionDenied("no"), Verdict.WRONG),
        (Throttled("slower"), Verdict.WRONG),
        (AWSUnavailable("away"), Verdict.WRONG),
        (WELL.session, Verdict.OK),
    ],
)
def test_the_call_has_the_last_word(session: Any, expected: Verdict) -> None:
    assert verdict(diagnosed(replace(WELL, session=session))) is expected


def test_a_revoked_intermediate_is_found() -> None:
    crl = x509.load_pem_x509_crl(pki.revocation_list(AUTHORITY, MIDDLE.certificate.serial_number).encode())

    assert found("revocation", revocations=(crl,))[:2] == (
        Verdict.WRONG,
        f"'CN=middle', serial {MIDDLE.certificate.serial_number}",
    )


def test_a_list_of_another_authority_revokes_nothing() -> None:
    assert isinstance(WELL.material, Material)
    assert WELL.material.leaf is not None
    impostor = Certified(MIDDLE.certificate, pki.key("p521"))
    crl = x509.load_pem_x509_crl(pki.revocation_list(impostor, WELL.material.leaf.serial_number).encode())

    assert found("revocation", revocations=(crl,))[0] is Verdict.OK


def test_an_intermediate_may_be_the_trust_anchor() -> None:
    anchor = Anchor(enabled=True, authorities=(MIDDLE.certificate,))

    assert found("chain", anchor=anchor)[:2] == (Verdict.OK, "CN=pod.shop ← CN=middle")


def test_two_certificates_that_issued_each_other_end_the_walk() -> None:
    first = pki.root(replace(pki.AUTHORITY, subject=pki.name(CN="first")))
    second = first.issue(replace(pki.AUTHORITY, subject=pki.name(CN="second"), key=pki.key("p384")))
    back = second.issue(replace(pki.AUTHORITY, subject=pki.name(CN="first"), key=first.key))
    leaf = second.issue(Form())

    changed = {"material": material(Certified(leaf.certificate, leaf.key), second.certificate, back.certificate)}

    assert found("chain", **changed)[0] is Verdict.WRONG


@pytest.mark.parametrize(
    ("anchor", "advice"), [(ANCHOR, False), (ANCHOR.replace("eu-central-1", "mars-north-1"), True)]
)
def test_a_region_that_botocore_does_not_know_is_no_mistake(anchor: str, advice: bool) -> None:
    region = anchor.split(":")[3]
    request = replace(
        WELL.request,
        trust_anchor=TrustAnchorArn.parse(anchor),
        profile=ProfileArn.parse(PROFILE.replace("eu-central-1", region)),
    )

    result = found("region", request=request, endpoint=Endpoint(region))

    assert result[0] is Verdict.OK
    assert bool(result[2]) == advice


def test_a_duration_that_only_the_profile_could_cut_is_not_judged_without_it() -> None:
    long = replace(WELL.request, duration=timedelta(hours=2))

    assert found("duration", request=long, profile=UNKNOWN)[0] is Verdict.NOT_CHECKED
    assert (
        found("duration", request=long)[1] == "7200 s asked for; the profile cuts it to 3600 s; the role allows 3600 s"
    )


def test_mappings_that_could_not_be_read_are_said_to_be_assumed() -> None:
    assert found("trust-policy", profile=UNKNOWN)[1].endswith("taking the profile's attribute mappings for the default")


def test_a_policy_that_names_no_trust_anchor_is_advised_to() -> None:
    assert "aws:SourceArn" in found("trust-policy")[2]


def test_a_document_that_is_no_policy_is_not_judged() -> None:
    assert found("trust-policy", role=Role({"Statement": [7]}, timedelta(hours=1)))[:2] == (
        Verdict.NOT_CHECKED,
        "the trust policy cannot be read: its statement 1 has no Effect of Allow or Deny",
    )
