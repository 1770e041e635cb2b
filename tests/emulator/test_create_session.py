"""CreateSession over the network: what it gives."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384, SHA512

from rolebound.emulator import make_example
from tests.emulator import pki
from tests.emulator.bent import ACCOUNT, denied, with_leaf
from tests.emulator.pki import Form
from tests.emulator.world import Setup, World


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

    @pytest.mark.parametrize("kind", ["rsa", "p256", "p384", "p521", "mldsa44", "mldsa65", "mldsa87"])
    def test_every_documented_key_type_signs_in(self, setup: Setup, kind: str) -> None:
        assert with_leaf(setup, key=pki.key(kind)).create_session().status == 201

    @pytest.mark.parametrize("algorithm", [SHA384(), SHA512()])
    def test_the_hash_of_the_issuers_signature_does_not_choose_the_algorithm(
        self, setup: Setup, algorithm: SHA384 | SHA512
    ) -> None:
        assert with_leaf(setup, hash=algorithm).create_session().status == 201

    def test_an_authority_of_ml_dsa_is_trusted_and_revokes(self, world: World) -> None:
        authority = pki.root(replace(pki.AUTHORITY, key=pki.key("mldsa65")))
        intermediate = authority.issue(replace(pki.intermediate_form(), key=pki.key("mldsa87")))
        bent = replace(world.setup(), anchor=world.anchor(authority), authority=authority)
        first, second = (replace(bent, identity=intermediate.issue(Form(key=pki.key("mldsa44")))) for _ in range(2))
        crl = pki.revocation_list(intermediate, second.identity.certificate.serial_number)
        world.client("rolesanywhere").import_crl(
            name="crl", crlData=crl.encode(), trustAnchorArn=bent.anchor, enabled=True
        )

        assert first.create_session().status == 201
        assert second.create_session().refusal == denied("Certificate revoked")

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


def test_a_ready_made_set_up_is_given_a_session(world: World, tmp_path: Path) -> None:
    made = make_example(world.emulator, tmp_path, "ready-made")
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    key = serialization.load_pem_private_key(made.private_key.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    identity = pki.Certified(certificate, key)

    setup = Setup(world, identity, identity, made.trust_anchor_arn, made.profile_arn, made.role_arn)

    assert setup.create_session(roleSessionName="me").status == 201
    assert made.ca_certificate.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
