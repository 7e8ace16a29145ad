"""Transfer of values and statements to PostgreSQL and back."""

import json
import random
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.runner.examples import NOT_CHECKED_WITH_FIXTURE, examples
from support.stores.postgres_store import note, noted
from trackside.core.db.pg.wire import ServerError
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid


def test_values_are_returned_as_they_were_sent(db: PostgresDatabase) -> None:
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


@hypothesis.settings(max_examples=examples(100), suppress_health_check=NOT_CHECKED_WITH_FIXTURE)
@given(
    row=st.tuples(texts, numbers, fractions, st.binary(max_size=20), st.none() | texts),
    lists=st.tuples(st.lists(texts), st.lists(numbers), st.lists(numbers | fractions)),
)
def test_random_values_are_returned_as_they_were_sent(
    db: PostgresDatabase, row: tuple[Any, ...], lists: tuple[list[Any], ...]
) -> None:
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


def test_lists_are_bound_as_one_value(db: PostgresDatabase) -> None:
    many = list(range(100_000))
    with db.read(1) as tx:
        assert tx.one("SELECT COUNT(*) FROM generate_series(1, 10) AS g (n) WHERE n IN :many", many=many) == (10,)
        assert tx.one("SELECT COUNT(*) FROM generate_series(1, 10) AS g (n) WHERE n NOT IN :some", some=[1, 2]) == (8,)
        assert tx.one("SELECT COUNT(*) FROM generate_series(1, 10) AS g (n) WHERE n IN :none", none=[]) == (0,)
        assert tx.all("SELECT 'a' WHERE 'a' IN :names", names=["a", "b'", "{,}"]) == [("a",)]


def test_many_rows_are_sent_together(db: PostgresDatabase) -> None:
    with db.write(1) as tx:
        tx.run("CREATE TEMPORARY TABLE many (n BIGINT PRIMARY KEY, x DOUBLE PRECISION, t TEXT) ON COMMIT DROP")
        tx.many(
            "INSERT INTO many (n, x, t) VALUES (:n, :x, :t)",
            [{"n": i, "x": i if i % 2 else i / 2, "t": None if i % 3 else "t"} for i in range(25_000)],
        )
        tx.many("INSERT INTO many (n) VALUES (:n) ON CONFLICT DO NOTHING", [{"n": n} for n in (1, 1, -1)])
        assert tx.one("SELECT COUNT(*), SUM(n), COUNT(t), SUM(x) FROM many") == (
            25_001,
            sum(range(25_000)) - 1,
            8334,
            sum(i if i % 2 else i / 2 for i in range(25_000)),
        )


def test_a_failure_of_posted_rows_is_reported_to_their_command(db: PostgresDatabase) -> None:
    """Rows of `many` are sent with the next statement, which may belong to another command."""

    def missing(tx: Tx) -> None:
        note("half-done")(tx)
        rows: list[dict[str, Any]] = [{"run": 1, "doc": b"x"}, {"run": 2, "doc": None}]
        tx.many("INSERT INTO run_docs (workspace_id, run_seq, doc) VALUES (:ws, :run, :doc)", rows)

    def too_large_for_an_index(tx: Tx) -> None:
        note("half-done")(tx)
        tx.many(
            "INSERT INTO run_models (workspace_id, run_seq, direction, model_id, step) VALUES (:ws, 1, 'x', :model, 1)",
            [{"model": random.Random(1).randbytes(8000).hex()}],
        )

    for wrong, fault in ((missing, ServerError), (too_large_for_an_index, Invalid)):
        with db.write(1):
            futures = [db.writer.submit(1, work) for work in (note("before"), wrong, note("after"))]
        assert [type(future.exception(20)) for future in futures] == [type(None), fault, type(None)]
        with pytest.raises(fault):
            db.writer.submit(1, wrong).result(120)

    assert noted(db) == ["before", "after"] * 2


def test_posted_rows_are_visible_to_the_next_statement(db: PostgresDatabase) -> None:
    with db.write(1) as tx:
        for _ in range(2):
            note("x")(tx)
            tx.many(
                "INSERT INTO run_docs (workspace_id, run_seq, doc) VALUES (:ws, :run, :doc)",
                [{"run": i, "doc": b""} for i in range(3000)],
            )
            assert tx.one("SELECT COUNT(*) FROM run_docs WHERE workspace_id = :ws") == (3000,)
            assert tx.run("DELETE FROM run_docs WHERE workspace_id = :ws") == 3000


def test_more_statements_than_a_connection_keeps(db: PostgresDatabase) -> None:
    with db.read(1) as tx:
        for i in range(1000):
            assert tx.one(f"SELECT {i}, :x", x=i) == (i, i)
        assert tx.one("SELECT 0, :x", x=5) == (0, 5)


def test_statistics_are_updated_for_grown_tables(db: PostgresDatabase) -> None:
    def estimate(tx: Tx) -> int:
        (plan,) = tx.one("EXPLAIN (FORMAT JSON) SELECT 1 FROM params WHERE workspace_id = :ws AND key = 'k'") or ("",)
        return int(json.loads(plan)[0]["Plan"]["Plan Rows"])

    with db.write(1) as tx:
        tx.many(
            "INSERT INTO params (workspace_id, experiment_seq, key, run_seq, value) VALUES (:ws, 0, 'k', :run, 'v')",
            [{"run": i} for i in range(3000)],
        )
    with db.write(1) as tx:
        tx.one("SELECT pg_stat_force_next_flush()")

    assert db.renew_statistics()

    assert not db.renew_statistics()
    with db.read(1) as tx:
        assert estimate(tx) == 3000
