"""Functions that are called at a time."""

import os
import threading

from trackside.core.work.timers import Timers


class Held:
    """Timers whose thread is held up until `go`."""

    def __init__(self) -> None:
        self.timers = Timers()
        self._begun, self._may_end = threading.Event(), threading.Event()
        self.timers.set(self._hold, 0.0)
        assert self._begun.wait(120)

    def _hold(self) -> None:
        self._begun.set()
        self._may_end.wait(120)

    def go(self) -> None:
        self._may_end.set()


def test_due_timers_are_called_once_in_order() -> None:
    held = Held()
    called: list[str] = []
    ended = threading.Event()
    held.timers.set(ended.set, -1.0)
    held.timers.set(lambda: called.append("second"), -60.0)
    held.timers.set(lambda: called.append("first"), -120.0)

    held.go()

    assert ended.wait(120)
    assert called == ["first", "second"]


def test_a_cancelled_or_postponed_timer_is_not_called() -> None:
    held = Held()
    called: list[str] = []
    ended = threading.Event()

    def cleared() -> None:
        called.append("cleared")

    def put_off() -> None:
        called.append("put off")

    held.timers.set(cleared, -2.0)
    held.timers.set(put_off, -2.0)
    held.timers.set(ended.set, -1.0)
    held.timers.clear(cleared)
    held.timers.set(put_off, 3600.0)

    held.go()

    assert ended.wait(120)
    assert called == []


def test_a_timer_is_called_at_its_time() -> None:
    came = threading.Event()

    Timers().set(came.set, 0.01)

    assert came.wait(120)


def test_a_forked_process_has_none_of_its_parents_timers() -> None:
    timers = Timers()
    timers.set(lambda: os._exit(3), 3600.0)
    pid = os.fork()
    if pid == 0:
        ended = threading.Event()
        timers.set(ended.set, 0.0)
        os._exit(0 if ended.wait(120) else 1)

    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
