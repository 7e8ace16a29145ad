"""Functions that are called when their time has come."""

import os
import threading

from trackside.core.work.timers import Timers


def test_each_is_called_once_in_the_order_of_their_times() -> None:
    timers = Timers()
    called: list[str] = []
    ended = threading.Event()

    def note(name: str) -> None:
        called.append(name)

    def last() -> None:
        ended.set()

    timers.set(last, 0.03)
    timers.set(lambda: note("second"), 0.02)
    timers.set(lambda: note("first"), 0.01)

    assert ended.wait(120)
    assert called == ["first", "second"]


def test_one_that_was_cleared_or_put_off_is_not_called() -> None:
    timers = Timers()
    called: list[str] = []
    ended = threading.Event()

    def cleared() -> None:
        called.append("cleared")

    def put_off() -> None:
        called.append("put off")

    timers.set(cleared, 0.01)
    timers.set(put_off, 0.01)
    timers.set(ended.set, 0.02)
    timers.clear(cleared)
    timers.set(put_off, 3600.0)

    assert ended.wait(120)
    assert called == []


def test_a_fork_begins_without_those_of_its_parent_and_has_its_own() -> None:
    timers = Timers()
    timers.set(lambda: os._exit(3), 3600.0)
    pid = os.fork()
    if pid == 0:
        ended = threading.Event()
        timers.set(ended.set, 0.0)
        os._exit(0 if ended.wait(120) else 1)

    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
