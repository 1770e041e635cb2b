"""CreateSession's refusals for what a request says and for how it is signed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa

from tests.emulator import pki
from tests.emulator.bent import with_leaf
from tests.emulator.pki import Form
from tests.emulator.world import Setup


class TestRequest:
    """Refusals for what the request says."""

    def test_without_authorization_the_token_is_missing(self, setup: Setup) -> None:
        request = setup.draft().signed()
        headers = tuple((name, value) for name, value in request.headers if name != "Authorization")

        status, code, _ = setup.world.send(replace(request, headers=headers)).refusal

        assert (status, code) == (403, "MissingAuthenticationTokenException")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("trustAnchorArn", None),
            ("profileArn", "profile/p"),
            ("roleArn", ""),
            ("roleArn", "arn:aws:iam::222233334444:user/u"),
            ("trustAnchorArn", "arn:aws:rolesanywhere:us-east-1:222233334444:profile/p"),
            ("durationSeconds", 899),
            ("durationSeconds", 43_201),
            ("durationSeconds", "3600"),
            ("durationSeconds", True),
            ("roleSessionName", "a"),
            ("roleSessionName", "a" * 65),
            ("roleSessionName", "a/b"),
            ("roleSessionName", "ä-b"),
            ("instanceProperties", {"a": 1}),
            ("instanceProperties", "a"),
        ],
    )
    def test_a_malformed_field_is_a_validation_exception(self, setup: Setup, field: str, value: object) -> None:
        status, code, _ = setup.create_session(**{field: value}).refusal

        assert (status, code) == (400, "ValidationException")

    @pytest.mark.parametrize("body", [b"[]", b"{", b"\xff\xfe"])
    def test_a_body_that_is_no_object_is_a_validation_exception(self, setup: Setup, body: bytes) -> None:
        status, code, _ = setup.world.send(setup.draft(raw_body=body).signed()).refusal

        assert (status, code) == (400, "ValidationException")

    def test_resources_of_two_accounts_are_a_validation_exception(self, setup: Setup) -> None:
        answer = setup.create_session(roleArn="arn:aws:iam::999988887777:role/r")

        assert answer.refusal[:2] == (400, "ValidationException")
        assert "different account ID" in answer.refusal[2]

    @pytest.mark.parametrize("field", ["trustAnchorArn", "profileArn"])
    def test_an_unknown_resource_is_not_found(self, setup: Setup, field: str) -> None:
        arn = {"trustAnchorArn": setup.anchor, "profileArn": setup.profile}[field]

        status, code, _ = setup.create_session(**{field: arn[:-1] + ("0" if arn[-1] != "0" else "1")}).refusal

        assert (status, code) == (404, "ResourceNotFoundException")

    def test_a_profile_of_another_region_is_not_found(self, setup: Setup) -> None:
        elsewhere = setup.world.client("rolesanywhere", region="eu-west-1")
        made = elsewhere.create_profile(name="p", roleArns=[setup.role], enabled=True)

        status, code, _ = replace(setup, profile=made["profile"]["profileArn"]).create_session().refusal

        assert (status, code) == (404, "ResourceNotFoundException")


class TestSignature:
    """Refusals for how the request is signed."""

    def refused(self, setup: Setup, message: str, **changes: Any) -> None:
        answer = setup.world.send(setup.draft(**changes).signed())

        assert answer.refusal[:2] == (403, "AccessDeniedException")
        assert message in answer.refusal[2]

    def test_a_hexadecimal_serial_is_refused(self, setup: Setup) -> None:
        bent = with_leaf(setup, serial=0x1234567890)
        self.refused(bent, "serial number", serial="1234567890")

    def test_a_serial_with_letters_is_refused(self, setup: Setup) -> None:
        self.refused(setup, "Authorization header", serial="0abc")

    def test_a_signature_by_another_key_is_refused(self, setup: Setup) -> None:
        self.refused(setup, "does not match", signing_key=pki.key("p384"))

    def test_the_algorithm_must_be_that_of_the_leafs_key(self, setup: Setup) -> None:
        self.refused(setup, "not the algorithm", algorithm="AWS4-X509-RSA-SHA256")

    def test_a_signature_of_ml_dsa_must_be_by_the_leafs_key(self, setup: Setup) -> None:
        bent = with_leaf(setup, key=pki.key("mldsa65"))
        other = mldsa.MLDSA65PrivateKey.generate()
        self.refused(bent, "does not match", signing_key=other)
        self.refused(bent, "not the algorithm", algorithm="AWS4-X509-ECDSA-SHA256")

    def test_a_longer_hash_than_sha256_is_no_algorithm(self, setup: Setup) -> None:
        self.refused(setup, "not the algorithm", algorithm="AWS4-X509-ECDSA-SHA384")

    @pytest.mark.parametrize("header", ["host", "x-amz-date", "x-amz-x509", "content-type"])
    def test_a_required_header_must_be_signed(self, setup: Setup, header: str) -> None:
        self.refused(setup, header, unsigned=frozenset({header}))

    def test_the_chain_must_be_signed(self, setup: Setup) -> None:
        bent = replace(setup, identity=setup.authority.issue(pki.intermediate_form()).issue(Form()))
        self.refused(bent, "x-amz-x509-chain", unsigned=frozenset({"x-amz-x509-chain"}))

    def test_any_other_header_of_amazons_must_be_signed(self, setup: Setup) -> None:
        self.refused(setup, "x-amz-extra", headers={"X-Amz-Extra": "1"}, unsigned=frozenset({"x-amz-extra"}))

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_a_date_more_than_five_minutes_off_is_refused(self, setup: Setup, minutes: int) -> None:
        at = setup.world.emulator.clock.now() + timedelta(minutes=minutes)
        self.refused(setup, "Signature expired" if minutes < 0 else "Signature not yet current", at=at)

    @pytest.mark.parametrize("minutes", [-4, 4])
    def test_a_date_less_than_five_minutes_off_is_accepted(self, setup: Setup, minutes: int) -> None:
        at = setup.world.emulator.clock.now() + timedelta(minutes=minutes)

        assert setup.world.send(setup.draft(at=at).signed()).status == 201

    @pytest.mark.parametrize("date", ["20261399T000000Z", "2026-11-23T00:00:00Z"])
    def test_a_date_that_is_none_is_refused(self, setup: Setup, date: str) -> None:
        self.refused(setup, "X-Amz-Date", headers={"X-Amz-Date": date})

    def test_the_scope_must_have_the_day_of_the_date(self, setup: Setup) -> None:
        now = setup.world.emulator.clock.now()
        self.refused(
            setup,
            "Date in Credential scope",
            at=now - timedelta(days=1),
            headers={"X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}"},
        )

    def test_the_scope_must_have_the_region_of_the_trust_anchor(self, setup: Setup) -> None:
        self.refused(setup, "region of the trust anchor", region="eu-west-1")

    def test_a_header_that_is_no_certificate_is_refused(self, setup: Setup) -> None:
        self.refused(setup, "X.509", headers={"X-Amz-X509": "TUlJ"})

    def test_more_than_five_intermediates_are_refused(self, setup: Setup) -> None:
        chain = (setup.authority.certificate,) * 6

        status, code, _ = setup.world.send(setup.draft(chain=chain).signed()).refusal

        assert (status, code) == (400, "ValidationException")

    def test_long_signed_hmac_requests_are_no_create_session(self, setup: Setup) -> None:
        key = setup.world.emulator.administrator
        request = setup.draft().signed()
        scope = f"{setup.world.emulator.clock.now():%Y%m%d}/us-east-1/rolesanywhere/aws4_request"
        value = f"AWS4-HMAC-SHA256 Credential={key.access_key_id}/{scope}, SignedHeaders=host, Signature=00"
        headers = tuple((name, value if name == "Authorization" else old) for name, old in request.headers)

        status, code, _ = setup.world.send(replace(request, headers=headers)).refusal

        assert (status, code) == (403, "AccessDeniedException")
