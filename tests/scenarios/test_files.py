"""The pod's part without a kubelet: the real AWS CLI reads the Secret laid out as files, and follows its renewals."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.volume import Volume
from tests.support.aws import REGION, Aws, Setup
from tests.support.kubernetes import Sandbox

pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]


@pytest.fixture
def volume(sandbox: Sandbox, tmp_path: Path) -> Iterator[Volume]:
    following = Volume.follow(sandbox.cluster, sandbox.namespace, "api-1-aws", tmp_path / "mount")
    yield following
    following.stop()


def served(aws: Aws, sandbox: Sandbox, volume: Volume, **binding: Any) -> Setup:
    setup = aws.setup()
    sandbox.certificate(setup.name, setup.issue())
    sandbox.binding(sandbox.cluster_role(setup), **binding)
    sandbox.pod("api-1")
    volume.wait()
    return setup


def identity(aws: Aws, volume: Volume, profile: str = "default") -> str:
    """The ARN that the AWS CLI gets with nothing but the files."""
    assert aws.emulator.ca_file is not None
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(volume.folder),
        "AWS_SHARED_CREDENTIALS_FILE": str(volume.folder / "credentials"),
        "AWS_PROFILE": profile,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": aws.emulator.endpoint_url,
        "AWS_CA_BUNDLE": str(aws.emulator.ca_file),
    }
    command = ["aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("delivery", ["CredentialProcess", "StaticFile"])
def test_aws_cli_is_the_role_with_nothing_but_the_files(
    aws: Aws, sandbox: Sandbox, volume: Volume, delivery: str
) -> None:
    setup = served(aws, sandbox, volume, delivery={"type": delivery, "profile": "readers"})

    arn = identity(aws, volume, "readers")

    assert arn == f"arn:aws:sts::111122223333:assumed-role/{setup.name}/{sandbox.namespace}.api.api-1"


def test_files_follow_a_renewal(aws: Aws, sandbox: Sandbox, volume: Volume) -> None:
    served(aws, sandbox, volume)
    old = json.loads((volume.folder / "credentials.json").read_text())["AccessKeyId"]

    annotate = ["annotate", "awsrolebinding", "reader", "-n", sandbox.namespace]
    sandbox.cluster.kubectl(*annotate, f"rolebound.dev/renew={time.monotonic_ns()}")

    def new() -> bool:
        key = json.loads((volume.folder / "credentials.json").read_text())["AccessKeyId"]
        return bool(key != old)

    sandbox.eventually("a new key in the file", new)
    assert identity(aws, volume)
