"""The queue in front of a model.

Requests wait in the event loop while the model's threads are busy.  A free thread takes the first request, and with it as many of
the next ones as can be scored together.  Before that, the loop reads all arrived data once, so that concurrent requests form one
group.  Batching adds no other delay: a request never waits for later ones.

A request that waits or runs longer than the time limit is answered with 504.  The thread itself cannot be stopped: `stuck_s` is
the duration of the longest running evaluation, and the controller replaces a scorer that is stuck.
"""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Deque, Dict, List, Optional

from trackside.scorer import answers
from trackside.scorer.answers import Answer
from trackside.scorer.model import Model
from trackside.scorer.payloads import Request, Rows

Done = Callable[[Answer], None]


class _Job:
    __slots__ = ("done", "is_answered", "request", "timer")

    def __init__(self, request: Request, done: Done) -> None:
        self.request = request
        self.done = done
        self.is_answered = False
        self.timer: Optional[asyncio.TimerHandle] = None

    def answer(self, answer: Answer) -> None:
        if not self.is_answered:
            self.is_answered = True
            if self.timer is not None:
                self.timer.cancel()
            self.done(answer)


class Engine:
    """`max_rows` bounds the rows that are scored together, `max_queue` the requests that wait."""

    def __init__(
        self,
        model: Model,
        loop: asyncio.AbstractEventLoop,
        *,
        threads: int = 1,
        max_rows: int = 4096,
        max_queue: int = 512,
        timeout_s: float = 60.0,
    ) -> None:
        self._model = model
        self._loop = loop
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="scorer")
        self._threads = threads
        self._free = threads
        self._max_rows = max_rows
        self._max_queue = max_queue
        self._timeout_s = timeout_s
        self._waiting: Deque[_Job] = deque()
        self._started: Dict[int, float] = {}  # when each group that runs began, by a number
        self._number = 0
        self._is_dispatching = False  # in the loop's next turn
        self._answered = self._failed = self._refused = self._groups = self._grouped = 0

    def submit(self, request: Request, done: Done) -> None:
        """Queue a request.  `done` is called once, on the loop."""
        if len(self._waiting) >= self._max_queue:
            self._refused += 1
            done(answers.queue_full(len(self._waiting)))
            return
        job = _Job(request, done)
        job.timer = self._loop.call_later(self._timeout_s, job.answer, answers.timed_out(self._timeout_s))
        self._waiting.append(job)
        if self._free:
            self._dispatch_soon()

    def stats(self) -> Dict[str, Any]:
        """Return counters since the start, and the load of this moment."""
        now = self._loop.time()
        return {
            "threads": self._threads,
            "busy": self._threads - self._free,
            "queued": len(self._waiting),
            "answered": self._answered,
            "failed": self._failed,
            "refused": self._refused,
            "groups": self._groups,
            "grouped_requests": self._grouped,
            "stuck_s": round(max((now - start for start in self._started.values()), default=0.0), 3),
            "batches": self._model.batches,
        }

    def is_idle(self) -> bool:
        return not self._waiting and self._free == self._threads

    def close(self) -> None:
        self._pool.shutdown(wait=False)

    def _dispatch_soon(self) -> None:
        if not self._is_dispatching:
            self._is_dispatching = True
            self._loop.call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._is_dispatching = False
        while self._free and self._waiting:
            group = self._next_group()
            if not group:
                return
            self._free -= 1
            self._number += 1
            self._groups += 1
            self._grouped += len(group)
            number = self._number
            self._started[number] = self._loop.time()
            self._pool.submit(self._run, number, group)

    def _next_group(self) -> List[_Job]:
        group: List[_Job] = []
        rows = 0
        while self._waiting:
            job = self._waiting[0]
            if job.is_answered:  # its time is over
                self._waiting.popleft()
                continue
            size = len(job.request.values) if isinstance(job.request, Rows) and self._model.batches else 0
            if group and (not size or not rows or rows + size > self._max_rows):
                break
            group.append(self._waiting.popleft())
            rows += size
            if not size:
                break
        return group

    def _run(self, number: int, group: List[_Job]) -> None:
        """Evaluate a group in a thread."""
        try:
            found = self._model.evaluate([job.request for job in group])
        except BaseException as fault:  # noqa: BLE001  # a model may raise SystemExit, which is reported to its callers
            found = [answers.model_failed(f"The model raised {type(fault).__name__}: {fault}")] * len(group)
        self._loop.call_soon_threadsafe(self._finish, number, group, found)

    def _finish(self, number: int, group: List[_Job], found: List[Answer]) -> None:
        self._free += 1
        self._started.pop(number, None)
        for job, answer in zip(group, found):
            self._answered += 1
            self._failed += answer.status >= 500 or answer.status == 424
            job.answer(answer)
        if self._waiting:
            self._dispatch_soon()
