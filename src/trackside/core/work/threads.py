"""A thread pool that does not block the exit of the process.

The threads of `ThreadPoolExecutor` are joined at the exit of the interpreter, so one call that never returns keeps the process
alive.  Threads of this pool are daemons: a call under way at the exit is abandoned.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

from trackside.core.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("trackside.work")

STOPPING = "The server is stopping."

_Job = tuple["Future[Any]", Callable[[], Any]]


class Threads(Executor):
    """At most `most` threads, each started when a job finds none idle.

    When the system refuses another thread, jobs wait for the threads that are there; `submit` raises Unavailable if there
    is none.  The next job tries to start a thread again, so the pool recovers by itself.
    """

    def __init__(
        self, most: int, name: str, *, start: Callable[[threading.Thread], None] = threading.Thread.start
    ) -> None:
        """`start` starts a thread."""
        self._most = most
        self._name = name
        self._start = start
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._alive: set[threading.Thread] = set()
        self._idle = 0
        self._numbers = 0
        self._is_closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        future: Future[T] = Future()
        with self._changed:
            if self._is_closed:
                raise Unavailable(STOPPING)
            if self._idle <= len(self._jobs) and len(self._alive) < self._most:
                self._add_thread()
            self._jobs.append((future, lambda: fn(*args, **kwargs)))
            self._changed.notify()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more jobs; wait for the submitted ones, unless they are cancelled or `wait` is False."""
        with self._changed:
            self._is_closed = True
            dropped = list(self._jobs) if cancel_futures else []
            if cancel_futures:
                self._jobs.clear()
            alive = list(self._alive)
            self._changed.notify_all()
        for future, _ in dropped:
            future.cancel()
        if wait:
            for each in alive:
                each.join()

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._run, name=f"{self._name}-{self._numbers}", daemon=True)
        try:
            self._start(thread)
        except (RuntimeError, MemoryError) as error:
            if not self._alive:
                raise Unavailable("The server has no thread for this call now; try again.") from error
            log.warning("%s: %s; %d threads go on", self._name, error, len(self._alive))
            return
        self._numbers += 1
        self._alive.add(thread)

    def _run(self) -> None:
        try:
            while (job := self._next()) is not None:
                _do(*job)
                del job  # drop the reference to the result before the next job arrives
        finally:
            with self._changed:
                self._alive.discard(threading.current_thread())

    def _next(self) -> _Job | None:
        with self._changed:
            self._idle += 1
            try:
                while not self._jobs:
                    if self._is_closed:
                        return None
                    self._changed.wait()
                return self._jobs.popleft()
            finally:
                self._idle -= 1


def _do(future: "Future[Any]", work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001  # of any kind: the caller gets it
        future.set_exception(error)
    else:
        future.set_result(result)
