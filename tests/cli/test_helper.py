"""`rolebound` in the place of AWS's helper: its flags, what it sends, what it prints, how it ends."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cli.conftest import Here
from tests.cli.terminal import ROLEBOUND, Terminal
from tests.support.aws import Setup

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "createsession").glob("*.json"))
ANSWER = {
    "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
    "secretAccessKey": "s",
    "sessionToken": "t",
    "expiration": "2030-01-01T00:00:00Z",
}


@dataclass
class Recorder:
    """The server that the helper was recorded against: it takes whatever it is sent."""

    url: str = ""
    seen: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    record = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            record.seen.append(({k.lower(): v for k, v in self.headers.items()}, json.loads(body)))
            answer = json.dumps({"credentialSet": [{"credentials": ANSWER}]}).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    record.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield record
    server.shutdown()
    server.server_close()


@pytest.fixture(params=VECTORS, ids=lambda path: path.stem)
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(request.param.read_text())
    return loaded


def flags_of(vector: dict[str, Any], home: Path, endpoint: str) -> list[str]:
    arguments = vector["arguments"]
    flags = ["--endpoint", endpoint, "--region", arguments["region"], *arguments["flags"]]
    for name in ("trust-anchor", "profile", "role"):
        flags += [f"--{name}-arn", arguments[f"{name.replace('-anchor', 'Anchor')}Arn"]]
    for name, key in (("certificate", "leaf"), ("private-key", "private_key"), ("intermediates", "intermediates")):
        if vector[key]:
            (home / f"{name}.pem").write_text(vector[key])
            flags += [f"--{name}", str(home / f"{name}.pem")]
    return flags


def test_it_sends_and_prints_what_the_helper_did(
    tmp_path: Path, here: Here, recorder: Recorder, vector: dict[str, Any]
) -> None:
    done = here("credential-process", *flags_of(vector, tmp_path, recorder.url))

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads(vector["stdout"])
    headers, body = recorder.seen[-1]
    theirs = {name.lower(): value for name, value in vector["request"]["headers"]}
    for name in ("x-amz-x509", "x-amz-x509-chain"):
        assert headers.get(name) == theirs.get(name)
    assert body.items() >= json.loads(vector["request"]["body"]).items()
    assert headers["authorization"].split("/")[0] == theirs["authorization"].split("/")[0]  # algorithm and serial


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--pkcs11-lib", "/usr/lib/opensc.so"], "--pkcs11-lib: keys in PKCS#11 modules are not supported"),
        (["--reuse-pin"], "--reuse-pin: keys in PKCS#11"),
        (["--tpm-key-password", "x"], "--tpm-key-password: keys in a TPM are not supported"),
        (["--no-tpm-key-password"], "--no-tpm-key-password: keys in a TPM"),
        (["--cert-selector", "file://x"], "--cert-selector: certificates and keys in the operating system's store"),
        (["--system-store-name", "MY"], "--system-store-name: certificates and keys in the operating system's"),
        (["--use-latest-expiring-certificate"], "--use-latest-expiring-certificate: certificates and keys in"),
        (["--private-key", "pkcs11:object=key"], "keys in PKCS#11 modules are not supported"),
        (["--private-key", "handle:0x81000001"], "keys in a TPM are not supported"),
    ],
    ids=lambda flags: flags[0] if isinstance(flags, list) else "",
)
def test_what_files_cannot_give_is_refused_by_a_sentence(
    terminal: Terminal, here: Here, role: Setup, flags: list[str], said: str
) -> None:
    done = here("credential-process", *terminal.flags(role), *flags)

    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert role.calls() == []


def certificate(vector: dict[str, Any], home: Path) -> tuple[list[str], x509.Certificate]:
    (home / "leaf.pem").write_text(vector["leaf"])
    (home / "key.pem").write_text(vector["private_key"])
    loaded = x509.load_pem_x509_certificate(vector["leaf"].encode())
    return ["--certificate", str(home / "leaf.pem"), "--private-key", str(home / "key.pem")], loaded


def test_certificate_data_is_the_requests(tmp_path: Path, here: Here, vector: dict[str, Any]) -> None:
    flags, leaf = certificate(vector, tmp_path)

    printed = json.loads(here("read-certificate-data", *flags).stdout)

    theirs = dict(vector["request"]["headers"])
    assert printed["certificateData"] == theirs["X-Amz-X509"] == b64encode(leaf.public_bytes(Encoding.DER)).decode()
    assert f"Credential={printed['serialNumber']}/" in theirs["Authorization"]
    assert printed["keyType"] == ("RSA" if isinstance(leaf.public_key(), rsa.RSAPublicKey) else "EC")
    assert printed["supportedAlgorithms"] == [printed["keyType"] + each for each in ("SHA256", "SHA384", "SHA512")]
    text = here("read-certificate-data", *flags, "--output", "text").stdout
    assert f"serialNumber: {printed['serialNumber']}\n" in text


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda each: each.name)
def test_fixed_string_is_signed(tmp_path: Path, here: Here, vector: dict[str, Any], digest: Any) -> None:
    flags, leaf = certificate(vector, tmp_path)

    printed = here("sign-string", *flags, "--digest", digest.name.upper()).stdout

    key: Any = leaf.public_key()
    is_rsa = isinstance(key, rsa.RSAPublicKey)
    form = (Encoding.DER, PublicFormat.PKCS1) if is_rsa else (Encoding.X962, PublicFormat.UncompressedPoint)
    whole = hashes.Hash(hashes.SHA256())
    whole.update(b"IAM RA" + key.public_bytes(*form))
    message = b"AWS Roles Anywhere Credential Helper Signing Test1" + whole.finalize()
    scheme = (padding.PKCS1v15(), digest) if is_rsa else (ec.ECDSA(digest),)
    key.verify(bytes.fromhex(json.loads(printed)), message, *scheme)


def test_signature_comes_in_three_forms(terminal: Terminal) -> None:
    vector = json.loads(next(path for path in VECTORS if "rsa2048-plain" in path.name).read_text())
    flags, _ = certificate(vector, terminal.home)

    text = terminal.run_well("sign-string", *flags, "--format", "text").strip()
    command = [str(ROLEBOUND), "sign-string", *flags, "--format", "bin"]
    binary = subprocess.run(command, env=terminal.environment, capture_output=True, check=True).stdout

    assert json.loads(terminal.run_well("sign-string", *flags[2:])) == text == binary.hex()


def test_missing_flags_are_all_named(terminal: Terminal) -> None:
    done = terminal.run("credential-process", "--session-duration", "900")

    assert (done.returncode, done.stdout) == (2, "")
    for name in ("role-arn", "profile-arn", "trust-anchor-arn", "certificate"):
        assert f"--{name}" in done.stderr


def test_version_is_one_word_or_json(terminal: Terminal) -> None:
    word = terminal.run_well("version").strip()

    assert json.loads(terminal.run_well("version", "--output", "json")) == {"version": word}


def test_profile_that_names_the_helper_works_with_the_word_exchanged(terminal: Terminal, role: Setup) -> None:
    """The whole line of the article, in the user's AWS configuration."""
    process = f"aws_signing_helper credential-process {' '.join(terminal.flags(role))}"
    (terminal.home / ".aws").mkdir()
    configuration = f"[default]\nregion = eu-central-1\ncredential_process = {process}\n"
    (terminal.home / ".aws" / "config").write_text(configuration.replace("aws_signing_helper", "rolebound"))

    done = subprocess.run(
        ["aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"],
        env=terminal.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert f"assumed-role/{role.name}/" in done.stdout, done.stderr
