"""Reads of span files with a hanging store."""

import threading
from concurrent.futures import TimeoutError as Overdue

import pytest

from trackside.artifacts.roots import OWN_STORE
from trackside.traces.storage.body_files import EACH, Reads

LONG_S = 60.0


def test_a_store_that_hangs_delays_no_read_of_another() -> None:
    reads, answers, begun = Reads(), threading.Event(), threading.Semaphore(0)

    def hang() -> bytes:
        begun.release()
        answers.wait(LONG_S)
        return b"late"

    late: list[bytes] = []
    waiting = [threading.Thread(target=lambda: late.append(reads.run("s3://slow", LONG_S, hang))) for _ in range(EACH)]
    for thread in waiting:
        thread.start()
    for _ in waiting:
        assert begun.acquire(timeout=LONG_S)

    with pytest.raises(Overdue):
        reads.run("s3://slow", 0.0, lambda: b"never")
    assert reads.run("s3://quick", LONG_S, lambda: b"theirs") == b"theirs"
    assert reads.run(OWN_STORE, LONG_S, lambda: b"ours") == b"ours"
    answers.set()
    for thread in waiting:
        thread.join(LONG_S)
    assert late == [b"late"] * EACH
    assert reads.run("s3://slow", LONG_S, lambda: b"again") == b"again"
    reads.close()


def test_a_read_that_fails_gives_its_place_back() -> None:
    reads = Reads()

    def fail() -> bytes:
        raise ConnectionError("gone")

    for _ in range(EACH + 1):
        with pytest.raises(ConnectionError):
            reads.run("s3://broken", LONG_S, fail)
    assert reads.run("s3://broken", LONG_S, lambda: b"back") == b"back"
    reads.close()
