"""What only PostgreSQL does: connections break, servers race, commits are in doubt."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from support import proxy
from support.client import Api, Inside
from support.postgres import Postgres, rows
from support.proxy import CUT, CUT_AFTER_ANSWER, Proxy
from trackside import app
from trackside.core import locations, settings
from trackside.core.db.pgwire import Lost, ServerError, Wire
from trackside.core.db.postgres import READERS, PostgresDatabase
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import Invalid, Unavailable
from trackside.core.http.codec import encode
from trackside.core.locations import PostgresStore
from trackside.core.settings import Settings
from trackside.runs import batch
from trackside.runs import store as runs
from trackside.runs.limits import Logged

SIDES = 2


@pytest.fixture
def db(postgres_settings: Settings) -> Iterator[PostgresDatabase]:
    database = app.open_database(postgres_settings)
    yield database
    database.close()


@pytest.fixture
def admin(postgres: Postgres) -> Iterator[Wire]:
    """A connection beside those of the store."""
    wire = postgres.connect()
    yield wire
    wire.close()


def store_of(settings: Settings) -> PostgresStore:
    assert isinstance(settings.store, PostgresStore)
    return settings.store


@pytest.fixture
def through(postgres_settings: Settings) -> Iterator[Callable[[], tuple[Proxy, PostgresDatabase]]]:
    """A store behind a proxy."""
    opened: list[Any] = []

    def make() -> tuple[Proxy, PostgresDatabase]:
        app.open_database(postgres_settings).close()
        store = store_of(postgres_settings)
        between = Proxy(store.port)
        opened.append(between)
        database = PostgresDatabase(locations.store(f"postgresql://postgres@127.0.0.1:{between.port}/{store.database}"))  # type: ignore[arg-type]
        opened.append(database)
        return between, database

    yield make
    for each in reversed(opened):
        each.close()


def note(name: str) -> Callable[[Tx], None]:
    return lambda tx: tx.record(Change("test", name, "note"))


def noted(db: PostgresDatabase) -> list[str]:
    with db.read(1) as tx:
        found = tx.all("SELECT entity_id FROM changes WHERE workspace_id = :ws AND entity = 'test' ORDER BY seq")
    return [name for (name,) in found]


def pid(tx: Tx) -> int:
    row = tx.one("SELECT pg_backend_pid()")
    assert row is not None
    number: int = row[0]
    return number


def end(admin: Wire, number: int) -> None:
    """Ends a connection, and waits until it has gone."""
    assert rows(admin, "SELECT pg_terminate_backend(CAST($1 AS int), 10000)", number) == [(True,)]


# Connections


def test_an_idle_connection_that_was_ended_is_replaced_without_a_word(db: PostgresDatabase, admin: Wire) -> None:
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


def test_a_snapshot_that_broke_is_not_continued_on_another(db: PostgresDatabase, admin: Wire) -> None:
    def look() -> None:
        with db.read(1) as tx:
            end(admin, pid(tx))
            tx.one("SELECT 1")

    with pytest.raises(Unavailable, match="cannot be read now"):
        look()

    assert noted(db) == []


def test_a_group_whose_connection_breaks_is_run_again(db: PostgresDatabase, admin: Wire) -> None:
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
        future.result(20)

    assert times == 2
    assert noted(db) == ["before", "broke", "after"]


def test_a_deadlock_between_servers_is_solved_by_another_try(db: PostgresDatabase, postgres_settings: Settings) -> None:
    other = PostgresDatabase(store_of(postgres_settings))
    with db.write(1) as tx:
        first, second = (runs.create(tx, "0", run_name=None, user_id="", start_time=0, tags={}) for _ in range(2))
    meet = threading.Barrier(SIDES)
    tries = []

    def lock_both(one: str, two: str) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            tries.append(one)
            runs.active(tx, one)
            if len(tries) <= SIDES:
                meet.wait(10)
            runs.update(tx, two, None, len(tries), None)

        return work

    futures = [
        db.writer.submit(1, lock_both(first, second)),
        other.writer.submit(1, lock_both(second, first)),
    ]
    for future in futures:
        future.result(20)
    other.close()

    assert len(tries) == SIDES + 1


def test_the_quicker_of_two_servers_takes_a_unique_place_and_the_other_hears_why(
    db: PostgresDatabase, postgres_settings: Settings
) -> None:
    other = PostgresDatabase(store_of(postgres_settings))
    looked, written = threading.Event(), threading.Event()

    def slow(tx: Tx) -> str:
        taken = tx.one("SELECT 1 FROM workspaces WHERE name = 'north'")
        if taken:
            raise Invalid("taken")
        looked.set()
        assert written.wait(10)
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
    assert looked.wait(10)
    other.writer.submit(1, insert).result(20)
    written.set()

    with pytest.raises(Invalid, match="taken"):
        losing.result(20)
    other.close()


def test_a_server_that_is_gone_is_unavailable_and_then_it_is_back(postgres_settings: Settings) -> None:
    private = Postgres()
    try:
        name = private.create()
        store = locations.store(private.url(name))
        assert isinstance(store, PostgresStore)
        settings = Settings(
            **{**{f: getattr(postgres_settings, f) for f in Settings.__struct_fields__}, "store": store}
        )
        db = app.open_database(settings)
        db.writer.submit(1, note("before")).result(20)
        assert noted(db) == ["before"]

        private.stop()
        with db.write(1):
            futures = [db.writer.submit(1, note("lost")) for _ in range(30)]
        assert {type(future.exception(20)) for future in futures} == {Unavailable}
        with pytest.raises(Unavailable):
            noted(db)

        private.start()
        db.writer.submit(1, note("after")).result(20)
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

    db.writer.submit(1, note("once")).result(20)

    assert between.cuts == 1
    assert noted(db) == ["once"]


def test_a_commit_that_never_arrived_is_done_again(through: Callable[[], tuple[Proxy, PostgresDatabase]]) -> None:
    between, db = through()
    between.rule = proxy.once(b"COMMIT\0", CUT)

    with db.write(1):
        futures = [db.writer.submit(1, note(str(i))) for i in range(3)]
    for future in futures:
        future.result(20)

    assert between.cuts == 1
    assert noted(db) == ["0", "1", "2"]


def test_a_commit_that_stays_in_doubt_is_said_to_be_so(through: Callable[[], tuple[Proxy, PostgresDatabase]]) -> None:
    between, db = through()
    between.rule = lambda data: CUT if b"COMMIT\0" in data or b"pg_xact_status" in data else proxy.PASS

    with pytest.raises(Unavailable, match="not known whether the write was stored"):
        db.writer.submit(1, note("doubtful")).result(20)

    between.rule = lambda data: proxy.PASS
    db.writer.submit(1, note("after")).result(20)
    assert noted(db) == ["after"]


def test_a_store_that_does_not_answer_does_not_hold_up_what_needs_none(postgres_settings: Settings) -> None:
    app.open_database(postgres_settings).close()
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
            assert go_on.wait(20)
            return proxy.PASS

        between.rule = hold
        asked = [inside.begin("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", {}, b"") for _ in range(9)]
        assert stuck.wait(20)

        assert api.ask("GET", "/health").body == b"OK"
        assert not any(each.done() for each in asked)
        go_on.set()
        assert [each.result(20).status for each in asked] == [200] * 9
    finally:
        inside.close()
        application.close()
        between.close()


# What is asked for at the start


def open_at(url: str) -> None:
    store = locations.store(url)
    assert isinstance(store, PostgresStore)
    PostgresDatabase(store).close()


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Lost, match=r"nobody answers at 127\.0\.0\.1, port 1: "):
        open_at("postgresql://me@127.0.0.1:1/x")
    with pytest.raises(Lost, match=f"nobody answers at {tmp_path}, port 5432: "):
        open_at(f"postgresql://me@/x?host={tmp_path}")


def test_a_database_that_is_not_there_is_named(postgres: Postgres) -> None:
    with pytest.raises(ServerError, match='database "nope" does not exist'):
        open_at(postgres.url("nope"))


def test_a_database_that_cannot_hold_every_text_is_refused(postgres: Postgres) -> None:
    postgres.run("CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1'")

    with pytest.raises(ServerError, match="encoding is LATIN1"):
        open_at(postgres.url("narrow"))


def test_passwords_are_checked_by_scram(postgres: Postgres) -> None:
    postgres.run("CREATE ROLE someone LOGIN PASSWORD 'p@ss/word'", "CREATE DATABASE guarded OWNER someone")
    place = f"@127.0.0.1:{postgres.port}/guarded"

    open_at(f"postgresql://someone:p%40ss%2Fword{place}")
    for login in ("someone", "someone:wrong"):
        with pytest.raises(ServerError, match='password authentication failed for user "someone"'):
            open_at(f"postgresql://{login}{place}")


def test_a_socket_in_a_folder_will_do(postgres: Postgres) -> None:
    open_at(postgres.url(tcp=False))


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(postgres: Postgres) -> None:
    open_at(postgres.url() + "?sslmode=prefer")
    open_at(postgres.url() + "?sslmode=disable")
    for mode in ("require", "verify-ca", "verify-full"):
        with pytest.raises(Lost, match=f"the server offers none; sslmode is {mode}"):
            open_at(postgres.url() + f"?sslmode={mode}")


def test_tls_is_used_and_checked_as_far_as_is_asked_for(postgres: Postgres, tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    signed, key = proxy.certificate(tmp_path, "localhost")
    other, _ = proxy.certificate(tmp_path, "other.example")
    between = proxy.TlsProxy(postgres.port, signed, key)
    place = f"postgresql://postgres@%s:{between.port}/postgres?sslmode=%s"
    try:
        for host, options in (
            ("localhost", "prefer"),
            ("localhost", "require"),
            ("127.0.0.1", f"verify-ca&sslrootcert={signed}"),
            ("localhost", f"verify-full&sslrootcert={signed}"),
        ):
            taken = between.taken
            open_at(place % (host, options))
            assert between.taken > taken, options
        for host, options in (
            ("localhost", f"require&sslrootcert={other}"),
            ("localhost", "verify-full"),
            ("localhost", f"verify-ca&sslrootcert={other}"),
            ("127.0.0.1", f"verify-full&sslrootcert={signed}"),
        ):
            with pytest.raises(Lost, match=r"no encrypted connection to .* certificate verify failed"):
                open_at(place % (host, options))
    finally:
        between.close()


@pytest.mark.parametrize(("durability", "setting"), [("full", "on"), ("relaxed", "off")])
def test_durability_is_what_the_server_is_asked_for(postgres_url: str, durability: Any, setting: str) -> None:
    store = locations.store(postgres_url)
    assert isinstance(store, PostgresStore)
    wire = Wire(store)
    wire.command(f"ALTER DATABASE {store.database} SET synchronous_commit = 'off'")
    wire.close()

    db = PostgresDatabase(store, durability)

    with db.write(0) as tx:
        assert tx.one("SHOW synchronous_commit") == (setting,)
    db.close()


# Values


def test_values_come_back_as_they_went(db: PostgresDatabase) -> None:
    with db.read(1) as tx:
        assert tx.one(
            "SELECT :text, :number, :double, :bytes, :none, :ws, 1.25, 3::numeric, true, ''",
            text="é\n'\"\\",
            number=-(2**63),
            double=5e-324,
            bytes=bytes(range(256)),
            none=None,
        ) == ("é\n'\"\\", -(2**63), 5e-324, bytes(range(256)), None, 1, 1.25, 3, True, "")


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
numbers = st.integers(-(2**63), 2**63 - 1)
fractions = st.floats(allow_nan=False)


@hypothesis.settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=st.tuples(texts, numbers, fractions, st.binary(max_size=20), st.none() | texts),
    lists=st.tuples(st.lists(texts), st.lists(numbers), st.lists(numbers | fractions)),
)
def test_whatever_is_sent_comes_back(db: PostgresDatabase, row: tuple[Any, ...], lists: tuple[list[Any], ...]) -> None:
    with db.read(1) as tx:
        found = tx.one("SELECT :a, :b, :c, :d, :e", **dict(zip("abcde", row, strict=True)))
        assert found == row
        for name, wanted in zip(("text", "bigint", "double precision"), lists, strict=True):
            kept = tx.all(
                f"SELECT x FROM unnest(CAST(ARRAY['1'] AS {name}[])) AS x WHERE x NOT IN :wanted", wanted=wanted
            )
            assert bool(kept) == (bool(wanted) and all(each not in ("1", 1, 1.0) for each in wanted))


@pytest.mark.parametrize("value", ["a\0b", 2**63, -(2**63) - 1, "\ud800", ["x", "\0"], [2**64]], ids=repr)
def test_a_value_that_cannot_be_stored_is_the_callers_mistake(db: PostgresDatabase, value: object) -> None:
    sql = "SELECT 1 WHERE 1 = 0 AND :value IN ('x')" if not isinstance(value, list) else "SELECT 1 WHERE 'x' IN :value"
    if value == [2**64]:
        sql = "SELECT 1 WHERE 1 IN :value"

    with pytest.raises(Invalid), db.read(1) as tx:
        tx.all(sql.replace("('x')", "(:value)"), value=value)
    with db.read(1) as tx:
        assert tx.one("SELECT 1") == (1,)


def test_lists_are_asked_for_whole(db: PostgresDatabase) -> None:
    many = list(range(100_000))
    with db.read(1) as tx:
        assert tx.one("SELECT COUNT(*) FROM generate_series(1, 10) AS g (n) WHERE n IN :many", many=many) == (10,)
        assert tx.one("SELECT COUNT(*) FROM generate_series(1, 10) AS g (n) WHERE n NOT IN :some", some=[1, 2]) == (8,)
        assert tx.one("SELECT COUNT(*) FROM generate_series(1, 10) AS g (n) WHERE n IN :none", none=[]) == (0,)
        assert tx.all("SELECT 'a' WHERE 'a' IN :names", names=["a", "b'", "{,}"]) == [("a",)]


def test_many_rows_go_out_together(db: PostgresDatabase) -> None:
    with db.write(1) as tx:
        tx.run("CREATE TEMPORARY TABLE many (n BIGINT PRIMARY KEY, x DOUBLE PRECISION, t TEXT) ON COMMIT DROP")
        tx.many(
            "INSERT INTO many (n, x, t) VALUES (:n, :x, :t)",
            [(i, i if i % 2 else i / 2, None if i % 3 else "t") for i in range(25_000)],
        )
        tx.many("INSERT INTO many (n) VALUES (:n) ON CONFLICT DO NOTHING", [(1,), (1,), (-1,)])
        assert tx.one("SELECT COUNT(*), SUM(n), COUNT(t), SUM(x) FROM many") == (
            25_001,
            sum(range(25_000)) - 1,
            8334,
            sum(i if i % 2 else i / 2 for i in range(25_000)),
        )


def test_a_failure_of_what_was_posted_finds_its_command(db: PostgresDatabase) -> None:
    """Rows of `many` go out with the next statement, which may be another command's."""

    def missing(tx: Tx) -> None:
        note("half-done")(tx)
        tx.many("INSERT INTO run_docs (workspace_id, run_seq, doc) VALUES (:ws, :run, :doc)", [(1, b"x"), (2, None)])

    def too_large_for_an_index(tx: Tx) -> None:
        note("half-done")(tx)
        tx.many(
            "INSERT INTO run_models (workspace_id, run_seq, direction, model_id, step) VALUES (:ws, 1, 'x', :model, 1)",
            [(random.Random(1).randbytes(8000).hex(),)],
        )

    for wrong, fault in ((missing, ServerError), (too_large_for_an_index, Invalid)):
        with db.write(1):
            futures = [db.writer.submit(1, work) for work in (note("before"), wrong, note("after"))]
        assert [type(future.exception(20)) for future in futures] == [type(None), fault, type(None)]
        with pytest.raises(fault):
            db.writer.submit(1, wrong).result(20)

    assert noted(db) == ["before", "after"] * 2


def test_what_was_posted_is_seen_by_the_next_statement(db: PostgresDatabase) -> None:
    with db.write(1) as tx:
        for _ in range(2):
            note("x")(tx)
            tx.many(
                "INSERT INTO run_docs (workspace_id, run_seq, doc) VALUES (:ws, :run, :doc)",
                [(i, b"") for i in range(3000)],
            )
            assert tx.one("SELECT COUNT(*) FROM run_docs WHERE workspace_id = :ws") == (3000,)
            assert tx.run("DELETE FROM run_docs WHERE workspace_id = :ws") == 3000


def test_more_statements_than_a_connection_keeps(db: PostgresDatabase) -> None:
    with db.read(1) as tx:
        for i in range(1000):
            assert tx.one(f"SELECT {i}, :x", x=i) == (i, i)
        assert tx.one("SELECT 0, :x", x=5) == (0, 5)


def test_the_planner_hears_of_what_has_grown(db: PostgresDatabase) -> None:
    def estimate(tx: Tx) -> int:
        (plan,) = tx.one("EXPLAIN (FORMAT JSON) SELECT 1 FROM params WHERE workspace_id = :ws AND key = 'k'") or ("",)
        return int(json.loads(plan)[0]["Plan"]["Plan Rows"])

    with db.write(1) as tx:
        tx.many(
            "INSERT INTO params (workspace_id, experiment_seq, key, run_seq, value) VALUES (:ws, 0, 'k', :run, 'v')",
            [(i,) for i in range(3000)],
        )
    with db.write(1) as tx:
        tx.one("SELECT pg_stat_force_next_flush()")

    assert db.renew_statistics()

    assert not db.renew_statistics()
    with db.read(1) as tx:
        assert estimate(tx) == 3000


# Documents of runs


def keep(db: PostgresDatabase, seqs: list[int]) -> None:
    """Makes documents as if nobody had written for an hour."""

    def work(tx: Tx) -> None:
        tx.now += 3_600_000
        runs.keep_documents(tx, seqs)

    db.writer.submit(1, work).result(20)


def kept(db: PostgresDatabase) -> int:
    with db.read(1) as tx:
        return int((tx.one("SELECT COUNT(*) FROM run_docs WHERE workspace_id = :ws") or (0,))[0])


def test_a_document_is_kept_until_its_run_changes(db: PostgresDatabase) -> None:
    with db.write(1) as tx:
        made = [runs.create(tx, "0", run_name=None, user_id="", start_time=0, tags={}) for _ in range(3)]
        seqs = [runs.seq_of(tx, run_id) for run_id in made]
        runs.keep_documents(tx, seqs)
    assert kept(db) == 0  # they changed a moment ago

    keep(db, seqs)
    keep(db, seqs)
    assert kept(db) == 3
    with db.read(1) as tx:
        docs, fresh = runs.documents(tx, seqs)
        assert docs == [encode(run) for run in runs.load(tx, seqs)]
        assert fresh == []

    with db.write(1) as tx:
        batch.log(tx, [Logged(made[0], {"m": [(0, 1, 1.0)]}, [], {}, [], True)])
        runs.delete(tx, made[1])
    assert kept(db) == 1


def change(run_id: str, n: int, seed: int, kind: int) -> Callable[[Tx], Any]:
    match kind:
        case 0:
            return lambda tx: runs.update(tx, run_id, None, n, f"name-{seed}-{n}")
        case 1:
            return lambda tx: runs.delete(tx, run_id)
        case 2 | 3:
            return lambda tx: runs.restore(tx, run_id)
    call = Logged(run_id, {"m": [(n, seed, float(n))]}, [(f"p{seed}-{n}", "1")], {"t": str(n)}, [], True)
    return lambda tx: batch.log(tx, [call])


def test_no_document_outlives_a_change_whoever_makes_it(db: PostgresDatabase, postgres_settings: Settings) -> None:
    with db.write(1) as tx:
        made = [runs.create(tx, "0", run_name=None, user_id="", start_time=0, tags={}) for _ in range(4)]
        seqs = [runs.seq_of(tx, run_id) for run_id in made]
    others = [PostgresDatabase(store_of(postgres_settings)) for _ in range(2)]
    done = threading.Event()

    def write(database: PostgresDatabase, seed: int) -> None:
        dice = random.Random(seed)
        for n in range(60):
            with suppress(Invalid):  # the run is deleted
                database.writer.submit(1, change(dice.choice(made), n, seed, dice.randrange(7))).result(20)

    def look() -> int:
        used = 0
        while not done.is_set():
            keep(db, seqs)
            with db.read(1) as tx:
                docs, fresh = runs.documents(tx, seqs)
                assert docs == [encode(run) for run in runs.load(tx, seqs)]
            used += len(seqs) - len(fresh)
        return used

    with ThreadPoolExecutor(3) as threads:
        looking = threads.submit(look)
        list(threads.map(write, others, (1, 2)))
        done.set()
        assert looking.result(20) > 0
    for other in others:
        other.close()


# The pool


def test_reads_side_by_side_share_few_connections(db: PostgresDatabase, admin: Wire) -> None:
    def read(i: int) -> int:
        with db.read(1) as tx:
            return int((tx.one("SELECT :i", i=i) or (0,))[0])

    with ThreadPoolExecutor(32) as threads:
        assert sorted(threads.map(read, range(500))) == list(range(500))

    counted = rows(admin, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = $1", db._store.database)
    assert counted[0][0] <= READERS + 2  # the writer's, and the one by which the tests empty the store


def test_a_schema_that_changes_under_a_prepared_statement_is_no_fault(
    db: PostgresDatabase, postgres_settings: Settings
) -> None:
    with db.write(1) as tx:
        tx.run("CREATE TABLE changing (a BIGINT)")
        tx.run("INSERT INTO changing VALUES (1)")

    def look(tx: Tx) -> Any:
        return tx.one("SELECT * FROM changing")

    assert db.writer.submit(1, look).result(20) == (1,)
    with db.read(1) as tx:
        assert look(tx) == (1,)
    other = PostgresDatabase(store_of(postgres_settings))
    with other.write(1) as tx:
        tx.run("ALTER TABLE changing ADD COLUMN b TEXT DEFAULT 'x'")
    other.close()

    assert db.writer.submit(1, look).result(20) == (1, "x")
    with db.read(1) as tx:
        assert look(tx) == (1, "x")
    with db.write(1) as tx:
        tx.run("DROP TABLE changing")
