"""Whatever the files and flags hold: a sentence that says what is wrong, and never a traceback."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from tests.doctor.consultation import Doctor
from tests.emulator import pki
from tests.emulator.bent import with_leaf
from tests.emulator.pki import Form
from tests.emulator.world import Setup, World
from tests.support import canary
from tests.support.aws import Aws
from tests.support.pki import key_pem, pem

ENCRYPTED = pki.key("p256").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame"))


@pytest.fixture(scope="module")
def setup(world: World) -> Setup:
    return world.setup()


@pytest.mark.parametrize(
    ("what", "content", "words"),
    [
        ("bundle", b"\0\xff garbage", "neither PEM nor DER"),
        ("bundle", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate in PEM"),
        ("key", pem(pki.root().certificate), "no private key"),
        ("key", ENCRYPTED, "encrypted"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    doctor: Doctor, setup: Setup, what: str, content: bytes, words: str
) -> None:
    told = doctor.sees(setup, **{what: content})

    assert told.that_are("wrong") == ["files"]
    assert words in told["files"]["message"]
    assert told["session"]["verdict"] == "not checked"
    assert told["anchor"]["verdict"] == "ok"  # what does not need the files is looked at all the same
    assert told.status == 1


def test_a_file_that_is_not_there_is_named(doctor: Doctor, setup: Setup, tmp_path: Path) -> None:
    told = doctor.sees(setup, "--certificate", str(tmp_path / "absent.pem"))

    assert "absent.pem cannot be read: No such file" in told["files"]["message"]


def test_a_key_of_another_certificate_is_found(doctor: Doctor, setup: Setup) -> None:
    told = doctor.sees(setup, key=key_pem(pki.key("p384")))

    assert told.that_are("wrong") == ["pair"]
    assert "'CN=pod.shop'" in told["pair"]["message"]
    assert "made together" in told["pair"]["remedy"]


def test_several_faults_of_one_certificate_are_told_at_once(doctor: Doctor, setup: Setup) -> None:
    bent = with_leaf(setup, subject=pki.name(), digital_signature=False, not_after=datetime(2026, 6, 1, tzinfo=UTC))

    assert doctor.sees(bent).that_are("wrong") == ["dates", "usages", "subject"]


def test_intermediates_may_come_in_a_file_of_their_own(doctor: Doctor, setup: Setup, tmp_path: Path) -> None:
    identity = setup.authority.issue(pki.intermediate_form("middle")).issue(Form())
    (tmp_path / "middle.pem").write_bytes(pem(*identity.chain))
    bent = replace(setup, identity=replace(identity, chain=()))

    told = doctor.sees(bent, "--intermediates", str(tmp_path / "middle.pem"))

    assert told["chain"]["message"] == "CN=pod.shop ← CN=middle ← CN=test root"
    assert told.status == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--trust-anchor-arn", "arn:aws:nonsense"], "a trust anchor ARN like"),
        (["--role-arn", "\x1b[31m"], "a role ARN like"),
        (["--endpoint", "no-url"], "no-url"),
        (["--session-duration", "soon"], "--session-duration: it may be a whole number"),
        (["--output", "xml"], "--output: it may be json, text"),
        (["--pkcs11-lib", "/lib/module.so"], "PKCS#11"),
        (["--certificate", ""], "missing: --certificate"),
    ],
)
def test_a_question_that_cannot_be_asked_says_why(
    doctor: Doctor, setup: Setup, arguments: list[str], words: str
) -> None:
    told = doctor.sees(setup, *arguments)

    assert told.status == 2
    assert words in told.text
    assert "\x1b" not in told.text


def test_flags_that_are_missing_are_named(doctor: Doctor) -> None:
    told = doctor.asked("--role-arn", "arn:aws:iam::333344445555:role/r")

    assert told.status == 2
    assert "missing: --certificate, --trust-anchor-arn, --profile-arn" in told.text


def test_parameters_that_aws_cannot_take_are_told(doctor: Doctor, setup: Setup) -> None:
    told = doctor.sees(setup, "--session-duration", "60", "--role-session-name", "no spaces")

    assert told.that_are("wrong") == ["session-name", "duration", "session"]


def test_without_a_call_nothing_is_asked_of_create_session(doctor: Doctor, world: World) -> None:
    setup = world.setup()

    told = doctor.sees(setup, "--no-call")

    assert told.status == 3
    assert told["session"]["message"] == "no call was made, as was asked for"
    assert [each for each in world.emulator.requests() if each.role_arn == setup.role] == []


def test_text_says_the_same_as_json(doctor: Doctor, world: World) -> None:
    setup = world.setup(acceptRoleSessionName=False)
    asked = ("--role-session-name", "shop.api")
    told = doctor.sees(setup, *asked)

    lines = doctor.sees(setup, *asked, "--output", "text").text.splitlines()

    assert len([line for line in lines if not line.startswith(" ")]) == len(told.document["checks"])
    at = lines.index("wrong        session-name    the profile does not accept session names")
    assert lines[at + 1].strip() == f"→ {told['session-name']['remedy']}"


def test_no_secret_is_printed(doctor: Doctor, world: World) -> None:
    setup = world.setup()
    administrator = world.emulator.administrator

    well, badly = doctor.sees(setup), doctor.sees(setup, key=key_pem(pki.key("p521")))
    text = well.text + badly.text + doctor.sees(setup, "--output", "text").text

    lines = canary.pem_body(key_pem(setup.identity.key)) + canary.pem_body(key_pem(pki.key("p521")))
    keys = [line for line in lines if len(line) > 20]  # fewer letters stand anywhere by chance
    minted = Aws(world.emulator).minted()
    assert len(minted) >= 4
    assert canary.found([administrator.secret_access_key, *keys, *minted], text) == []
