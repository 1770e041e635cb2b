"""`rolebound setup` where something is there already: drift is repaired, and what was made is taken away."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from rolebound.cli.pki import main as pki
from tests.setup.person import Person, drift_anchor, drift_profile, drift_role


@pytest.mark.parametrize("drift", [drift_anchor, drift_profile, drift_role])
def test_drift_is_repaired_in_place(person: Person, drift: Callable[[Person], None]) -> None:
    arns = person.arns("--pin", "CN=web")
    person.session(arns)
    policies, trust = person.policies(), person.role()["AssumeRolePolicyDocument"]
    drift(person)

    assert person.arns("--pin", "CN=web") == arns

    person.session(arns)
    assert (person.policies(), person.role()["AssumeRolePolicyDocument"]) == (policies, trust)


def test_a_new_ca_is_added_beside_the_old_one(person: Person) -> None:
    arns = person.arns()
    pki(["init", "--dir", "new"])
    pki(["issue", "--dir", "new", "--subject", "web"])
    Path("both.pem").write_bytes(Path("root-cert.pem").read_bytes() + Path("new/root-cert.pem").read_bytes())

    assert person.arns("--ca", "both.pem") == arns

    person.session(arns)
    person.session(arns, "new")


def test_delete_takes_away_exactly_what_was_made(person: Person) -> None:
    iam = person.account.client("iam")
    iam.create_role(RoleName=f"{person.name}-theirs", AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    person.setup()

    err = person.plan("--delete")

    assert f"done: delete the role {person.name}" in err
    assert (person.anchor(), person.profile()) == (None, None)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        person.role()
    assert iam.get_role(RoleName=f"{person.name}-theirs")
    assert "nothing" in person.plan("--delete")


def test_delete_after_a_dry_run_is_still_to_do(person: Person) -> None:
    person.setup()

    assert f"delete the trust anchor {person.name}" in person.plan("--delete", "--dry-run")
    assert person.anchor() is not None


def test_delete_leaves_what_somebody_else_made_by_the_same_name(person: Person) -> None:
    client = person.account.client("rolesanywhere")
    client.create_profile(name=person.name, roleArns=["arn:aws:iam::444455556666:role/theirs"], enabled=True)

    assert "nothing" in person.plan("--delete")
    assert person.profile() is not None
