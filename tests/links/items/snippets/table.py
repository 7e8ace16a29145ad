"""Snippets of a workspace, in SQL."""

from typing import Any

from trackside.core.db.tx import Tx
from trackside.sync.document import Doc, Patch, apply, pack, unpack


def create_table(db: Any) -> None:
    sql = "CREATE TABLE snippets (workspace_id BIGINT, snippet_id TEXT, doc {}, PRIMARY KEY (workspace_id, snippet_id))"
    kind = "BLOB" if db.dialect == "sqlite" else "BYTEA"
    db.writer.submit(0, lambda tx: tx.run(sql.format(kind))).result()


def drop_table(db: Any) -> None:
    db.writer.submit(0, lambda tx: tx.run("DROP TABLE snippets")).result()


def read(tx: Tx, snippet_id: str) -> Doc | None:
    row = tx.one("SELECT doc FROM snippets WHERE workspace_id = :ws AND snippet_id = :id", id=snippet_id)
    return None if row is None else unpack(bytes(row[0]))


def put(tx: Tx, snippet_id: str, patch: Patch) -> None:
    doc = pack(apply(read(tx, snippet_id) or {}, patch))
    tx.run(
        """
        INSERT INTO snippets (workspace_id, snippet_id, doc) VALUES (:ws, :id, :doc)
        ON CONFLICT (workspace_id, snippet_id) DO UPDATE SET doc = excluded.doc
        """,
        id=snippet_id,
        doc=doc,
    )


def delete(tx: Tx, snippet_id: str) -> None:
    tx.run("DELETE FROM snippets WHERE workspace_id = :ws AND snippet_id = :id", id=snippet_id)
