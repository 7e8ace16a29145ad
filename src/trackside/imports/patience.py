"""Calls to a side that may be away for a moment: tried again for some seconds, then given up."""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from trackside.links.wire import MAX_ANSWER_BYTES, Answer, Down, Http, Refused

T = TypeVar("T")
WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # before another try
LONGEST_WAIT_S = 60.0
BROKEN = 500  # MLflow's answer where one item is at fault: another try will not help


class PatientHttp(Http):
    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        most_bytes: int = MAX_ANSWER_BYTES,
        once: bool = False,
    ) -> Answer:
        whole = super().call
        if once or not self.answered:  # an address that is wrong is said at once
            return whole(method, path, body, headers, most_bytes=most_bytes, once=once)
        return again(lambda: whole(method, path, body, headers, most_bytes=most_bytes))


def again(work: Callable[[], T]) -> T:
    """What may be done twice.  Raises Down when it has not gone well for long."""
    for wait_s in (*WAITS_S, None):
        try:
            return work()
        except Down as down:
            if down.status == BROKEN:
                raise Refused(BROKEN, "", str(down)) from None
            if wait_s is None:
                raise
            time.sleep(min(LONGEST_WAIT_S, max(wait_s, down.retry_after_s or 0.0)))
    raise AssertionError  # the last try returns or raises
