"""A link slows down for other calls of its server, and not for the work that it causes itself."""

import pytest

from trackside.links.worker.throttle import LONGEST_REST_S, Throttle


class Clock:
    """`others` is the share of the processor that others use while time passes."""

    def __init__(self) -> None:
        self.at = self.used = 0.0
        self.others = 0.0
        self.rests: list[float] = []
        self.others_in_rests = 0.0

    def now(self) -> tuple[float, float, float]:
        return self.at, self.used, 0.0

    def work(self, seconds: float) -> None:
        self.at += seconds
        self.used += seconds * self.others

    def wait(self, seconds: float) -> bool:
        self.rests.append(seconds)
        self.at += seconds
        self.used += seconds * self.others_in_rests
        return False


@pytest.mark.parametrize(
    ("at_work", "in_rests", "rests"),
    [
        pytest.param(0.0, 0.0, [], id="nobody"),
        pytest.param(0.5, 0.0, [0.25], id="this server, for the link"),
        pytest.param(0.5, 0.5, [0.25, 4.75], id="others"),
    ],
)
def test_a_link_pauses_long_only_for_other_links(at_work: float, in_rests: float, rests: list[float]) -> None:
    clock = Clock()
    clock.others, clock.others_in_rests = at_work, in_rests
    pace = Throttle(clock.wait, clock.now)
    clock.work(0.25)

    pace.rest()

    assert clock.rests == rests


def test_no_pause_is_longer_than_some_seconds() -> None:
    clock = Clock()
    clock.others = clock.others_in_rests = 0.5
    pace = Throttle(clock.wait, clock.now)
    clock.work(100)

    pace.rest()

    assert sum(clock.rests) == LONGEST_REST_S
