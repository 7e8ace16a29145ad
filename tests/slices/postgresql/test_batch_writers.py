"""Batch commands use separate connections, so that a group that waits for a lock or the disk does not delay others."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from support.links import until
from support.stores.postgres import Admin, rows
from trackside import opening
from trackside.core.db.pg.wire import MAX_STATEMENTS
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.db.tx import Query, Tx
from trackside.core.errors import Invalid, Unavailable
from trackside.core.settings import Settings
from trackside.quotas import store as quotas
from trackside.quotas.model import Measure, QuotaExceeded, Scope
from trackside.runs import batch, keeper, lifecycle
from trackside.runs import store as runs
from trackside.runs.limits import Logged
from trackside.runs.model import CreateRun

LONG_S = 60
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'"


def new_run(db: PostgresDatabase) -> str:
    with db.write(1) as tx:
        return lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={})


def logging(db: PostgresDatabase, run_id: str, value: str) -> "asyncio.Future[Any]":
    call = Logged(run_id, {"loss": [(1, 1, 0.5)]}, [("p", value)], {}, [], False)
    return db.writer.submit_async(1, call, batch.log, asyncio.get_running_loop())


def test_a_group_that_waits_for_a_lock_delays_no_other_group(db: PostgresDatabase, admin: Admin) -> None:
    locked, free = new_run(db), new_run(db)
    with db.read(1) as tx:
        ((database,),) = tx.all("SELECT CAST(current_database() AS TEXT)")

    async def log() -> None:
        with db.write(1) as tx:
            run_seq, experiment_seq = runs.active(tx, locked)
            waits = logging(db, locked, "mine")
            await asyncio.to_thread(
                until, lambda: rows(admin, WAITING, database) == [(1,)], "a group to wait for the lock"
            )
            assert await asyncio.wait_for(logging(db, free, "mine"), LONG_S) == batch.ANSWER
            assert not waits.done()
            tx.run(
                "INSERT INTO params (workspace_id, experiment_seq, key, run_seq, value) VALUES (:ws, :e, 'p', :r, 'theirs')",
                e=experiment_seq,
                r=run_seq,
            )
        with pytest.raises(Invalid, match="was already logged with value='theirs'"):
            await asyncio.wait_for(waits, LONG_S)

    asyncio.run(log())


def test_changes_of_batch_writers_reach_the_debouncer(db: PostgresDatabase) -> None:
    run_ids = [new_run(db) for _ in range(20)]

    async def log() -> None:
        for run_id in run_ids:
            await asyncio.wait_for(logging(db, run_id, "v"), LONG_S)

    asyncio.run(log())

    settled = db.writer.take_settled(100, now=float("inf"))
    assert sorted(settled) == sorted(("run", 1, run_id) for run_id in run_ids)


def test_a_run_with_a_slow_commit_gets_its_document(db: PostgresDatabase) -> None:
    run_id = new_run(db)

    def log_and_wait(tx: Tx, calls: Sequence[Logged]) -> list[Any]:
        answers: list[Any] = batch.log(tx, calls)
        keeper.step(db, now=float("inf"))  # the keeper looks for settled runs before this transaction is committed
        return answers

    async def log() -> None:
        call = Logged(run_id, {"loss": [(1, 1, 0.5)]}, [], {}, [], False)
        future = db.writer.submit_async(1, call, log_and_wait, asyncio.get_running_loop())
        assert await asyncio.wait_for(future, LONG_S) == batch.ANSWER

    asyncio.run(log())

    assert db.writer.take_settled(10, now=float("inf")) == [("run", 1, run_id)]


def test_a_change_that_is_rolled_back_is_not_returned(db: PostgresDatabase) -> None:
    run_id = new_run(db)

    def log_and_fail(tx: Tx) -> None:
        batch.log(tx, [Logged(run_id, {"loss": [(1, 1, 0.5)]}, [], {}, [], False)])
        raise Invalid("undone")

    with pytest.raises(Invalid):
        db.writer.submit(1, log_and_fail).result(LONG_S)

    assert db.writer.take_settled(10, now=float("inf")) == []


def test_queries_of_one_round_trip_have_their_own_rows(db: PostgresDatabase) -> None:
    with db.write(1) as tx:
        found = tx.several(
            [
                Query("SELECT i FROM generate_series(1, :n) AS i", {"n": 3}),
                Query("SELECT 1 WHERE :no = 1", {"no": 0}),
                Query("SELECT CAST(:text AS TEXT)", {"text": "three"}),
            ]
        )

    assert found == [[(1,), (2,), (3,)], [], [("three",)]]


def test_a_round_trip_evicts_no_prepared_statement_of_its_own(db: PostgresDatabase) -> None:
    known = Query("SELECT CAST(:n AS BIGINT)", {"n": 1})
    with db.write(1) as tx:
        tx.several([known])
        for i in range(MAX_STATEMENTS):
            tx.several([known, Query(f"SELECT CAST(:n AS BIGINT) + {i}", {"n": 1})])
        found = tx.several([known, Query("SELECT -CAST(:n AS BIGINT)", {"n": 1}), known])

    assert found == [[(1,)], [(-1,)], [(1,)]]


def test_two_connections_together_make_no_more_than_a_quota_allows(db: PostgresDatabase, admin: Admin) -> None:
    with db.write(1) as tx:
        quotas.put(tx, Scope.WORKSPACE, "", Measure.RUNS, 1)
        ((database,),) = tx.all("SELECT CAST(current_database() AS TEXT)")

    async def create() -> None:
        loop = asyncio.get_running_loop()
        with db.write(1) as tx:
            lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={})
            call = lifecycle.new_run(CreateRun(experiment_id="0"))
            second = db.writer.submit_async(1, call, lifecycle.create_all, loop)
            await asyncio.to_thread(
                until, lambda: rows(admin, WAITING, database) == [(1,)], "a group to wait for the lock"
            )
        with pytest.raises(QuotaExceeded):
            await asyncio.wait_for(second, LONG_S)

    asyncio.run(create())


def test_far_from_a_limit_two_connections_create_at_once(db: PostgresDatabase) -> None:
    with db.write(1) as tx:
        for scope in (Scope.SERVER, Scope.WORKSPACE):
            quotas.put(tx, scope, "", Measure.RUNS, 1_000_000)

    async def create() -> None:
        call = lifecycle.new_run(CreateRun(experiment_id="0"))
        with db.write(1) as tx:
            lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={})
            second = db.writer.submit_async(1, call, lifecycle.create_all, asyncio.get_running_loop())
            await asyncio.wait_for(second, LONG_S)

    asyncio.run(create())

    with db.read(1) as tx:
        assert {use.quota.scope: use.used for use in quotas.uses(tx, quotas.all_of(tx))} == {
            Scope.SERVER: 2,
            Scope.WORKSPACE: 2,
        }


def test_closing_waits_for_the_batch_writers(postgres_settings: Settings) -> None:
    db = opening.open_database(postgres_settings)
    run_ids = [new_run(db) for _ in range(10)]

    async def log() -> list[Any]:
        futures = [logging(db, run_id, "v") for run_id in run_ids]
        await asyncio.sleep(0)
        db.close()
        return [await future for future in futures]

    assert asyncio.run(log()) == [batch.ANSWER] * 10


@pytest.mark.parametrize(("table", "column"), [("runs", "run_seq"), ("traces", "trace_seq")])
def test_keys_are_drawn_from_the_sequence_of_their_table(db: PostgresDatabase, table: str, column: str) -> None:
    """Hot statements name the sequence."""
    with db.read(1) as tx:
        assert tx.one("SELECT pg_get_serial_sequence(:table, :column)", table=table, column=column) == (
            f"public.{table}_{column}_seq",
        )


def test_a_store_whose_disk_is_full_refuses_what_is_logged_until_it_has_room(db: PostgresDatabase) -> None:
    """A trigger raises the error with which PostgreSQL refuses to extend a file."""
    run_id = new_run(db)
    with db.write(1) as tx:
        tx.script(
            [
                """
            CREATE FUNCTION fill_disk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$
            """,
                "CREATE TRIGGER fill_disk BEFORE INSERT ON metric_tails FOR EACH ROW EXECUTE FUNCTION fill_disk()",
            ]
        )

    async def log() -> Any:
        return await asyncio.wait_for(logging(db, run_id, "v"), LONG_S)

    with pytest.raises(Unavailable, match="could not extend file"):
        asyncio.run(log())
    with db.read(1) as tx:
        refused = runs.get(tx, run_id).data
    with db.write(1) as tx:
        tx.script(["DROP TRIGGER fill_disk ON metric_tails"])
    assert asyncio.run(log()) == batch.ANSWER

    assert (refused.params, refused.metrics) == ([], [])
    with db.read(1) as tx:
        stored = runs.get(tx, run_id).data
        assert tx.one("SELECT SUM(point_count) FROM metric_series WHERE workspace_id = :ws") == (1,)
    assert (len(stored.params), len(stored.metrics)) == (1, 1)
