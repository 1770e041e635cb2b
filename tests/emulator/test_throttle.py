"""How many calls a second CreateSession takes."""

from datetime import timedelta

from rolebound.emulator import Emulator, Settings
from rolebound.emulator.clock import Clock
from rolebound.emulator.throttle import Throttle
from tests.emulator.world import World


class TestRate:
    def test_calls_beyond_the_quota_are_throttled_by_account_and_region(self) -> None:
        with Emulator(Settings(account="666677778888")) as emulator:
            setup = World(emulator).setup()
            request = setup.draft().signed()
            elsewhere = setup.draft(fields={"trustAnchorArn": setup.anchor.replace("us-east-1", "eu-west-1")}).signed()
            answers = [setup.world.send(request)]

            while answers[-1].status == 201 and len(answers) < 300:
                answers.append(setup.world.send(request))

            assert answers[-1].refusal == (429, "ThrottlingException", "Rate exceeded")
            assert len(answers) > 10
            assert setup.world.send(elsewhere).status != 429
            emulator.clock.advance(timedelta(seconds=1))
            assert setup.world.send(request).status == 201

    def test_ten_calls_a_second_are_the_rate(self) -> None:
        throttle = Throttle(StoppedClock())

        assert [throttle.admits("1", "a") for _ in range(11)] == [True] * 10 + [False]
        assert throttle.admits("1", "b")
        assert throttle.admits("2", "a")
        throttle.clock.advance(timedelta(milliseconds=100))
        assert [throttle.admits("1", "a") for _ in range(2)] == [True, False]


class StoppedClock(Clock):
    def monotonic(self) -> float:
        return self.offset.total_seconds()
