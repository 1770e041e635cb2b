"""`rolebound pki` as a person runs it: files, modes, refusals."""

import base64
import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from rolebound.cli.pki import main
from rolebound.model.identity import SigningIdentity
from testbed.operator import ROOT

FILES = ("root-cert.pem", "root-key.pem", "client-cert.pem", "client-key.pem")


@pytest.fixture(autouse=True)
def _in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLEBOUND_CA_PASSWORD", "correct horse")


@pytest.fixture
def _pair() -> None:
    assert main(["init"]) == 0
    assert main(["issue", "--subject", "web"]) == 0


@pytest.mark.usefixtures("_pair")
def test_everything_has_the_walk_throughs_name_and_is_for_its_owner_alone() -> None:
    assert sorted(path.name for path in Path().iterdir()) == sorted(FILES)
    assert {stat.S_IMODE(Path(name).stat().st_mode) for name in FILES} == {0o600}
    assert b"ENCRYPTED" in Path("root-key.pem").read_bytes()


def test_umask_takes_nothing_from_the_owner() -> None:
    before = os.umask(0o777)
    try:
        assert main(["init"]) == 0
    finally:
        os.umask(before)

    assert {stat.S_IMODE(Path(name).stat().st_mode) for name in ("root-cert.pem", "root-key.pem")} == {0o600}


@pytest.mark.usefixtures("_pair")
def test_openssl_verifies_what_was_issued() -> None:
    command = ["openssl", "verify", "-purpose", "sslclient", "-x509_strict", "-CAfile", "root-cert.pem"]
    done = subprocess.run([*command, "client-cert.pem"], capture_output=True, text=True, check=False)

    assert done.stdout == "client-cert.pem: OK\n", done.stderr


@pytest.mark.usefixtures("_pair")
@pytest.mark.parametrize("command", [["init"], ["issue", "--subject", "other"]])
def test_nothing_is_overwritten_without_force(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: Path(name).read_bytes() for name in FILES}

    assert main(command) == 1
    assert "--force" in capsys.readouterr().err
    assert {name: Path(name).read_bytes() for name in FILES} == before
    assert main([*command, "--force"]) == 0
    assert {name: Path(name).read_bytes() for name in FILES} != before


@pytest.mark.usefixtures("_pair")
def test_one_file_that_is_there_keeps_both_from_being_written() -> None:
    Path("client-key.pem").unlink()

    assert main(["issue", "--subject", "other"]) == 1
    assert not Path("client-key.pem").exists()


def test_a_link_to_nowhere_is_not_written_through() -> None:
    Path("root-key.pem").symlink_to("elsewhere.pem")

    assert main(["init"]) == 1
    assert not Path("elsewhere.pem").exists()


@pytest.mark.usefixtures("_pair")
def test_renewal_keeps_what_it_replaces() -> None:
    before = {name: Path(name).read_bytes() for name in ("client-cert.pem", "client-key.pem")}

    assert main(["renew"]) == 0

    for name, content in before.items():
        assert Path(f"{name}.old").read_bytes() == content != Path(name).read_bytes()
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
    new = SigningIdentity.from_pem(Path("client-cert.pem").read_bytes(), Path("client-key.pem").read_bytes())
    assert new.subject == "CN=web"


@pytest.mark.usefixtures("_pair")
def test_renewal_with_the_same_key_leaves_its_file_alone() -> None:
    key = Path("client-key.pem").read_bytes()

    assert main(["renew", "--keep-key"]) == 0
    assert Path("client-key.pem").read_bytes() == key
    assert not Path("client-key.pem.old").exists()


def test_a_ca_has_no_password_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLEBOUND_CA_PASSWORD")

    assert main(["init", "--unencrypted"]) == 0
    assert main(["issue", "--subject", "web"]) == 0


@pytest.mark.usefixtures("_pair")
def test_a_password_file_stands_before_the_variable(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wrong").write_text("wrong horse\n")
    Path("right").write_text("correct horse\n")

    assert main(["renew", "--password-file", "wrong"]) == 1
    told = capsys.readouterr().err
    assert "root-key.pem is encrypted, and the password does not open it" in told
    assert "horse" not in told
    assert main(["renew", "--password-file", "right"]) == 0


@pytest.mark.parametrize(("password", "why"), [("", "is empty"), ("x" * 1024, "longer than"), ("\udcff", "")])
def test_any_password_is_taken_or_refused(
    password: str, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROLEBOUND_CA_PASSWORD", password)

    status = main(["init"])

    assert status == bool(why)
    assert why in capsys.readouterr().err
    if not why:
        assert main(["issue", "--subject", "web"]) == 0


def test_the_secret_is_one_that_the_operator_reads_and_leaves_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    main(["init"])
    capsys.readouterr()

    assert main(["issue", "--subject", "web", "--as-secret", "roles-anywhere", "--namespace", "system"]) == 0

    secret = yaml.safe_load(capsys.readouterr().out)
    assert (secret["kind"], secret["type"]) == ("Secret", "kubernetes.io/tls")
    assert secret["metadata"] == {"name": "roles-anywhere", "namespace": "system"}
    data = {name: base64.b64decode(content) for name, content in secret["data"].items()}
    assert SigningIdentity.from_pem(data["tls.crt"], data["tls.key"]).subject == "CN=web"
    assert not Path("client-key.pem").exists()


@pytest.mark.usefixtures("_pair")
def test_inspection_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    assert main(["inspect", "--output", "json"]) == 0

    root, client = json.loads(capsys.readouterr().out)
    assert (root["ca"], root["pathLength"], root["accepted"]) == (True, 0, True)
    assert (client["subject"], client["use"], client["accepted"]) == ("CN=web", "client", True)
    certificate = x509.load_pem_x509_certificate(Path("client-cert.pem").read_bytes())
    assert client["serialNumber"] == str(certificate.serial_number)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["issue", "--subject", "web"], "root-cert.pem cannot be read: No such file"),
        (["renew"], "client-cert.pem cannot be read: No such file"),
        (["inspect"], "neither root-cert.pem nor client-cert.pem"),
        (["inspect", "/dev/zero"], "longer than any certificate"),
        (["init", "--subject", "CN="], "is no subject"),
        (["init", "--days", "99999999"], "past what a date can say"),
        (["init", "--dir", "/dev/null/x"], "cannot write"),
        (["init", "--dir", "/dev/null"], "/dev/null is no folder; choose another --dir"),
        (["inspect", "--dir", "x" * 300], "root-cert.pem nor"),
        (["issue", "--subject", "emailAddress=a@b.example"], "is no subject: of names there are CN, OU"),
        (["issue", "--subject", "web", "--as-secret", ""], "'' is no Kubernetes name"),
        (["issue", "--subject", "web", "--dns", ""], "an alternative name is empty"),
    ],
)
def test_a_refusal_is_one_line_that_says_why(command: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 1

    told = capsys.readouterr().err
    assert why in told
    assert told.count("\n") == 1


@pytest.mark.usefixtures("_pair")
def test_a_reader_who_leaves_early_sees_no_traceback() -> None:
    leaves_early = f"{shlex.quote(sys.executable)} -m rolebound pki inspect | true"
    done = subprocess.run(
        ["sh", "-c", leaves_early],
        env={"PYTHONPATH": str(ROOT / "operator"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""


@pytest.mark.parametrize("command", [["--help"], ["init", "--help"], ["issue", "--help"]])
def test_help_says_when_a_real_pki_is_better(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(command)

    told = capsys.readouterr().out
    assert all(word in told for word in ("cert-manager", "ACM PCA", "Vault", "step-ca"))
