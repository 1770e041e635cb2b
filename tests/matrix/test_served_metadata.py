"""`rolebound serve` as EC2's metadata service, beside an SDK that takes an expiry for what it is.

botocore does not: whatever the metadata service gives it with less than a quarter of an hour to live it keeps for
minutes more, so with sessions of seconds it would be refused. The SDK for Go v1 asks anew when less than five minutes
are left, hence for every call here. (Go v2 keeps what it has to the last second, and a request takes longer than none.)
"""

from datetime import timedelta
from pathlib import Path

from matrix import builds
from matrix.programs import Language, named
from matrix.relay import Relays
from matrix.verdicts import outcome
from testbed.processes import start
from tests.cli.terminal import Terminal, eventually, served
from tests.support import aws as aws_support
from tests.support.aws import REGION, Aws

LIFETIME = 5  # seconds; half of them must do for a call on a busy machine
SESSIONS = 4
BUCKET = "served"


def test_process_that_outlives_three_sessions_never_fails_a_call(tmp_path: Path) -> None:
    builds.ensure([Language.GO])
    program = named("Go v1")
    emulator = aws_support.start(account="222233337777", rate_limit=False, session_lifetime=timedelta(seconds=LIFETIME))
    terminal, role = Terminal.open(tmp_path, Aws(emulator)), Aws(emulator).setup()
    Aws(emulator).bucket(BUCKET)

    assert emulator.ca_file
    with (
        Relays("127.0.0.1", emulator.endpoint_url, emulator.ca_file) as relays,
        terminal.running("serve", *terminal.flags(role), "--port", "0") as server,
    ):
        relay = relays.add()
        environment = {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": served(server, "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
            "AWS_ENDPOINT_URL": relay.url,
            "AWS_REGION": REGION,
            "HOME": str(tmp_path),
            "MATRIX_BUCKET": BUCKET,
            "MATRIX_PAUSE": "0.2",
        }
        asking = start("go", builds.command(program), tmp_path / "logs", environment)
        eventually(lambda: len(relay.keys) >= SESSIONS, within=2 * SESSIONS * LIFETIME)
        asking.kill()
    emulator.stop()

    told = outcome(asking.log.read_text(), relay.keys)
    assert (told.failed, told.first_error) == (0, "")
    assert told.calls > SESSIONS
