"""Transactions: statements over many rows, and the user of a write."""

from typing import Any

from trackside.core.db.tx import Change

ADD = "INSERT INTO run_docs (workspace_id, run_seq, doc) VALUES (:ws, :run, :doc)"


def test_rows_of_many_are_bound_by_name_whatever_their_order(db: Any) -> None:
    with db.write(1) as tx:
        tx.many(ADD, [{"run": 1, "doc": b"a"}, {"doc": b"b", "run": 2}])

        assert tx.all("SELECT workspace_id, run_seq FROM run_docs WHERE workspace_id = :ws ORDER BY run_seq") == [
            (1, 1),
            (1, 2),
        ]


def test_shared_values_and_the_workspace_are_the_same_for_all_rows(db: Any) -> None:
    with db.write(1) as tx:
        tx.many(ADD, [{"run": 1, "ws": 2}, {"run": 2}], doc=b"same")

        rows = tx.all("SELECT workspace_id, run_seq FROM run_docs WHERE doc = :doc ORDER BY run_seq", doc=b"same")
        assert rows == [(1, 1), (1, 2)]


def test_a_transaction_as_another_user_leaves_the_first_one_unchanged(db: Any) -> None:
    with db.write(1) as tx:
        tx.by("anna").record(Change("thing", "a", "make"))
        tx.record(Change("thing", "b", "make"))

        named = tx.all("SELECT entity_id, user_name FROM changes WHERE workspace_id = :ws AND entity = 'thing'")
    assert sorted(named) == [("a", "anna"), ("b", "")]
