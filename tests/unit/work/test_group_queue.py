"""A batch writer waits for the commands of recent callers, and no longer."""

import threading

from support.links import LIMIT_S, until
from trackside.core.db.group import GroupQueue

LIMIT = 100


class Arrivals:
    """A clock that stands still.  Each reading of it queues one more command."""

    def __init__(self, coming: list[int]) -> None:
        self.coming = coming
        self.step_s = 0.0
        self.now_s = 0.0
        self.queue = GroupQueue[int](LIMIT, self)

    def __call__(self) -> float:
        self.now_s += self.step_s
        if self.coming:
            self.queue.put([self.coming.pop(0)])
        return self.now_s


def busy(*, callers: int) -> Arrivals:
    """Return a queue after a finished group of that many callers."""
    arrivals = Arrivals([])
    arrivals.queue.put(list(range(callers)))
    group = arrivals.queue.take()
    arrivals.queue.finish(len(group), 1.0)
    return arrivals


def test_a_single_caller_does_not_wait() -> None:
    arrivals = busy(callers=1)
    arrivals.queue.put([7])

    assert arrivals.queue.take() == [7]


def test_a_writer_waits_for_half_of_the_expected_commands() -> None:
    arrivals = busy(callers=8)
    arrivals.coming = [1, 2, 3, 4, 5]

    assert arrivals.queue.take() == [1, 2, 3, 4]


def test_the_other_half_is_taken_when_it_is_queued() -> None:
    arrivals = busy(callers=8)
    arrivals.queue.put([1, 2, 3, 4])
    arrivals.queue.take()
    arrivals.coming = [5, 6, 7, 8]

    assert arrivals.queue.take() == [5, 6, 7, 8]


def test_a_writer_does_not_wait_when_all_other_commands_are_under_way() -> None:
    arrivals = busy(callers=8)
    arrivals.queue.put([1, 2, 3, 4, 5, 6])
    arrivals.queue.take()
    arrivals.coming = [7, 8]

    assert arrivals.queue.take() == [7, 8]


def test_a_writer_waits_once_for_callers_that_do_not_return() -> None:
    arrivals = busy(callers=8)
    arrivals.queue.put([1])
    arrivals.step_s = 1.0

    first = arrivals.queue.take()
    arrivals.queue.finish(len(first), 1.0)
    arrivals.queue.put([2])
    asked_at = arrivals.now_s

    assert first == [1]
    assert arrivals.queue.take() == [2]
    assert arrivals.now_s == asked_at + 1.0  # one look at the clock


def test_a_writer_that_slept_during_a_large_group_takes_a_small_one() -> None:
    queue = GroupQueue[int](LIMIT)
    queue.put(list(range(8)))
    large = queue.take()
    taken = []
    sleeper = threading.Thread(target=lambda: taken.append(queue.take()), daemon=True)
    sleeper.start()
    until(lambda: queue.asleep == 1)
    queue.finish(len(large), 0.001)

    queue.put([9])

    sleeper.join(LIMIT_S)
    assert taken == [[9]]


def test_a_group_has_at_most_limit_commands() -> None:
    arrivals = Arrivals([])
    arrivals.queue.put(list(range(LIMIT + 1)))

    assert [len(arrivals.queue.take()), len(arrivals.queue.take())] == [LIMIT, 1]


def test_queued_commands_are_taken_after_close() -> None:
    arrivals = busy(callers=8)
    arrivals.queue.put([1])
    arrivals.queue.close()

    assert [arrivals.queue.take(), arrivals.queue.take()] == [[1], []]
