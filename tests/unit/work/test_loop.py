"""Repeated steps: after any failure of a step, the next one runs."""

import logging
import threading

import pytest

from trackside.core.errors import Unavailable
from trackside.core.work.loop import LINGER_S, Loop


@pytest.mark.parametrize(
    ("error", "line", "has_traceback"),
    [
        (Unavailable("The store cannot be read now"), "a step of test failed: The store cannot be read now", False),
        (ZeroDivisionError("a mistake"), "a step of test failed", True),
    ],
)
def test_a_temporary_failure_logs_one_line_and_a_bug_its_traceback(
    caplog: pytest.LogCaptureFixture, error: Exception, line: str, has_traceback: bool
) -> None:
    came = threading.Semaphore(0)

    def step() -> bool:
        came.release()
        raise error

    loop = Loop("test", step, 0.001)
    for _ in range(2):
        assert came.acquire(timeout=120)
    loop.close()

    first = caplog.records[0]
    assert (first.levelno, first.getMessage()) == (logging.ERROR, line)
    assert bool(first.exc_info) is has_traceback


def test_an_idle_loop_has_no_thread_and_wakes_at_once() -> None:
    came = threading.Semaphore(0)

    def step() -> bool:
        came.release()
        return False

    loop = Loop("resting", step, 3600.0)
    assert not _has_thread("resting")

    loop.wake()
    assert came.acquire(timeout=120)
    assert loop.close()
    assert not _has_thread("resting")
    loop.wake()
    assert not came.acquire(blocking=False)
    assert not _has_thread("resting")


def test_a_thread_ends_in_a_long_rest_and_the_next_step_comes_all_the_same() -> None:
    came = threading.Semaphore(0)
    threads = []

    def step() -> bool:
        threads.append(threading.current_thread())
        came.release()
        return False

    loop = Loop("pausing", step, LINGER_S + 0.01)
    loop.wake()
    for _ in range(2):
        assert came.acquire(timeout=120)
    loop.close()

    assert threads[0] is not threads[1]


def test_closing_waits_for_the_step_under_way_and_no_other_follows() -> None:
    begun, may_end = threading.Event(), threading.Event()
    steps = []

    def step() -> bool:
        steps.append(1)
        begun.set()
        may_end.wait(120)
        return True

    loop = Loop("closing", step, 3600.0)
    loop.wake()
    assert begun.wait(120)

    assert not loop.close(0)
    may_end.set()
    assert loop.close()
    assert len(steps) == 1


def test_a_wake_during_a_step_brings_another_one() -> None:
    begun, may_end = threading.Semaphore(0), threading.Event()

    def step() -> bool:
        begun.release()
        may_end.wait(120)
        return False

    loop = Loop("again", step, 3600.0)
    loop.wake()
    assert begun.acquire(timeout=120)
    loop.wake()
    may_end.set()

    assert begun.acquire(timeout=120)
    loop.close()


def _has_thread(name: str) -> bool:
    return any(each.name == f"trackside-{name}" for each in threading.enumerate())
