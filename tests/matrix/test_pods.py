"""The same programs inside pods of their own: one in an image with nothing but itself, one with Python."""

from dataclasses import dataclass

import pytest

from matrix import builds
from matrix.programs import PROGRAMS, SOURCES, Language
from matrix.readers import orders
from matrix.relay import Relay
from matrix.stage import Stage
from matrix.verdicts import Outcome, Verdict, outcome
from rolebound.model.objects import DeliveryType
from testbed import images
from tests.matrix.conftest import LIFETIME

pytestmark = pytest.mark.node

SESSIONS = 3


@dataclass
class PodReader:
    """A program that is its pod."""

    stage: Stage
    name: str
    relay: Relay

    def outcome(self) -> Outcome:
        logs = ["logs", self.name, "-c", "app", "-n", self.stage.sandbox.namespace]
        return outcome(self.stage.cluster.kubectl(*logs, check=False).stdout, self.relay.keys)


def in_pod(stage: Stage, name: str, delivery: DeliveryType, **container: object) -> PodReader:
    relay = stage.relays.add()
    variables = [{"name": variable, "value": value} for variable, value in orders(relay, 0.5).items()]
    stage.create_pod(name, delivery, {"env": variables} | container)
    return PodReader(stage, name, relay)


def test_scratch_image_and_python_image_live_through_expiry(stage: Stage) -> None:
    go = next(program for program in PROGRAMS if program.name == "Go v2")
    boto3 = next(program for program in PROGRAMS if program.name == "boto3")
    python = SOURCES / Language.PYTHON
    stage.cluster.load_image(images.scratch(builds.binary(go)))
    requirement = f"{boto3.package}=={boto3.version}"
    stage.cluster.load_image(images.python(requirement, [python / "loop.py", python / boto3.main]))

    command = ["python3", f"/app/{boto3.main}"]
    pods = [
        in_pod(stage, "scratch", DeliveryType.ENDPOINT, image=images.SCRATCH),
        in_pod(stage, "python", DeliveryType.CREDENTIAL_PROCESS, image=images.PYTHON, command=command),
    ]

    stage.sandbox.eventually(
        "sessions", lambda: all(len(pod.relay.keys) >= SESSIONS for pod in pods), (SESSIONS + 2) * LIFETIME
    )
    for pod in pods:
        assert (pod.outcome().verdict, pod.outcome().first_error) == (Verdict.WORKS, "")
