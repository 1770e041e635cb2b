"""Running programs: each in its place, with a relay of its own, saying what becomes of its calls."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matrix import builds
from matrix.programs import Program
from matrix.relay import Relay
from matrix.stage import BUCKET, Stage
from matrix.verdicts import Outcome, outcome
from rolebound.model.objects import DeliveryType
from testbed.emulator import REGION
from testbed.processes import Process, start

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def orders(relay: Relay, pause: float) -> dict[str, str]:
    """Return the variables that tell a program what to call, and how many seconds to pause after each call."""
    return {
        "AWS_ENDPOINT_URL": relay.url,
        "AWS_EC2_METADATA_DISABLED": "true",  # there is none here, and to find that out takes long
        "MATRIX_BUCKET": BUCKET,
        "MATRIX_PAUSE": str(pause),
    }


@dataclass(frozen=True, slots=True)
class Reader:
    """One program that reads its credentials by one delivery."""

    program: Program
    delivery: DeliveryType
    relay: Relay
    process: Process

    @classmethod
    def start(cls, stage: Stage, program: Program, delivery: DeliveryType, pause: float) -> "Reader":
        """Start the program with nothing of this process' environment."""
        place, relay = stage.places[delivery], stage.relays.add()
        name = f"{Path(program.main).stem}-{delivery}"
        home = stage.cluster.workdir / "home"
        home.mkdir(exist_ok=True)
        region = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        environment = place.environment | region | orders(relay, pause) | {"PATH": _PATH, "HOME": str(home)}
        variables = [f"{variable}={value}" for variable, value in environment.items()]
        command = [*place.prefix, "env", "--ignore-environment", *variables, *builds.command(program)]
        return cls(program, delivery, relay, start(name, command, stage.cluster.logs))

    def has_called(self) -> bool:
        """Whether it has got to a call; RuntimeError with what it said where it ended before."""
        if self.outcome().calls:
            return True
        self.process.check()
        return False

    def outcome(self) -> Outcome:
        """Return how it has fared so far."""
        return outcome(self.process.log.read_text(errors="replace"), self.relay.keys)

    def stop(self) -> None:
        """End it."""
        self.process.kill()
