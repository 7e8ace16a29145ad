"""Queued commands share a commit and fail individually; on both databases."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trackside.core.db.group import ALWAYS, GroupWriter
from trackside.core.db.sqlite import SqliteWriter
from trackside.core.db.sqlite_file import Watch
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import Fault, Invalid
from trackside.runs import batch, lifecycle
from trackside.runs import store as runs
from trackside.runs.limits import Logged

pytestmark = pytest.mark.both

Work = Callable[[Tx], Any]


def together(db: Any, *works: Work) -> "list[Future[Any]]":
    """Submits while the writer is held up, so that all lie in one group."""
    with db.write(1):
        return [db.writer.submit(1, work) for work in works]


def note(name: str) -> Work:
    return lambda tx: tx.record(Change("test", name, "note"))


def failing(error: Exception) -> Work:
    def work(tx: Tx) -> None:
        note("half-done")(tx)
        raise error

    return work


def noted(db: Any) -> list[str]:
    with db.read(1) as tx:
        rows = tx.all("SELECT entity_id FROM changes WHERE workspace_id = :ws AND entity = 'test' ORDER BY seq")
    return [name for (name,) in rows]


def test_a_group_commits_in_order(db: Any) -> None:
    futures = together(db, *(note(str(i)) for i in range(300)))

    assert [future.result(120) for future in futures] == [None] * 300
    assert noted(db) == [str(i) for i in range(300)]


@pytest.mark.parametrize("error", [Invalid("no"), ZeroDivisionError("bug")])
def test_a_command_that_fails_is_undone_alone(db: Any, error: Exception) -> None:
    before, broken, after = together(db, note("before"), failing(error), note("after"))

    before.result(120)
    after.result(120)
    assert isinstance(broken.exception(20), type(error))
    assert noted(db) == ["before", "after"]


def test_a_statement_that_fails_is_undone_alone(db: Any) -> None:
    def broken(tx: Tx) -> None:
        note("half-done")(tx)
        tx.run("INSERT INTO no_such_table (workspace_id) VALUES (:ws)")

    before, wrong, after = together(db, note("before"), broken, note("after"))

    before.result(120)
    after.result(120)
    assert wrong.exception(20) is not None
    assert noted(db) == ["before", "after"]


def test_a_command_without_a_write_is_accepted_anywhere(db: Any) -> None:
    futures = together(db, lambda tx: 1, failing(Invalid("no")), lambda tx: 2, note("x"), lambda tx: 3)

    assert [futures[i].result(120) for i in (0, 2, 4)] == [1, 2, 3]
    assert noted(db) == ["x"]


def test_a_lone_command_that_fails_leaves_nothing(db: Any) -> None:
    with pytest.raises(Invalid):
        db.writer.submit(1, failing(Invalid("no"))).result(120)

    assert noted(db) == []


def test_a_failing_transaction_leaves_nothing(db: Any) -> None:
    with pytest.raises(ZeroDivisionError), db.write(1) as tx:
        failing(ZeroDivisionError())(tx)

    assert noted(db) == []


def test_calls_of_a_batch_are_decided_one_by_one_in_one_group(db: Any) -> None:
    with db.write(1) as tx:
        run_id = lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={})
        other = lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={})
    calls = [
        Logged(run_id, {"m": [(0, 1, 1.0)]}, [("p", "1")], {}, [], True),
        Logged(run_id, {"m": [(0, 1, 2.0)]}, [("p", "2")], {}, [], True),  # clashes with the first
        Logged("0" * 32, {"m": [(0, 1, 3.0)]}, [], {}, [], True),  # there is no such run
        Logged(other, {"m": [(0, 1, 4.0)]}, [("p", "3")], {}, [], True),
        Logged(run_id, {"m": [(1, 1, 5.0)]}, [("p", "1")], {}, [], True),
    ]

    with db.write(1) as tx:
        answers = batch.log(tx, calls)

    assert [isinstance(answer, Fault) for answer in answers] == [False, True, True, False, False]
    with db.read(1) as tx:
        found = {run.info.run_id: run for run in runs.load(tx, list(runs.find_seqs(tx, [run_id, other]).values()))}
    assert [(m.key, m.step, m.value) for m in found[run_id].data.metrics] == [("m", 1, 5.0)]
    assert [(p.key, p.value) for p in found[run_id].data.params] == [("p", "1")]
    assert [(m.key, m.step, m.value) for m in found[other].data.metrics] == [("m", 0, 4.0)]


def test_an_answer_comes_after_the_commit(db: Any) -> None:
    for i in range(20):
        db.writer.submit(1, note(str(i))).result(120)
        assert noted(db) == [str(j) for j in range(i + 1)]


def test_a_snapshot_does_not_change(db: Any) -> None:
    note_one, note_two = note("one"), note("two")
    db.writer.submit(1, note_one).result(120)

    with db.read(1) as tx:
        before = tx.one("SELECT COUNT(*) FROM changes WHERE workspace_id = :ws")
        db.writer.submit(1, note_two).result(120)
        assert tx.one("SELECT COUNT(*) FROM changes WHERE workspace_id = :ws") == before

    assert noted(db) == ["one", "two"]


def test_a_snapshot_cannot_write(db: Any) -> None:
    with pytest.raises(Exception, match=r"read.?only"), db.read(1) as tx:
        note("x")(tx)

    assert noted(db) == []


def test_closing_waits_for_what_is_queued(db: Any) -> None:
    futures = [db.writer.submit(1, note(str(i))) for i in range(50)]

    db.writer.close()

    assert all(future.done() for future in futures)
    assert noted(db) == [str(i) for i in range(50)]


def committed_in(db: Any, *, quick: int = 0, slow: int = 0) -> list[str]:
    """Submit commands in one turn of an event loop; return the names of the threads that ran them."""

    async def submit() -> list[str]:
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in range(quick + slow)]

        for number, future in enumerate(futures):
            done = partial(settle, future)
            is_quick = number < quick
            db.writer.submit_then(1, lambda _: threading.current_thread().name, None, loop, done, is_quick=is_quick)
        names: list[str] = await asyncio.gather(*futures)
        return names

    def settle(future: "asyncio.Future[str]", result: Any, error: Exception | None) -> None:
        assert error is None
        future.set_result(result)

    return asyncio.run(submit())


def writer(inline_s: float) -> GroupWriter:
    return GroupWriter(
        lambda: SqliteWriter(memory_connection(), NeverLost(), lambda _: None), remembers=True, inline_s=inline_s
    )


class NeverLost(Watch):
    def __init__(self) -> None:
        super().__init__(Path("unused"))

    def check(self) -> None:
        """The store is in memory."""


def memory_connection() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


@pytest.mark.parametrize(
    ("inline_s", "quick", "slow", "where"),
    [
        (3600.0, 1, 0, "MainThread"),
        (3600.0, 2, 0, "trackside-writer"),  # they share one wait for the disk
        (3600.0, 0, 1, "trackside-writer"),
        (ALWAYS, 2, 0, "MainThread"),  # there is no wait
        (ALWAYS, 2, 1, "trackside-writer"),
        (0.0, 1, 0, "trackside-writer"),
    ],
)
def test_a_quick_command_runs_on_the_loop_where_a_commit_is_quick(
    inline_s: float, quick: int, slow: int, where: str
) -> None:
    store = SimpleNamespace(writer=writer(inline_s))
    try:
        assert committed_in(store, quick=quick, slow=slow) == [where] * (quick + slow)
    finally:
        store.writer.close()


def test_runs_of_one_group_are_created_together_and_refused_alone(db: Any) -> None:
    def wanted(experiment_id: str, name: str, tagged: str) -> lifecycle.NewRun:
        tags = {"mlflow.runName": tagged, "t": name}
        return lifecycle.NewRun(experiment_id=experiment_id, run_name=name, user_id="u", start_time=7, tags=tags)

    with db.write(1) as tx:
        answers = lifecycle.create_all(
            tx,
            [
                wanted("0", "a", "a"),
                wanted("99", "b", "b"),
                wanted("0", "c", "other"),
                wanted("0", "d", "d"),
                wanted("0", "e", "e"),
            ],
        )

    made = [answer for answer in answers if not isinstance(answer, Fault)]
    assert [isinstance(answer, Fault) for answer in answers] == [False, True, True, False, False]
    with db.read(1) as tx:
        stored = [runs.get(tx, answer.run.info.run_id) for answer in made]
        seqs = [runs.seq_of(tx, answer.run.info.run_id) for answer in made]
    assert [run.info for run in stored] == [answer.run.info for answer in made]
    assert [run.data for run in stored] == [answer.run.data for answer in made]
    assert seqs == sorted(set(seqs))
