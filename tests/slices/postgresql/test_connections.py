"""Faults that only PostgreSQL has: broken connections, races of servers, commits with an unknown result."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.client import Api, Inside
from support.faults import proxy
from support.faults.proxy import CUT, CUT_AFTER_ANSWER, Proxy
from support.stores.postgres import Admin, Postgres, rows
from support.stores.postgres_store import end, note, noted, pid, store_of
from trackside import app, opening
from trackside.core import locations, settings
from trackside.core.db.postgres import READERS, PostgresDatabase
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, Unavailable
from trackside.core.locations import PostgresStore
from trackside.core.settings import Settings
from trackside.runs import lifecycle
from trackside.runs import store as runs

SIDES = 2


# Connections


@pytest.fixture
def db(postgres_settings: Settings) -> Iterator[PostgresDatabase]:
    """With connections of its own, which are cut and counted."""
    database = opening.open_database(postgres_settings)
    yield database
    database.close()


def test_an_ended_idle_connection_is_replaced_silently(db: PostgresDatabase, admin: Admin) -> None:
    with db.read(1) as tx:
        reader = pid(tx)
    with db.write(1) as tx:
        writer = pid(tx)
    end(admin, reader)
    end(admin, writer)

    with db.write(1) as tx:
        note("after")(tx)
        assert pid(tx) != writer
    with db.read(1) as tx:
        assert pid(tx) != reader
    assert noted(db) == ["after"]


def test_a_broken_snapshot_is_not_continued_on_another_connection(db: PostgresDatabase, admin: Admin) -> None:
    def look() -> None:
        with db.read(1) as tx:
            end(admin, pid(tx))
            tx.one("SELECT 1")

    with pytest.raises(Unavailable, match="cannot be read now"):
        look()

    assert noted(db) == []


def test_a_group_whose_connection_breaks_is_run_again(db: PostgresDatabase, admin: Admin) -> None:
    times = 0

    def breaks_once(tx: Tx) -> None:
        nonlocal times
        times += 1
        if times == 1:
            end(admin, pid(tx))
        note("broke")(tx)

    with db.write(1):
        futures = [db.writer.submit(1, work) for work in (note("before"), breaks_once, note("after"))]
    for future in futures:
        future.result(120)

    assert times == 2
    assert noted(db) == ["before", "broke", "after"]


def test_a_deadlock_between_servers_is_resolved_by_a_retry(db: PostgresDatabase, postgres_settings: Settings) -> None:
    other = PostgresDatabase(store_of(postgres_settings))
    with db.write(1) as tx:
        first, second = (lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={}) for _ in range(2))
    meet = threading.Barrier(SIDES)
    tries = []

    def lock_both(one: str, two: str) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            tries.append(one)
            runs.active(tx, one)
            if len(tries) <= SIDES:
                meet.wait(120)
            lifecycle.update(tx, two, None, len(tries), None)

        return work

    futures = [
        db.writer.submit(1, lock_both(first, second)),
        other.writer.submit(1, lock_both(second, first)),
    ]
    for future in futures:
        future.result(120)
    other.close()

    assert len(tries) == SIDES + 1


def test_of_two_servers_one_inserts_a_unique_value_and_the_other_gets_an_error(
    db: PostgresDatabase, postgres_settings: Settings
) -> None:
    other = PostgresDatabase(store_of(postgres_settings))
    looked, written = threading.Event(), threading.Event()

    def slow(tx: Tx) -> str:
        taken = tx.one("SELECT 1 FROM workspaces WHERE name = 'north'")
        if taken:
            raise Invalid("taken")
        looked.set()
        assert written.wait(120)
        insert(tx)
        return "made"

    def insert(tx: Tx) -> None:
        tx.run(
            """
            INSERT INTO workspaces (uid, name, subscription_id, resource_group, creation_time, last_update_time)
            VALUES (:uid, 'north', '', '', :now, :now)
            """,
            uid=str(id(tx)),
        )

    losing = db.writer.submit(1, slow)
    assert looked.wait(120)
    other.writer.submit(1, insert).result(120)
    written.set()

    with pytest.raises(Invalid, match="taken"):
        losing.result(120)
    other.close()


def test_calls_fail_as_unavailable_until_the_database_is_back(postgres_settings: Settings) -> None:
    private = Postgres()
    try:
        name = private.create()
        store = locations.store(private.url(name))
        assert isinstance(store, PostgresStore)
        settings = Settings(
            **{
                **{f: getattr(postgres_settings, f) for f in Settings.__struct_fields__},
                "store": store,
                "durability": "full",
            }
        )
        db = opening.open_database(settings)
        db.writer.submit(1, note("before")).result(120)
        assert noted(db) == ["before"]

        private.stop()
        with db.write(1):
            futures = [db.writer.submit(1, note("lost")) for _ in range(30)]
        assert {type(future.exception(20)) for future in futures} == {Unavailable}
        with pytest.raises(Unavailable):
            noted(db)

        private.start()
        db.writer.submit(1, note("after")).result(120)
        assert noted(db) == ["before", "after"]
        db.close()
    finally:
        private.close()


# Commits in doubt


def test_a_commit_whose_answer_was_lost_is_not_done_twice(
    through: Callable[[], tuple[Proxy, PostgresDatabase]],
) -> None:
    between, db = through()
    between.rule = proxy.once(b"COMMIT\0", CUT_AFTER_ANSWER)

    db.writer.submit(1, note("once")).result(120)

    assert between.cuts == 1
    assert noted(db) == ["once"]


def test_a_commit_that_never_arrived_is_done_again(through: Callable[[], tuple[Proxy, PostgresDatabase]]) -> None:
    between, db = through()
    between.rule = proxy.once(b"COMMIT\0", CUT)

    with db.write(1):
        futures = [db.writer.submit(1, note(str(i))) for i in range(3)]
    for future in futures:
        future.result(120)

    assert between.cuts == 1
    assert noted(db) == ["0", "1", "2"]


def test_a_commit_with_an_unknown_result_is_reported(through: Callable[[], tuple[Proxy, PostgresDatabase]]) -> None:
    between, db = through()
    between.rule = lambda data: CUT if b"COMMIT\0" in data or b"pg_xact_status" in data else proxy.PASS

    with pytest.raises(Unavailable, match="not known whether the write was stored"):
        db.writer.submit(1, note("doubtful")).result(120)

    between.rule = lambda data: proxy.PASS
    db.writer.submit(1, note("after")).result(120)
    assert noted(db) == ["after"]


def test_a_hanging_store_does_not_delay_calls_without_it(postgres_settings: Settings) -> None:
    opening.open_database(postgres_settings).close()
    store = store_of(postgres_settings)
    between = Proxy(store.port)
    url = f"postgresql://postgres@127.0.0.1:{between.port}/{store.database}"
    application = app.build(settings.load({"--data": str(postgres_settings.data), "--store": url}, {}))
    inside = Inside(application.asgi)
    api = Api(inside)
    try:
        stuck, go_on = threading.Event(), threading.Event()

        def hold(data: bytes) -> str:
            stuck.set()
            assert go_on.wait(120)
            return proxy.PASS

        between.rule = hold
        asked = [inside.begin("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", {}, b"") for _ in range(9)]
        assert stuck.wait(120)

        assert api.ask("GET", "/health").body == b"OK"
        assert not any(each.done() for each in asked)
        go_on.set()
        assert [each.result(120).status for each in asked] == [200] * 9
    finally:
        inside.close()
        application.close()
        between.close()


# The pool


def test_concurrent_reads_share_few_connections(db: PostgresDatabase, admin: Admin) -> None:
    def read(i: int) -> int:
        with db.read(1) as tx:
            return int((tx.one("SELECT :i", i=i) or (0,))[0])

    def connections() -> int:
        found = rows(admin, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = $1", db._store.database)
        return int(found[0][0])

    others = connections()  # the writer's, and those that tests keep

    with ThreadPoolExecutor(32) as threads:
        assert sorted(threads.map(read, range(500))) == list(range(500))

    assert connections() <= others + READERS


def test_a_prepared_statement_survives_a_change_of_the_schema(
    db: PostgresDatabase, postgres_settings: Settings
) -> None:
    with db.write(1) as tx:
        tx.run("CREATE TABLE changing (a BIGINT)")
        tx.run("INSERT INTO changing VALUES (1)")

    def look(tx: Tx) -> Any:
        return tx.one("SELECT * FROM changing")

    assert db.writer.submit(1, look).result(120) == (1,)
    with db.read(1) as tx:
        assert look(tx) == (1,)
    other = PostgresDatabase(store_of(postgres_settings))
    with other.write(1) as tx:
        tx.run("ALTER TABLE changing ADD COLUMN b TEXT DEFAULT 'x'")
    other.close()

    assert db.writer.submit(1, look).result(120) == (1, "x")
    with db.read(1) as tx:
        assert look(tx) == (1, "x")
    with db.write(1) as tx:
        tx.run("DROP TABLE changing")
