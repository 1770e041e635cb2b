"""CreateSession over the network: what it gives, and each of its refusals by status, code and text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA384, SHA512

from rolebound.emulator import Emulator, Settings
from rolebound.emulator.clock import Clock
from rolebound.emulator.throttle import Throttle
from tests.emulator import pki
from tests.emulator.pki import Certified, Form
from tests.emulator.world import TRUST_POLICY, Setup, World

ACCOUNT = "222233334444"
INSUFFICIENT = (403, "AccessDeniedException", "Untrusted certificate. Insufficient certificate")
UNTRUSTED = (403, "AccessDeniedException", "Untrusted signing certificate")


def denied(message: str) -> tuple[int, str, str]:
    return 403, "AccessDeniedException", message


def unable(role: str) -> tuple[int, str, str]:
    return denied(f"Unable to assume role for {role}")


def with_leaf(setup: Setup, **changes: Any) -> Setup:
    return replace(setup, identity=setup.authority.issue(replace(Form(), **changes)))


def trusting(**condition: Any) -> dict[str, Any]:
    statement = {**TRUST_POLICY["Statement"][0], "Condition": condition}
    return {**TRUST_POLICY, "Statement": [statement]}


class TestSuccess:
    def test_the_answer_is_the_documented_one(self, setup: Setup) -> None:
        answer = setup.create_session(durationSeconds=900, roleSessionName="shop.api")

        assert answer.status == 201
        document = answer.document
        [one] = document["credentialSet"]
        role_name = setup.role.rpartition("/")[2]
        assert one["assumedRoleUser"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role_name}/shop.api"
        assert one["assumedRoleUser"]["assumedRoleId"].endswith(":shop.api")
        assert one["roleArn"] == setup.role
        assert one["sourceIdentity"] == "CN=pod.shop"
        assert 0 <= one["packedPolicySize"] <= 100
        assert one["credentials"]["accessKeyId"].startswith("ASIA")
        assert one["credentials"]["expiration"].endswith("Z")
        assert document["subjectArn"].startswith(f"arn:aws:rolesanywhere:us-east-1:{ACCOUNT}:subject/")

    def test_each_call_gives_new_keys(self, setup: Setup) -> None:
        assert setup.credentials()["accessKeyId"] != setup.credentials()["accessKeyId"]

    @pytest.mark.parametrize("kind", ["rsa", "p256", "p384", "p521"])
    def test_every_documented_key_type_signs_in(self, setup: Setup, kind: str) -> None:
        assert with_leaf(setup, key=pki.key(kind)).create_session().status == 201

    @pytest.mark.parametrize("algorithm", [SHA384(), SHA512()])
    def test_the_hash_of_the_issuers_signature_does_not_choose_the_algorithm(
        self, setup: Setup, algorithm: SHA384 | SHA512
    ) -> None:
        assert with_leaf(setup, hash=algorithm).create_session().status == 201

    def test_intermediates_lead_to_the_trust_anchor(self, setup: Setup) -> None:
        first = setup.authority.issue(pki.intermediate_form("first"))
        second = first.issue(pki.intermediate_form("second"))

        assert replace(setup, identity=second.issue(Form())).create_session().status == 201

    def test_an_intermediate_may_be_the_trust_anchor(self, setup: Setup) -> None:
        intermediate = setup.authority.issue(pki.intermediate_form())
        bent = replace(setup, identity=intermediate.issue(Form()), anchor=setup.world.anchor(intermediate))

        assert setup.world.send(bent.draft(chain=()).signed()).status == 201

    def test_without_a_name_the_session_is_called_by_the_hexadecimal_serial(self, setup: Setup) -> None:
        answer = with_leaf(setup, serial=0xABCDEF123).create_session()

        [one] = answer.document["credentialSet"]
        assert one["assumedRoleUser"]["arn"].endswith("/0abcdef123")

    @pytest.mark.parametrize(
        ("subject", "serial", "expected"),
        [
            (pki.name(CN="n" * 61), 5, "CN=" + "n" * 61),
            (pki.name(CN="n" * 62), 5, "n" * 62),
            (pki.name(O="shop"), 0xABC, "ID=0abc"),
        ],
    )
    def test_the_source_identity_comes_from_the_leaf(
        self, setup: Setup, subject: x509.Name, serial: int, expected: str
    ) -> None:
        answer = with_leaf(setup, subject=subject, serial=serial).create_session()

        assert answer.document["credentialSet"][0]["sourceIdentity"] == expected

    def test_the_arns_may_come_in_the_query(self, setup: Setup) -> None:
        pairs = {"profileArn": setup.profile, "roleArn": setup.role, "trustAnchorArn": setup.anchor}
        query = "&".join(f"{name}={value.replace(':', '%3A').replace('/', '%2F')}" for name, value in pairs.items())

        answer = setup.world.send(setup.draft(fields={}, query=query).signed())

        assert answer.status == 201

    def test_the_deprecated_session_name_is_ignored(self, world: World) -> None:
        setup = world.setup(acceptRoleSessionName=False)

        assert setup.create_session(sessionName="ignored").status == 201

    @pytest.mark.parametrize(
        ("profile", "asked", "expected"),
        [(3600, None, 3600), (3600, 900, 900), (900, 3600, 900)],
    )
    def test_a_session_lasts_as_long_as_both_profile_and_request_allow(
        self, world: World, profile: int, asked: int | None, expected: int
    ) -> None:
        setup = world.setup(durationSeconds=profile)
        fields = {} if asked is None else {"durationSeconds": asked}

        credentials = setup.credentials(**fields)

        expires_at = datetime.fromisoformat(credentials["expiration"])
        assert abs((expires_at - world.emulator.clock.now()).total_seconds() - expected) < 5


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


class TestCertificate:
    """Refusals for the leaf and its chain."""

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"digital_signature": False}, INSUFFICIENT),
            ({"key_usage": False}, INSUFFICIENT),
            ({"ca": True}, INSUFFICIENT),
            ({"subject": x509.Name([])}, denied("Untrusted certificate. The subject of the certificate is empty")),
            (
                {"not_after": datetime(2026, 6, 1, tzinfo=UTC)},
                denied("Untrusted certificate. The certificate has expired"),
            ),
            (
                {"not_before": datetime(2045, 6, 1, tzinfo=UTC)},
                denied("Untrusted certificate. The certificate is not yet valid"),
            ),
        ],
        ids=["no digitalSignature", "no key usage", "a CA", "empty subject", "expired", "not yet valid"],
    )
    def test_an_unsuitable_leaf_is_refused(
        self, setup: Setup, changes: dict[str, Any], expected: tuple[int, str, str]
    ) -> None:
        assert with_leaf(setup, **changes).create_session().refusal == expected

    def test_a_leaf_without_basic_constraints_is_no_ca(self, setup: Setup) -> None:
        assert with_leaf(setup, ca=None).create_session().status == 201

    def test_another_authority_is_untrusted(self, setup: Setup) -> None:
        other = pki.root(replace(pki.AUTHORITY, key=pki.key("p384")))

        assert replace(setup, identity=other.issue(Form())).create_session().refusal == UNTRUSTED

    def test_a_missing_intermediate_is_untrusted(self, setup: Setup) -> None:
        identity = setup.authority.issue(pki.intermediate_form()).issue(Form())
        bent = replace(setup, identity=identity)

        assert setup.world.send(bent.draft(chain=()).signed()).refusal == UNTRUSTED

    @pytest.mark.parametrize(
        "changes",
        [{"ca": False}, {"key_cert_sign": False}, {"not_after": datetime(2026, 6, 1, tzinfo=UTC)}],
        ids=["no CA", "may not sign", "expired"],
    )
    def test_an_unsuitable_intermediate_is_untrusted(self, setup: Setup, changes: dict[str, Any]) -> None:
        intermediate = setup.authority.issue(replace(pki.intermediate_form(), **changes))

        assert replace(setup, identity=intermediate.issue(Form())).create_session().refusal == UNTRUSTED

    def test_a_path_longer_than_the_authority_allows_is_untrusted(self, world: World, setup: Setup) -> None:
        narrow = pki.root(replace(pki.AUTHORITY, path_length=0))
        bent = replace(setup, anchor=world.anchor(narrow))

        assert replace(bent, identity=narrow.issue(Form())).create_session().status == 201
        beyond = narrow.issue(pki.intermediate_form()).issue(Form())
        assert replace(bent, identity=beyond).create_session().refusal == UNTRUSTED

    def test_a_curve_outside_of_the_standard_ones_is_insufficient(self, setup: Setup) -> None:
        assert with_leaf(setup, key=pki.key("k1")).create_session().refusal == INSUFFICIENT

    def test_a_revoked_leaf_is_refused_while_its_list_is_enabled(self, world: World) -> None:
        setup = world.setup()
        api = world.client("rolesanywhere")
        serial = setup.identity.certificate.serial_number
        crl = pki.revocation_list(setup.authority, serial)
        imported = api.import_crl(name="crl", crlData=crl.encode(), trustAnchorArn=setup.anchor, enabled=True)["crl"]

        assert setup.create_session().refusal == denied("Certificate revoked")
        assert with_leaf(setup).create_session().status == 201
        api.disable_crl(crlId=imported["crlId"])
        assert setup.create_session().status == 201

    def test_a_list_that_another_authority_signed_revokes_nothing(self, world: World) -> None:
        setup = world.setup()
        impostor = Certified(setup.authority.certificate, pki.key("p521"))
        crl = pki.revocation_list(impostor, setup.identity.certificate.serial_number)
        world.client("rolesanywhere").import_crl(
            name="crl", crlData=crl.encode(), trustAnchorArn=setup.anchor, enabled=True
        )

        assert setup.create_session().status == 201


class TestResources:
    """Refusals for what the administrator set up."""

    def test_a_disabled_trust_anchor_is_refused(self, setup: Setup) -> None:
        bent = replace(setup, anchor=setup.world.anchor(setup.authority, enabled=False))

        assert bent.create_session().refusal == denied("Trust anchor is disabled")

    def test_a_disabled_profile_is_refused(self, setup: Setup) -> None:
        bent = replace(setup, profile=setup.world.profile(setup.role, enabled=False))

        assert bent.create_session().refusal == denied("Profile is disabled")

    def test_a_role_outside_of_the_profile_is_refused(self, setup: Setup) -> None:
        other = setup.world.role()

        assert replace(setup, role=other).create_session().refusal == unable(other)

    def test_a_role_that_does_not_exist_is_refused(self, setup: Setup) -> None:
        missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
        bent = replace(setup, role=missing, profile=setup.world.profile(missing))

        assert bent.create_session().refusal == unable(missing)

    def test_a_session_name_needs_a_profile_that_accepts_one(self, world: World) -> None:
        setup = world.setup(acceptRoleSessionName=False)

        assert setup.create_session(roleSessionName="shop.api").refusal == denied(
            "Not authorized to set roleSessionName"
        )
        assert setup.create_session().status == 201

    def test_a_duration_over_the_roles_maximum_is_refused(self, world: World) -> None:
        setup = world.setup(durationSeconds=7200)

        answer = setup.create_session(durationSeconds=7200)

        assert answer.refusal[:2] == (403, "AccessDeniedException")
        assert answer.refusal[2].startswith(f"Unable to assume role for {setup.role}")
        assert "The requested DurationSeconds exceeds the MaxSessionDuration set for this role." in answer.refusal[2]


def without_action(action: str) -> dict[str, Any]:
    statement = TRUST_POLICY["Statement"][0]
    return {**TRUST_POLICY, "Statement": [{**statement, "Action": [a for a in statement["Action"] if a != action]}]}


class TestTrustPolicy:
    """The role's own word."""

    @pytest.mark.parametrize("action", TRUST_POLICY["Statement"][0]["Action"])
    def test_each_of_the_three_actions_is_needed(self, world: World, action: str) -> None:
        setup = world.setup(without_action(action))

        assert setup.create_session().refusal == unable(setup.role)

    @pytest.mark.parametrize(
        "principal", [{"Service": "ec2.amazonaws.com"}, {"AWS": "*"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}]
    )
    def test_another_principal_is_not_roles_anywhere(self, world: World, principal: dict[str, str]) -> None:
        setup = world.setup({**TRUST_POLICY, "Statement": [{**TRUST_POLICY["Statement"][0], "Principal": principal}]})

        assert setup.create_session().refusal == unable(setup.role)

    def test_the_principal_may_be_one_of_several(self, world: World) -> None:
        principal = {"Service": ["ec2.amazonaws.com", "rolesanywhere.amazonaws.com"]}
        setup = world.setup({**TRUST_POLICY, "Statement": [{**TRUST_POLICY["Statement"][0], "Principal": principal}]})

        assert setup.create_session().status == 201

    @pytest.mark.parametrize("operator", ["ArnEquals", "ArnLike", "StringEquals", "StringLike"])
    def test_the_trust_anchor_is_the_source_arn(self, world: World, operator: str) -> None:
        setup = world.setup()
        for anchor, status in ((setup.anchor, 201), (setup.anchor[:-1] + "x", 403)):
            role = world.role(trusting(**{operator: {"aws:SourceArn": anchor}}))
            bent = replace(setup, role=role, profile=world.profile(role))

            assert bent.create_session().status == status

    @pytest.mark.parametrize(
        ("condition", "status"),
        [
            ({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "pod.shop"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "pod.other"}}, 403),
            ({"StringLike": {"aws:PrincipalTag/x509Subject/CN": "*.shop"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509Issuer/CN": "test root"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509Subject/OU": "one/two"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509SAN/DNS": "first.shop"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509SAN/DNS": "second.shop"}}, 403),
            ({"StringEquals": {"aws:PrincipalTag/x509SAN/URI": "spiffe://shop/api"}}, 201),
            ({"StringEquals": {"aws:PrincipalTag/x509SAN/Name/CN": "inner"}}, 201),
            ({"StringEquals": {"aws:RequestTag/x509Subject/CN": "pod.shop"}}, 201),
            ({"StringEquals": {"sts:SourceIdentity": "CN=pod.shop"}}, 201),
            ({"StringEquals": {"aws:SourceAccount": "222233334444"}}, 201),
            # O holds a character that STS takes in no tag, so the tag is dropped, and what is absent differs.
            ({"Null": {"aws:PrincipalTag/x509Subject/O": "true"}}, 201),
            ({"StringNotEquals": {"aws:PrincipalTag/x509Subject/O": "anything"}}, 201),
            ({"ForAnyValue:StringEquals": {"aws:TagKeys": "x509Subject/CN"}}, 201),
            ({"NoSuchOperator": {"aws:SourceAccount": "222233334444"}}, 403),
        ],
    )
    def test_conditions_see_the_certificate(self, world: World, condition: dict[str, Any], status: int) -> None:
        setup = world.setup(trusting(**condition))
        names = (
            x509.DNSName("first.shop"),
            x509.DNSName("second.shop"),
            x509.UniformResourceIdentifier("spiffe://shop/api"),
            x509.DirectoryName(pki.name(CN="inner")),
        )
        subject = pki.name(CN="pod.shop", OU="one|two", O="R&D")

        answer = with_leaf(setup, subject=subject, alternative_names=names).create_session()

        assert answer.status == status, answer.body

    def test_an_explicit_deny_wins(self, world: World) -> None:
        deny = {
            **TRUST_POLICY["Statement"][0],
            "Effect": "Deny",
            "Condition": {"StringEquals": {"sts:RoleSessionName": "no"}},
        }
        setup = world.setup({**TRUST_POLICY, "Statement": [*TRUST_POLICY["Statement"], deny]})

        assert setup.create_session(roleSessionName="no").refusal == unable(setup.role)
        assert setup.create_session(roleSessionName="yes").status == 201


class TestRate:
    def test_calls_beyond_the_quota_are_throttled_by_account_and_region(self) -> None:
        with Emulator(Settings(account="333344445555")) as emulator:
            setup = World(emulator).setup()
            request = setup.draft().signed()
            elsewhere = setup.draft(fields={"trustAnchorArn": setup.anchor.replace("us-east-1", "eu-west-1")}).signed()
            answers = [setup.world.send(request)]

            while answers[-1].status == 201 and len(answers) < 300:
                answers.append(setup.world.send(request))

            assert answers[-1].refusal == (429, "ThrottlingException", "Rate exceeded")
            assert len(answers) > 10
            assert setup.world.send(elsewhere).status != 429
            emulator.clock.advance(timedelta(seconds=1))
            assert setup.world.send(request).status == 201

    def test_ten_calls_a_second_are_the_rate(self) -> None:
        throttle = Throttle(StoppedClock())

        assert [throttle.admits("1", "a") for _ in range(11)] == [True] * 10 + [False]
        assert throttle.admits("1", "b")
        assert throttle.admits("2", "a")
        throttle.clock.advance(timedelta(milliseconds=100))
        assert [throttle.admits("1", "a") for _ in range(2)] == [True, False]


class StoppedClock(Clock):
    def monotonic(self) -> float:
        return self.offset.total_seconds()
