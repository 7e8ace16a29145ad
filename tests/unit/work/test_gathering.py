"""Lanes wait for the commands of callers that ask again, and for nobody else."""

import threading

from support.links import LIMIT_S, until
from trackside.core.db.group import Gathering

LIMIT = 100


class Arrivals:
    """A clock that stands still, and before which one more command comes with each look at it."""

    def __init__(self, coming: list[int]) -> None:
        self.coming = coming
        self.step_s = 0.0
        self.now_s = 0.0
        self.gathering = Gathering[int](LIMIT, self)

    def __call__(self) -> float:
        self.now_s += self.step_s
        if self.coming:
            self.gathering.put([self.coming.pop(0)])
        return self.now_s


def busy(*, callers: int) -> Arrivals:
    """So many callers asked at a time, and are answered."""
    arrivals = Arrivals([])
    arrivals.gathering.put(list(range(callers)))
    group = arrivals.gathering.take()
    arrivals.gathering.finish(len(group), 1.0)
    return arrivals


def test_a_caller_that_is_alone_waits_for_nobody() -> None:
    arrivals = busy(callers=1)
    arrivals.gathering.put([7])

    assert arrivals.gathering.take() == [7]


def test_a_lane_waits_for_half_of_the_callers_that_were_answered() -> None:
    arrivals = busy(callers=8)
    arrivals.coming = [1, 2, 3, 4, 5]

    assert arrivals.gathering.take() == [1, 2, 3, 4]


def test_the_other_half_is_taken_when_it_has_come() -> None:
    arrivals = busy(callers=8)
    arrivals.gathering.put([1, 2, 3, 4])
    arrivals.gathering.take()
    arrivals.coming = [5, 6, 7, 8]

    assert arrivals.gathering.take() == [5, 6, 7, 8]


def test_a_lane_waits_for_nobody_when_all_others_are_under_way() -> None:
    arrivals = busy(callers=8)
    arrivals.gathering.put([1, 2, 3, 4, 5, 6])
    arrivals.gathering.take()
    arrivals.coming = [7, 8]

    assert arrivals.gathering.take() == [7, 8]


def test_callers_that_do_not_come_are_waited_for_once() -> None:
    arrivals = busy(callers=8)
    arrivals.gathering.put([1])
    arrivals.step_s = 1.0

    first = arrivals.gathering.take()
    arrivals.gathering.finish(len(first), 1.0)
    arrivals.gathering.put([2])
    asked_at = arrivals.now_s

    assert first == [1]
    assert arrivals.gathering.take() == [2]
    assert arrivals.now_s == asked_at + 1.0  # one look at the clock


def test_a_lane_that_slept_beside_a_large_group_takes_fewer_that_come_after_it() -> None:
    gathering = Gathering[int](LIMIT)
    gathering.put(list(range(8)))
    large = gathering.take()
    taken = []
    sleeper = threading.Thread(target=lambda: taken.append(gathering.take()), daemon=True)
    sleeper.start()
    until(lambda: gathering.asleep == 1)
    gathering.finish(len(large), 0.001)

    gathering.put([9])  # nobody else comes to look

    sleeper.join(LIMIT_S)
    assert taken == [[9]]


def test_a_group_has_a_limit() -> None:
    arrivals = Arrivals([])
    arrivals.gathering.put(list(range(LIMIT + 1)))

    assert [len(arrivals.gathering.take()), len(arrivals.gathering.take())] == [LIMIT, 1]


def test_what_waits_at_the_end_is_taken() -> None:
    arrivals = busy(callers=8)
    arrivals.gathering.put([1])
    arrivals.gathering.close()

    assert [arrivals.gathering.take(), arrivals.gathering.take()] == [[1], []]
