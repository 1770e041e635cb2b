"""Subjects: what is remembered of the certificates that called."""

from dataclasses import replace
from uuid import uuid4

from tests.emulator import pki
from tests.emulator.bent import with_leaf
from tests.emulator.test_management import source
from tests.emulator.world import Setup, World


def test_a_subject_shows_the_last_call_of_each_certificate(world: World) -> None:
    setup = world.setup(acceptRoleSessionName=True)
    first, second = (with_leaf(setup, subject=pki.name(CN="seen", OU=uuid4().hex)) for _ in range(2))
    renewed = with_leaf(setup, subject=first.identity.certificate.subject)
    arn = first.create_session().document["subjectArn"]
    ident = arn.rpartition("/")[2]
    api = world.client("rolesanywhere")

    before = api.get_subject(subjectId=ident)["subject"]
    assert second.create_session(instanceProperties={"rack": "7"}).document["subjectArn"] != arn
    renewed.create_session(instanceProperties={"rack": "8"})
    first.create_session(roleArn=f"{setup.role}-missing")
    after = api.get_subject(subjectId=ident)["subject"]

    assert before["x509Subject"] == after["x509Subject"] == first.identity.certificate.subject.rfc4514_string()
    assert before["createdAt"] == after["createdAt"] <= after["lastSeenAt"]
    assert [(one["serialNumber"], one["failed"]) for one in before["credentials"]] == [serial(first, failed=False)]
    assert [(one["serialNumber"], one["failed"]) for one in after["credentials"]] == [
        serial(first, failed=True),
        serial(renewed, failed=False),
    ]
    assert after["credentials"][1]["x509CertificateData"] == renewed.identity.pem
    [properties] = after["instanceProperties"]
    assert properties["properties"] == {"rack": "8"}
    listed = [page["subjects"] for page in api.get_paginator("list_subjects").paginate()]
    assert ident in [one["subjectId"] for subjects in listed for one in subjects]


def test_a_certificate_that_leads_nowhere_is_no_subject(world: World) -> None:
    here = "ap-south-1"
    api = world.client("rolesanywhere", region=here)
    setup = world.setup()
    anchor = api.create_trust_anchor(name="a", source=source(pki.root().pem), enabled=True)["trustAnchor"]
    stranger = pki.root(replace(pki.AUTHORITY, key=pki.key("p384"))).issue(pki.Form())

    bent = replace(setup, anchor=anchor["trustAnchorArn"], identity=stranger)

    assert bent.create_session().status == 403
    assert api.list_subjects()["subjects"] == []


def test_a_revoked_certificate_is_seen_as_failed(world: World) -> None:
    setup = world.setup()
    api = world.client("rolesanywhere")
    ident = setup.create_session().document["subjectArn"].rpartition("/")[2]
    crl = pki.revocation_list(setup.authority, setup.identity.certificate.serial_number).encode()
    api.import_crl(name="crl", crlData=crl, trustAnchorArn=setup.anchor, enabled=True)

    assert setup.create_session().status == 403

    [one] = api.get_subject(subjectId=ident)["subject"]["credentials"]
    assert one["failed"]


def serial(setup: Setup, *, failed: bool) -> tuple[str, bool]:
    return str(setup.identity.certificate.serial_number), failed
