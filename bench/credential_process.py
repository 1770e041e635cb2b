"""`credential-process` beside AWS's helper, and the client kept open beside the helper's one call a process.

The helper is what `AWS_SIGNING_HELPER` names; ours is installed from a wheel. They are called in turn, so that a busy
machine is slow for both. AWS is the stand-in on loopback, once as quick as it is and once with the round trip to a
region near by, which the helper makes each time and the cache does not.
"""

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from ssl import create_default_context
from statistics import median
from typing import Final

from bench import aws, installed, sessions
from testbed.emulator import REGION, EmulatorProcess

_CALLS: Final = 25
_FAR: Final = 0.05  # seconds
_CACHED_GOAL, _FIRST_GOAL, _SESSIONS_GOAL = 1.0, 6.0, 10.0


@dataclass(frozen=True)
class Measured:
    """One way to get credentials: wall and CPU milliseconds of a call."""

    wall: float
    cpu: float


def run() -> None:
    """Print the tables."""
    helper = os.environ.get("AWS_SIGNING_HELPER", "")
    print(f"\ncredential-process, median of {_CALLS} calls\n")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        emulator = EmulatorProcess.start("127.0.0.1", home / "aws", home / "logs", "--no-rate-limit")
        try:
            prepared = aws.prepare(emulator)
            commands = _commands(emulator, prepared, home, helper)
            near = _table("AWS on loopback", commands, emulator, home)
            _delay(emulator, _FAR)
            _table(f"AWS {1000 * _FAR:.0f} ms away", commands, emulator, home)
            _delay(emulator, 0)
            _kept_open(near.get("helper"), emulator, prepared)
        finally:
            emulator.stop()


def _commands(emulator: EmulatorProcess, prepared: aws.Prepared, home: Path, helper: str) -> dict[str, list[str]]:
    issued = prepared.issue()
    (home / "client.pem").write_bytes(issued.certificate_pem)
    (home / "key.pem").write_bytes(issued.key_pem)
    flags = ["credential-process", "--endpoint", emulator.endpoint_url, "--region", REGION]
    flags += ["--trust-anchor-arn", prepared.trust_anchor, "--profile-arn", prepared.profile]
    flags += ["--role-arn", prepared.role, "--certificate", str(home / "client.pem")]
    flags += ["--private-key", str(home / "key.pem")]
    ours = str(installed.command(home))
    commands = {"cached": [ours, *flags], "first call": [ours, *flags, "--no-cache"]}
    return ({"helper": [helper, *flags, "--no-verify-ssl"]} if helper else {}) | commands


def _table(title: str, commands: dict[str, list[str]], emulator: EmulatorProcess, home: Path) -> dict[str, Measured]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_CA_BUNDLE": str(emulator.ca_file)}

    def call(command: list[str]) -> Measured:
        before, at = getrusage(RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        wall, after = time.perf_counter() - at, getrusage(RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Measured(1000 * wall, 1000 * cpu)

    for command in commands.values():
        call(command)  # files into the page cache, and the session into ours
    rounds = [{name: call(command) for name, command in commands.items()} for _ in range(_CALLS)]
    measured = {name: _typical([each[name] for each in rounds]) for name in commands}
    helper = measured.get("helper")
    print(f"  {title:<22}{'wall ms':>10}{'CPU ms':>10}{'÷ helper':>14}{'goal':>8}")
    for name, each in measured.items():
        goal = {"cached": f"{_CACHED_GOAL:.1f}", "first call": f"{_FIRST_GOAL:.1f}"}.get(name, "")
        ratio = f"{each.wall / helper.wall:.2f}" if helper else "not compared"
        print(f"  {name:<22}{each.wall:>10.1f}{each.cpu:>10.1f}{ratio:>14}{goal:>8}")
    print()
    return measured


def _typical(calls: list[Measured]) -> Measured:
    return Measured(median(each.wall for each in calls), median(each.cpu for each in calls))


def _kept_open(helper: Measured | None, emulator: EmulatorProcess, prepared: aws.Prepared) -> None:
    ours = 1000 / sessions.cpu_per_session(emulator, prepared)
    print(f"  sessions per CPU second: the client kept open {ours:.0f}", end="")
    if helper is None:
        print("; AWS_SIGNING_HELPER names no helper: not compared")
        return
    theirs = 1000 / helper.cpu
    print(f", the helper {theirs:.0f}: {ours / theirs:.1f} times as many (goal {_SESSIONS_GOAL:.0f})")


def _delay(emulator: EmulatorProcess, seconds: float) -> None:
    """Have the stand-in take so long for CreateSession from now on."""
    url = f"{emulator.endpoint_url}/_emulator/faults"
    trusted = create_default_context(cafile=str(emulator.ca_file))
    body = json.dumps({"kind": "delay", "seconds": seconds}).encode() if seconds else None
    request = urllib.request.Request(url, body, method="POST" if seconds else "DELETE")  # noqa: S310 - of the stand-in
    with urllib.request.urlopen(request, context=trusted) as answer:  # noqa: S310 - of the stand-in
        answer.read()
