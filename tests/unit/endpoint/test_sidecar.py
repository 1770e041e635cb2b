import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from rolebound.endpoint.files import CredentialsFile, TokenFile
from rolebound.endpoint.protocol import Request
from rolebound.endpoint.sidecar import Sidecar
from tests.support.mounted import TOKEN, Mounted


@pytest.fixture
def mounted(tmp_path: Path) -> Mounted:
    return Mounted(tmp_path)


@pytest.fixture
def serving(mounted: Mounted) -> Iterator[Mounted]:
    mounted.credentials()
    mounted.token()
    with mounted.running():
        yield mounted


def test_new_credentials_are_served_with_the_next_request(serving: Mounted) -> None:
    assert serving.get()[1]["AccessKeyId"] == "ASIA1"

    serving.credentials("ASIA2")

    assert serving.get()[1]["AccessKeyId"] == "ASIA2"


def test_no_request_fails_while_the_volume_is_exchanged_all_the_time(serving: Mounted) -> None:
    stopped, answers = Event(), list[tuple[int, dict[str, str]]]()

    def ask() -> None:
        while not stopped.is_set():
            answers.append(serving.get())

    asking = Thread(target=ask)
    asking.start()
    until, number = time.monotonic() + 30, 0
    while (number < 300 or len(answers) < 50) and time.monotonic() < until:
        serving.credentials(f"ASIA{number}")
        number += 1
    stopped.set()
    asking.join()

    assert len(answers) >= 50
    assert {status for status, _ in answers} == {200}
    assert all(each["SecretAccessKey"] == f"secret of {each['AccessKeyId']}" for _, each in answers)


def test_probe_fails_until_credentials_would_be_served(mounted: Mounted) -> None:
    mounted.token()
    with mounted.running():
        early = mounted.probe()
        refused = mounted.get()
        mounted.credentials()
        ready = mounted.probe()

    assert early.returncode == 1
    assert "default.json cannot be read: No such file or directory" in early.stderr
    assert (refused[0], refused[1]["code"]) == (503, "CredentialsNotFound")
    assert (ready.returncode, ready.stdout, ready.stderr) == (0, "", "")


def test_probe_fails_without_a_token_file_and_shows_nothing_of_the_credentials(mounted: Mounted) -> None:
    mounted.credentials()
    with mounted.running():
        probed = mounted.probe()

    assert probed.returncode == 1
    assert "endpoint/token cannot be read" in probed.stderr
    assert "secret of" not in probed.stderr


def test_probe_without_a_sidecar_says_so(mounted: Mounted) -> None:
    probed = mounted.probe()

    assert probed.returncode == 1
    assert f"nothing answers on 127.0.0.1:{mounted.port}" in probed.stderr
    assert "Traceback" not in probed.stderr


def test_probe_of_something_else_on_the_port_says_so(mounted: Mounted) -> None:
    def greet() -> None:
        accepted, _ = other.accept()
        with accepted:
            accepted.sendall(b"SSH-2.0-server\r\n")
            accepted.recv(1000)

    with socket.create_server(("127.0.0.1", mounted.port)) as other:
        greeting = Thread(target=greet)
        greeting.start()
        probed = mounted.probe()
        greeting.join()

    assert probed.returncode == 1
    assert "is not `rolebound endpoint`" in probed.stderr


def test_garbage_does_not_stop_the_last_good_credentials(serving: Mounted) -> None:
    serving.get()

    serving.aws.holds("default.json", "{")

    assert (serving.get()[0], serving.probe().returncode) == (200, 0)


def test_last_good_are_those_of_the_last_look_though_nobody_asked(mounted: Mounted) -> None:
    mounted.token()
    sidecar = Sidecar(
        CredentialsFile(mounted.folder / "aws/default.json"), TokenFile(mounted.folder / "endpoint/token")
    )
    request = Request("GET", "/v1/credentials", {"authorization": TOKEN})
    mounted.credentials("ASIA1")
    sidecar.answer(request)

    mounted.credentials("ASIA2")
    sidecar.refresh()
    mounted.aws.holds("default.json", "")

    assert json.loads(sidecar.answer(request).body)["AccessKeyId"] == "ASIA2"


def test_expired_credentials_are_not_served_and_new_ones_are(mounted: Mounted) -> None:
    mounted.token()
    with mounted.running():
        mounted.credentials(lasting=timedelta(seconds=3))
        first = mounted.get()
        time.sleep(3)
        late = mounted.get()
        mounted.credentials("ASIA2")
        renewed = mounted.get()

    assert (first[0], renewed[0]) == (200, 200)
    assert (late[0], late[1]["code"]) == (503, "ExpiredCredentials")
    assert "expired at" in late[1]["message"]
    assert "AWSRoleBinding says why" in late[1]["message"]


def test_both_sides_of_a_token_rotation_are_served_and_no_other(serving: Mounted) -> None:
    serving.get()

    serving.token("token-2")

    statuses = [serving.get(token)[0] for token in ("token-2", "token-1", "token-3", "", None)]
    assert statuses == [200, 200, 401, 401, 401]


def test_sidecar_ends_at_once_whatever_its_clients_do(mounted: Mounted) -> None:
    mounted.credentials()
    mounted.token()
    with mounted.running() as process:
        clients = [socket.create_connection(("127.0.0.1", mounted.port)) for _ in range(5)]
        clients[0].sendall(b"GET /v1/cred")
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=10)
        took = time.monotonic() - started
        for client in clients:
            client.close()

    assert status == 0
    assert took < 4  # no deadline of a connection is shorter


def test_log_says_what_is_wrong_and_nothing_secret(mounted: Mounted) -> None:
    mounted.token()
    mounted.aws.holds("default.json", '{"Version": 1, "SecretAccessKey": "secret of mine"}')
    with mounted.running() as process:
        mounted.get()
        mounted.get("a wrong token")
        process.terminate()
        _, log = process.communicate(timeout=10)

    assert f"on 127.0.0.1:{mounted.port}" in log
    assert "default.json is not what a credential_process prints: it has no AccessKeyId" in log
    assert not [secret for secret in ("secret of", "token-1", "wrong token", "Traceback") if secret in log]


def test_port_that_is_taken_is_named(mounted: Mounted) -> None:
    options = ["--file", "f", "--token-file", "t"]
    with socket.create_server(("127.0.0.1", mounted.port)):
        done = subprocess.run(
            mounted.command(*options), env={"PYTHONPATH": "operator"}, capture_output=True, text=True, check=False
        )

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{mounted.port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--file", "f"], "--file and --token-file are needed"),
        (["--port", "0", "--probe"], "a port is a number from 1 to 65535"),
        (["--port", "99999", "--probe"], "a port is a number from 1 to 65535"),
        (["--host", "0.0.0.0"], "unrecognized arguments"),  # noqa: S104 - which is refused
    ],
)
def test_wrong_options_are_refused(mounted: Mounted, options: list[str], says: str) -> None:
    done = subprocess.run(
        mounted.command(*options), env={"PYTHONPATH": "operator"}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert says in done.stderr


def test_sidecar_imports_the_standard_library_and_little_of_it() -> None:
    code = "import sys, rolebound.cli, rolebound.cli.endpoint as e; e._parser(); print(*sys.modules)"
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, env={"PYTHONPATH": "operator"}, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}

    assert loaded - sys.stdlib_module_names <= {"rolebound", "__main__"}
    # Each of these costs more memory than all of the sidecar's own code.
    assert not loaded & {"asyncio", "email", "hashlib", "hmac", "logging", "ssl", "_hashlib", "bz2", "lzma"}
