"""Retries the calls of an import for some seconds, and limits their concurrency while the called server is busy."""

import http.client
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from trackside.core.http_client.client import MAX_ANSWER_BYTES, Answer, HttpClient
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected

T = TypeVar("T")
WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # pauses before the retries
LONGEST_WAIT_S = 60.0
BROKEN = 500  # MLflow's status for a faulty item: a retry cannot succeed


AT_ONCE = 16  # concurrent calls
LOOK_S = 0.1  # between two checks of a waiting call
BUSY = (429, 503)
GROWS_AFTER = 20  # successful calls


class Gate:
    """Limits the concurrent calls to a server.

    The limit is halved when the server reports that it is busy, and grows by one after GROWS_AFTER successful calls.  No call
    starts before the time of the server's Retry-After."""

    def __init__(self, most: int = AT_ONCE, clock: Callable[[], float] = time.monotonic) -> None:
        self.width = self._most = most
        self._clock = clock
        self._open = 0
        self._went_well = 0
        self._not_before = 0.0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._changed:
            while self._open >= self.width or self._rest_s() > 0:
                self._changed.wait(min(self._rest_s() or LOOK_S, LOOK_S))
            self._open += 1
        try:
            yield
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify()

    def note_success(self) -> None:
        with self._changed:
            self._went_well += 1
            if self._went_well >= GROWS_AFTER and self.width < self._most:
                self.width += 1
                self._went_well = 0
                self._changed.notify()

    def is_busy(self, wait_s: float) -> None:
        with self._changed:
            # Failures of concurrent calls count once.
            if self._went_well or self.width == self._most:
                self.width = max(1, self.width // 2)
                self._went_well = 0
            self._not_before = max(self._not_before, self._clock() + wait_s)

    def _rest_s(self) -> float:
        return max(0.0, self._not_before - self._clock())


class PatientHttp(HttpClient):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.gate = Gate()

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str] | None,
        *,
        idempotent: bool = True,
    ) -> Iterator[tuple[http.client.HTTPResponse, dict[str, str]]]:
        with self.gate.turn():
            try:
                with super().open(method, path, body, headers, idempotent=idempotent) as opened:
                    yield opened
            except RemoteUnavailable as down:
                if down.status in BUSY:
                    self.gate.is_busy(min(LONGEST_WAIT_S, down.retry_after_s or 0.0))
                raise
            self.gate.note_success()

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        most_bytes: int = MAX_ANSWER_BYTES,
        idempotent: bool = True,
    ) -> Answer:
        whole = super().call
        if not idempotent or not self.answered:  # a wrong address is reported at once
            return whole(method, path, body, headers, most_bytes=most_bytes, idempotent=idempotent)
        return again(lambda: whole(method, path, body, headers, most_bytes=most_bytes))


def again(work: Callable[[], T]) -> T:
    """Run an idempotent function, and retry it while it raises RemoteUnavailable, for some 16 s.  Raise the last
    RemoteUnavailable."""
    for wait_s in (*WAITS_S, None):
        try:
            return work()
        except RemoteUnavailable as down:
            if down.status == BROKEN:
                raise RequestRejected(BROKEN, "", str(down)) from None
            if wait_s is None:
                raise
            time.sleep(min(LONGEST_WAIT_S, max(wait_s, down.retry_after_s or 0.0)))
    raise AssertionError  # the last attempt returns or raises
