"""Threads that do not block the end of a process, and their shares."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from trackside.core.errors import Busy, Unavailable
from trackside.core.work.keyed_pool import KeyedPool
from trackside.core.work.threads import Threads

HANG = """
import threading
from trackside.core.work.threads import Threads

started = threading.Event()
threads = Threads(1, "hang")
threads.submit(lambda: (started.set(), threading.Event().wait()))
started.wait()
print("ends")
"""


class Gate:
    """Calls that wait until the gate opens."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside: list[str] = []
        self._changed = threading.Condition()

    def enter(self, name: str) -> str:
        with self._changed:
            self.inside.append(name)
            self._changed.notify_all()
        assert self.open.wait(120)
        return name

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.inside) >= count, 120)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


def refuse(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_call_that_never_returns_does_not_keep_the_process_alive() -> None:
    done = subprocess.run([sys.executable, "-c", HANG], capture_output=True, text=True, timeout=120, check=True)

    assert done.stdout == "ends\n"


def test_without_a_thread_a_call_is_refused_and_the_next_one_tries_again() -> None:
    limits = [refuse]
    threads = Threads(2, "t", start=lambda thread: limits.pop()(thread) if limits else thread.start())

    with pytest.raises(Unavailable, match="no thread for this call"):
        threads.submit(int)

    assert threads.submit(int).result(120) == 0
    threads.shutdown()


def test_without_another_thread_a_call_waits_for_those_that_are_there(gate: Gate) -> None:
    starts: list[Callable[[threading.Thread], None]] = [refuse, threading.Thread.start]

    def start(thread: threading.Thread) -> None:
        starts.pop()(thread)

    threads = Threads(2, "t", start=start)
    first = threads.submit(gate.enter, "first")
    gate.wait_for(1)

    second = threads.submit(gate.enter, "second")
    gate.open.set()

    assert (first.result(120), second.result(120)) == ("first", "second")
    threads.shutdown()


def test_a_key_that_hangs_takes_its_share_and_no_more(gate: Gate) -> None:
    async def work() -> list[str]:
        pool = KeyedPool(Threads(3, "t"), most=3, each=2, wait_s=20, what="The store")
        hung = [asyncio.ensure_future(pool.run("a", None, partial(gate.enter, f"a{n}"))) for n in range(5)]
        await asyncio.to_thread(gate.wait_for, 2)
        other = await pool.run("b", None, lambda: "b")
        inside = list(gate.inside)
        gate.open.set()
        return [other, *inside, *await asyncio.gather(*hung)]

    assert asyncio.run(work()) == ["b", "a0", "a1", "a0", "a1", "a2", "a3", "a4"]


def test_a_call_beyond_its_limit_is_given_up_and_its_share_stays_taken(gate: Gate) -> None:
    released: list[str] = []

    async def work() -> None:
        pool = KeyedPool(Threads(2, "t"), most=2, each=1, wait_s=0, what="The store")
        with pytest.raises(Unavailable, match=r"The store has not answered within 0\.001 s"):
            await pool.run("a", 0.001, lambda: gate.enter("a"), released.append)
        with pytest.raises(Busy, match="waited 0 s in the queue"):
            await pool.run("a", None, lambda: gate.enter("again"))
        assert await pool.run("b", None, lambda: "b") == "b"
        gate.open.set()
        assert await pool.run("a", None, lambda: gate.enter("again"), wait_s=20) == "again"

    asyncio.run(work())

    assert released == ["a"]
    assert gate.inside == ["a", "again"]


def test_a_cancelled_caller_releases_its_turn(gate: Gate) -> None:
    async def work() -> str:
        pool = KeyedPool(Threads(1, "t"), most=1, each=1, wait_s=20, what="The store")
        first = asyncio.ensure_future(pool.run("a", None, lambda: gate.enter("first")))
        await asyncio.to_thread(gate.wait_for, 1)
        second = asyncio.ensure_future(pool.run("a", None, lambda: gate.enter("second")))
        third = asyncio.ensure_future(pool.run("a", None, lambda: "third"))
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        gate.open.set()
        return await third

    assert asyncio.run(work()) == "third"
    assert gate.inside == ["first"]


def test_closing_ends_waiting_calls(gate: Gate) -> None:
    async def work() -> None:
        pool = KeyedPool(Threads(1, "t"), most=1, each=1, wait_s=20, what="The store")
        under_way = asyncio.ensure_future(pool.run("a", None, lambda: gate.enter("first")))
        await asyncio.to_thread(gate.wait_for, 1)
        waiting = asyncio.ensure_future(pool.run("a", None, lambda: gate.enter("second")))
        await asyncio.sleep(0)

        pool.leave()

        for late in (waiting, pool.run("b", None, int)):
            with pytest.raises(Unavailable, match="stopping"):
                await late
        gate.open.set()
        assert await under_way == "first"

    asyncio.run(work())


def test_a_request_in_progress_can_finish_its_calls_during_closing() -> None:
    async def work() -> str:
        pool = KeyedPool(Threads(1, "t"), most=1, each=1, wait_s=20, what="The store")
        pool.leave()
        return await pool.run("a", None, lambda: "written")

    assert asyncio.run(work()) == "written"
