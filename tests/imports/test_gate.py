"""The number of concurrent calls to a source, and the handling of its answers 429."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from support.faults.answering import Answered, Asked, answering
from support.links import until
from trackside.core.http_client.credentials import Secret
from trackside.imports.patience import AT_ONCE, GROWS_AFTER, Gate, PatientHttp


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_gate_limits_the_number_of_concurrent_calls() -> None:
    gate = Gate(2)
    inside, most, lock, leave = 0, 0, threading.Lock(), threading.Event()

    def work() -> None:
        nonlocal inside, most
        with gate.turn():
            with lock:
                inside += 1
                most = max(most, inside)
            leave.wait()
            with lock:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    until(lambda: inside == 2, "two to be inside")
    leave.set()
    for thread in threads:
        thread.join()

    assert (inside, most) == (0, 2)


def test_a_gate_narrows_once_for_those_that_were_on_their_way_and_widens_slowly() -> None:
    gate = Gate(8)

    for _ in range(5):
        gate.is_busy(0.0)
    narrow = gate.width
    for _ in range(GROWS_AFTER):
        gate.note_success()
    wider = gate.width
    for _ in range(10):
        gate.note_success()
        gate.is_busy(0.0)
    least = gate.width
    for _ in range(GROWS_AFTER * 20):
        gate.note_success()

    assert (narrow, wider, least, gate.width) == (4, 5, 1, 8)


def test_no_request_passes_before_the_announced_time() -> None:
    clock = Clock()
    gate = Gate(8, clock)
    gate.is_busy(0.2)
    came = threading.Event()

    def work() -> None:
        with gate.turn():
            came.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert not came.wait(0.25)  # by the gate's clock no time has passed
    clock.now = 0.3
    assert came.wait(120)
    thread.join()


@contextmanager
def busy(times: int) -> Iterator[tuple[str, list[int]]]:
    """A server that answers 429 for so many times, and what it has answered."""
    answered: list[int] = []

    def answer(_: Asked) -> Answered:
        answered.append(429 if len(answered) < times else 200)
        return Answered(answered[-1], headers={"retry-after": "0"})

    with answering(answer) as address:
        yield address, answered


def test_a_busy_source_is_retried_with_fewer_concurrent_calls() -> None:
    with busy(3) as (url, answered):
        http = PatientHttp(url, Secret())
        http.answered = 1  # its address is right
        answer = http.json("GET", "/x")
        http.close()

    assert answer == {}
    assert answered == [429, 429, 429, 200]
    assert http.gate.width < AT_ONCE
