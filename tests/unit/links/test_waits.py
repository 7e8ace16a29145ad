"""The waits of a link: for the rate limit, for other callers of this server, and after a refusal."""

import pytest

from trackside.core.http_client.rate_limit import Limits, TokenBucket
from trackside.links.state.point_retries import FIRST_S, MOST, PointRetries
from trackside.links.worker.throttle import BUSY_SHARE, REST_FACTOR, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False


def test_a_call_waits_until_the_rate_limit_allows_it() -> None:
    clock = Clock()
    bucket = TokenBucket(2.0, 1.0, clock)

    for _ in range(3):
        bucket.take(clock.wait)

    assert clock.waits == [0.5, 0.5]


def test_every_expensive_call_waits_with_or_without_a_query() -> None:
    clock = Clock()
    limits = Limits(1000.0, {("runs/search",): 2.0}, clock)

    for path in ("/api/runs/search", "/api/runs/search?a=b?c", "/api/runs/get", "/api/runs/search"):
        limits.take(path, clock.wait)

    assert [seconds for seconds in clock.waits if seconds > 0.1] == pytest.approx([0.5, 0.499])


def test_the_throttle_ignores_the_calls_of_the_link_itself() -> None:
    at, used, own = 7.0, 3.0, 2.0
    rests: list[float] = []

    def rest(seconds: float) -> bool:
        rests.append(seconds)
        return False

    def after(others: float) -> list[float]:
        nonlocal at, used, own
        rests.clear()
        pace = Throttle(rest, lambda: (at, used, own))
        at, used, own = at + 0.125, used + 0.125, own + 0.125 - others
        pace.rest()
        return list(rests)

    assert after(0.0) == []
    assert after(0.125 * BUSY_SHARE / 2) == []
    assert after(0.125 * BUSY_SHARE * 2) == [0.125]
    assert REST_FACTOR * 0.125 < 5


def test_a_refusal_of_another_series_and_one_that_nobody_knows_change_nothing() -> None:
    clock = Clock()
    refusals = PointRetries(clock)

    refusals.forget("run", "m")
    refusals.note("run", "m", "why")
    refusals.note("run", "n", "why not")
    refusals.forget("run", "n")

    assert refusals.waiting("run", ["m", "n"]) == {"m": "why"}
    clock.now += FIRST_S
    assert refusals.waiting("run", ["m"]) == {}


def test_no_more_refusals_are_remembered_than_there_is_room_for() -> None:
    refusals = PointRetries(Clock())
    keys = [str(number) for number in range(MOST)]
    for key in keys:
        refusals.note("run", key, "")

    assert len(refusals.waiting("run", keys)) == MOST
    refusals.note("run", "one more", "")
    assert refusals.waiting("run", [*keys, "one more"]) == {"one more": ""}
