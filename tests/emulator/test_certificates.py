"""CreateSession's refusals for the leaf and its chain."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509

from tests.emulator import pki
from tests.emulator.bent import INSUFFICIENT, UNTRUSTED, denied, with_leaf
from tests.emulator.pki import Certified, Form
from tests.emulator.world import Setup, World


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
        api.enable_crl(crlId=imported["crlId"])
        assert setup.create_session().refusal == denied("Certificate revoked")
        api.update_crl(crlId=imported["crlId"], crlData=pki.revocation_list(setup.authority).encode())
        assert setup.create_session().status == 201

    def test_a_list_that_another_authority_signed_revokes_nothing(self, world: World) -> None:
        setup = world.setup()
        impostor = Certified(setup.authority.certificate, pki.key("p521"))
        crl = pki.revocation_list(impostor, setup.identity.certificate.serial_number)
        world.client("rolesanywhere").import_crl(
            name="crl", crlData=crl.encode(), trustAnchorArn=setup.anchor, enabled=True
        )

        assert setup.create_session().status == 201
