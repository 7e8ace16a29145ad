"""The rate limits of calls to a remote, with a clock that only advances during waits."""

import itertools
import threading
import time

import pytest

from trackside.core.http_client import rate_limit
from trackside.core.http_client.errors import Cancelled
from trackside.core.http_client.rate_limit import Limits, TokenBucket
from trackside.links.connect import SLOW
from trackside.links.model import Kind

API = "/api/2.0/mlflow"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False

    def __call__(self) -> float:
        return self.now


def test_a_token_bucket_limits_calls_to_its_rate() -> None:
    """The clock only advances during waits."""
    clock = [0.0]

    def wait(seconds: float) -> bool:
        clock[0] += seconds
        return False

    bucket = TokenBucket(20.0, 20.0, lambda: clock[0])
    times = []
    for _ in range(220):
        bucket.take(wait)
        times.append(clock[0])

    assert times[19] == 0
    assert times[219] == pytest.approx(10.0)
    assert all(times[i + 40] - times[i] >= 0.99 for i in range(180))


def test_each_second_of_a_link_has_a_limit_and_expensive_calls_a_lower_one() -> None:
    clock = Clock()
    found = Limits(20.0, SLOW[Kind.DATABRICKS], clock)
    times: dict[str, list[float]] = {"runs/search": [], "runs/get": [], "experiments/update": []}
    for i in range(300):
        name = "runs/search" if i % 3 == 0 else "experiments/update" if i % 3 == 1 else "runs/get"
        found.take(f"{API}/{name}?run_id={i}", clock.wait)
        times[name].append(clock.now)

    assert most_in_a_second(times["runs/search"]) <= 6
    assert most_in_a_second(times["experiments/update"]) <= 6
    assert most_in_a_second(sorted(itertools.chain(*times.values()))) <= 21


def test_links_to_the_same_remote_share_its_limits() -> None:
    one = rate_limit.shared(("https://lake", "token"), 20.0, {})
    two = rate_limit.shared(("https://lake", "token"), 5.0, {})
    other = rate_limit.shared(("https://lake", "another token"), 20.0, {})

    assert one is two
    assert one is not other


def test_the_lowest_requested_rate_applies_until_all_links_have_ended() -> None:
    clock = Clock()
    found = Limits(20.0, {}, clock)
    found.slow_down(5.0)
    found.slow_down(10.0)
    times = []
    for _ in range(30):
        found.take("/x", clock.wait)
        times.append(clock.now)

    assert most_in_a_second(times) <= 6


def test_many_threads_together_get_the_rate_of_one() -> None:
    bucket = TokenBucket(50.0, 1.0)
    began = threading.Event()
    taken: list[int] = []

    def work() -> None:
        began.wait()
        for i in range(5):
            bucket.take(lambda seconds: threading.Event().wait(seconds))
            taken.append(i)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    at = time.monotonic()
    began.set()
    for thread in threads:
        thread.join()

    assert len(taken) == 20
    assert time.monotonic() - at >= 19 / 50


def test_waiting_for_a_rate_limit_ends_on_cancellation() -> None:
    found = Limits(1.0, {})
    found.take("/x", lambda seconds: True)

    with pytest.raises(Cancelled):
        found.take("/x", lambda seconds: True)


def most_in_a_second(times: list[float]) -> int:
    return max(sum(1 for each in times if at <= each < at + 1 - 1e-6) for at in times)
