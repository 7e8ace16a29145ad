"""Steps that are repeated: whatever one of them meets, the next one has its turn."""

import logging
import threading

import pytest

from trackside.core.errors import Unavailable
from trackside.core.work.loop import Loop


@pytest.mark.parametrize(
    ("error", "line", "has_traceback"),
    [
        (Unavailable("The store cannot be read now"), "a step of test failed: The store cannot be read now", False),
        (ZeroDivisionError("a mistake"), "a step of test failed", True),
    ],
)
def test_trouble_that_passes_is_one_line_and_a_mistake_is_told_in_full(
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
