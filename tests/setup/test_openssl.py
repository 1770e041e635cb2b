"""Certificates made with openssl do as well: AWS's walk-through makes them so, and so does our own guide."""

import re
import subprocess
import uuid
from pathlib import Path

import pytest

from rolebound.cli.pki import main as pki
from rolebound.model.identity import SigningIdentity
from testbed.operator import ROOT
from tests.setup.person import Person
from tests.support.aws import Aws

GUIDE = ROOT / "docs" / "howto" / "set-up-roles-anywhere.md"
# The usages that the script of AWS's own helper gives its certificates, RSA throughout.
CONFIGURATION = """
[req]
distinguished_name = subject
[subject]
[ca]
basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, cRLSign, digitalSignature, keyCertSign
[client]
basicConstraints = CA:FALSE
keyUsage = digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment
"""
NEW_CA = """
openssl req -x509 -newkey rsa:2048 -nodes -config c.cnf -extensions ca -days 365 -set_serial 1 \
  -subj "/CN=TEST ROOT" -keyout root-key.pem -out root-cert.pem
"""
NEW_CLIENT = """
openssl req -new -newkey rsa:2048 -nodes -config c.cnf -subj "/CN=TEST CLIENT" -keyout client-key.pem -out client.csr
openssl x509 -req -CA root-cert.pem -CAkey root-key.pem -set_serial 2 -days 365 -extfile c.cnf -extensions client \
  -in client.csr -out client-cert.pem
"""


def guide() -> str:
    """The commands of the guide's first section."""
    (block,) = re.findall(r"```sh\n(openssl|cat > openssl.*?)```", GUIDE.read_text(), re.DOTALL)
    return str(block)


@pytest.fixture
def person(account: Aws, shell: Path, capsys: pytest.CaptureFixture[str]) -> Person:
    return Person(account, shell, capsys, f"openssl-{uuid.uuid4().hex[:8]}")


@pytest.mark.parametrize(
    "script", [pytest.param(guide(), id="our guide"), pytest.param(NEW_CA + NEW_CLIENT, id="AWS's script")]
)
def test_certificates_of_openssl_become_the_role(person: Person, script: str) -> None:
    (person.folder / "c.cnf").write_text(CONFIGURATION)
    subprocess.run(["sh", "-ec", script], cwd=person.folder, capture_output=True, check=True)

    session = person.session(person.arns())

    assert session.assumed_role_arn.endswith("shop.web.web-1")


def test_a_ca_of_openssl_issues_and_renews_by_our_command(person: Person) -> None:
    (person.folder / "c.cnf").write_text(CONFIGURATION)
    subprocess.run(["sh", "-ec", NEW_CA], cwd=person.folder, capture_output=True, check=True)

    assert pki(["issue", "--subject", "CN=web,OU=shop"]) == 0
    assert pki(["renew", "--days", "7"]) == 0

    pair = [(person.folder / name).read_bytes() for name in ("client-cert.pem", "client-key.pem")]
    assert SigningIdentity.from_pem(*pair).issuer == "CN=TEST ROOT"
    person.session(person.arns())


def test_openssl_opens_the_encrypted_key_with_its_password(person: Person) -> None:
    assert pki(["init"]) == 0

    command = ["openssl", "pkey", "-in", "root-key.pem", "-noout", "-passin", "pass:correct horse"]
    done = subprocess.run(command, cwd=person.folder, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
