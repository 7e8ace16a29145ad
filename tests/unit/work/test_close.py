"""Background threads end when they are closed, at any point of their work.

A trace of the thread stops it before one line after the other, and closes its owner there."""

import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Protocol

import pytest

from trackside.core.db.wal import LogSyncer
from trackside.core.work.commit_notifier import CommitNotifier

LIMIT_S = 60.0


class Worker(Protocol):
    def close(self) -> object: ...


def _syncer(worked: Callable[[], None]) -> tuple[LogSyncer, Callable[[], object]]:
    syncer = LogSyncer(worked, interval_s=0)
    return syncer, syncer.count_commit


def _notifier(worked: Callable[[], None]) -> tuple[CommitNotifier, Callable[[], object]]:
    notifier = CommitNotifier(lambda _: worked())
    return notifier, lambda: notifier.notify({1})


Make = Callable[[Callable[[], None]], tuple[Worker, Callable[[], object]]]


@pytest.mark.parametrize(
    ("make", "run"), [(_syncer, LogSyncer._run), (_notifier, CommitNotifier._run)], ids=["syncer", "notifier"]
)
def test_a_thread_ends_when_it_is_closed_before_any_of_its_lines(make: Make, run: Callable[..., None]) -> None:
    lines = _lines(make, run.__code__, close_before=None)

    assert lines >= 5
    for line in range(1, lines + 1):
        _lines(make, run.__code__, close_before=line)


def _lines(make: Make, run: CodeType, *, close_before: int | None) -> int:
    """Let the worker work twice, and return how many lines its thread ran until then.

    Close it before the line with the number `close_before`, or in the end; fail if it does not end."""
    ready, seen, moved = threading.Event(), 0, threading.Semaphore(0)
    closers: list[threading.Thread] = []

    def close() -> None:
        closer = threading.Thread(target=worker.close, daemon=True)
        closer.start()
        while closer.is_alive() and not _is_joining(closer):
            pass
        closers.append(closer)
        moved.release()

    def on_line(_frame: FrameType, event: str, _: object) -> Any:
        nonlocal seen
        assert ready.wait(LIMIT_S)
        if event == "line":
            seen += 1
            if seen == close_before:
                close()
        return on_line

    threading.settrace(lambda frame, _, __: on_line if frame.f_code is run else None)
    try:
        worker, work = make(moved.release)
    finally:
        threading.settrace(None)
    ready.set()
    for _ in range(2):
        if not closers:  # work after the end would wake it
            work()
            assert moved.acquire(timeout=LIMIT_S)
    lines = seen
    if close_before is None:
        close()
    elif not closers:
        assert moved.acquire(timeout=LIMIT_S)
    closers[0].join(LIMIT_S)
    assert not closers[0].is_alive(), f"closed before line {close_before}, the thread does not end"
    return lines


def _is_joining(thread: threading.Thread) -> bool:
    """Tell whether a thread waits for another one to end."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and frame.f_code.co_name != "join":
        frame = frame.f_back
    return frame is not None
