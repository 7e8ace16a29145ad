"""SQL of orphans, of the quarantine, and of the files that rows refer to."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from trackside.cleanup.orphans.model import Group, Side, State
from trackside.core.db.changes import LOOKED_UP
from trackside.core.db.tx import Row, Tx
from trackside.core.errors import NotFound

BATCH = 1000
SPANS_NAME_CHARS = 42  # of `ID/spans.zst`


class Orphan(Struct, frozen=True):
    kind: str
    key: str
    root: str
    item_id: str
    file_count: int
    file_bytes: int
    modified_at: int  # ms; of the newest file


class Entry(Struct, frozen=True):
    """An entry of the quarantine."""

    entry_id: str
    kind: str
    root: str
    key: str
    item_id: str
    state: str
    file_count: int
    file_bytes: int
    moved_at: int  # ms
    moved_by: str


_ENTRY = "entry_id, kind, root, key, item_id, state, file_count, file_bytes, moved_at, moved_by"


def owners(tx: Tx, names: Sequence[str]) -> set[str]:
    """Return the names that are ids of existing runs, logged models, traces or versions, including the trash."""
    found: set[str] = set()
    for sql in (
        "SELECT run_id FROM runs WHERE workspace_id = :ws AND run_id IN :ids",
        "SELECT model_id FROM logged_models WHERE workspace_id = :ws AND model_id IN :ids",
        "SELECT trace_id FROM traces WHERE workspace_id = :ws AND trace_id IN :ids",
        "SELECT uid FROM model_versions WHERE workspace_id = :ws AND uid IN :ids",
    ):
        found.update(value for (value,) in tx.all(sql, ids=names) if value)
    return found


def places(tx: Tx, uris: Sequence[str]) -> set[str]:
    """Return the locations that a version, the spans of a trace or an unfinished deletion refers to."""
    found: set[str] = set()
    for sql in (
        "SELECT files_uri FROM model_versions WHERE workspace_id = :ws AND files_uri IN :uris",
        "SELECT files_uri FROM file_deletions WHERE workspace_id = :ws AND files_uri IN :uris",
        "SELECT uri FROM trace_files WHERE workspace_id = :ws AND uri IN :uris",
    ):
        found.update(value for (value,) in tx.all(sql, uris=uris))
    return found


def named_spans(tx: Tx, names: Sequence[str]) -> set[str]:
    """Return which of these span files (`ID/spans.zst`) a trace refers to, in any form of the location."""
    rows = tx.all(
        """
        SELECT SUBSTR(uri, LENGTH(uri) - CAST(:before AS INTEGER)) FROM trace_files
        WHERE workspace_id = :ws AND SUBSTR(uri, LENGTH(uri) - CAST(:before AS INTEGER)) IN :names
        """,
        before=SPANS_NAME_CHARS - 1,
        names=names,
    )
    return {name for (name,) in rows}


def show(tx: Tx, side: Side, found: Iterable[tuple[Group, str, int, int, int]]) -> None:
    """Replace the results of the last search on one side.  A result is (group, root, files, bytes, time of the newest file)."""
    tx.run("DELETE FROM orphans WHERE workspace_id = :ws AND side = :side", side=side)
    tx.many(
        """
        INSERT INTO orphans (workspace_id, side, kind, root, key, item_id, file_count, file_bytes, modified_at, found_at)
        VALUES (:ws, :side, :kind, :root, :key, :id, :files, :bytes, :modified, :now) ON CONFLICT DO NOTHING
        """,
        [
            {
                "kind": group.kind,
                "root": root,
                "key": group.key,
                "id": group.item_id,
                "files": files,
                "bytes": size,
                "modified": modified,
            }
            for group, root, files, size, modified in found
        ],
        side=side,
    )


def searched(tx: Tx, file_count: int) -> None:
    tx.run(
        """
        INSERT INTO orphan_searches (workspace_id, searched_at, file_count) VALUES (:ws, :now, :files)
        ON CONFLICT (workspace_id) DO UPDATE SET searched_at = excluded.searched_at, file_count = excluded.file_count
        """,
        files=file_count,
    )


def last_search(tx: Tx) -> int | None:
    row = tx.one("SELECT searched_at FROM orphan_searches WHERE workspace_id = :ws")
    return None if row is None else int(row[0])


def page(tx: Tx, side: Side, kind: str, offset: int, most: int) -> list[Orphan]:
    """Return orphans, the largest first."""
    rows = tx.all(
        """
        SELECT kind, key, root, item_id, file_count, file_bytes, modified_at FROM orphans
        WHERE workspace_id = :ws AND side = :side AND (:kind = '' OR kind = :kind)
        ORDER BY file_bytes DESC, kind, root, key LIMIT :most OFFSET :offset
        """,
        side=side,
        kind=kind,
        most=most,
        offset=offset,
    )
    return [Orphan(*row) for row in rows]


def totals(tx: Tx, side: Side, kind: str = "") -> tuple[int, int, int]:
    """Return the number of orphans on a side, their files and bytes."""
    row = tx.one(
        """
        SELECT COUNT(*), COALESCE(SUM(file_count), 0), COALESCE(SUM(file_bytes), 0) FROM orphans
        WHERE workspace_id = :ws AND side = :side AND (:kind = '' OR kind = :kind)
        """,
        side=side,
        kind=kind,
    )
    return (0, 0, 0) if row is None else (int(row[0]), int(row[1]), int(row[2]))


def all_files(tx: Tx) -> list[Orphan]:
    return page(tx, Side.FILES, "", 0, 1_000_000)


def forget(tx: Tx, orphan: Orphan) -> None:
    """Delete the result of a search: the files were moved."""
    tx.run(
        """
        DELETE FROM orphans WHERE workspace_id = :ws AND side = 'files' AND kind = :kind AND root = :root AND key = :key
        """,
        kind=orphan.kind,
        root=orphan.root,
        key=orphan.key,
    )


def begin(tx: Tx, entry_id: str, orphan: Orphan) -> None:
    tx.run(
        """
        INSERT INTO quarantine (workspace_id, entry_id, kind, root, key, item_id, state, file_count, file_bytes, moved_at,
            moved_by)
        VALUES (:ws, :entry, :kind, :root, :key, :id, 'moving', 0, 0, :now, :by)
        """,
        entry=entry_id,
        kind=orphan.kind,
        root=orphan.root,
        key=orphan.key,
        id=orphan.item_id,
        by=tx.user,
    )


def entry(tx: Tx, entry_id: str) -> Entry:
    row = tx.one(f"SELECT {_ENTRY} FROM quarantine WHERE workspace_id = :ws AND entry_id = :entry", entry=entry_id)
    if row is None:
        raise NotFound(f"The quarantine has no entry {entry_id}")
    return Entry(*row)


def entries(tx: Tx, *, before_ms: int | None = None, ids: Sequence[str] = (), state: str = "") -> list[Entry]:
    """Return entries of the quarantine, the earliest first."""
    rows = tx.all(
        f"""
        SELECT {_ENTRY} FROM quarantine
        WHERE workspace_id = :ws AND moved_at <= :before AND (:any = 1 OR entry_id IN :ids) AND (:state = '' OR state = :state)
        ORDER BY moved_at, entry_id
        """,
        before=2**62 if before_ms is None else before_ms,
        any=0 if ids else 1,
        ids=list(ids),
        state=state,
    )
    return [Entry(*row) for row in rows]


def set_state(tx: Tx, entry_id: str, state: State) -> bool:
    """Return whether the entry exists."""
    return bool(
        tx.run(
            "UPDATE quarantine SET state = :state WHERE workspace_id = :ws AND entry_id = :entry",
            entry=entry_id,
            state=state,
        )
    )


def settle(tx: Tx, entry_id: str, files: int, size: int) -> None:
    """Record that all files of an entry are in the quarantine."""
    tx.run(
        """
        UPDATE quarantine SET state = 'kept', file_count = :files, file_bytes = :bytes
        WHERE workspace_id = :ws AND entry_id = :entry
        """,
        entry=entry_id,
        files=files,
        bytes=size,
    )


def drop(tx: Tx, entry_id: str) -> None:
    tx.run("DELETE FROM quarantine WHERE workspace_id = :ws AND entry_id = :entry", entry=entry_id)


def remove_all(tx: Tx) -> None:
    """Delete the search results of a workspace that is deleted.  Its entries of the quarantine are deleted with their files."""
    tx.run("DELETE FROM orphans WHERE workspace_id = :ws")
    tx.run("DELETE FROM orphan_searches WHERE workspace_id = :ws")


def versions(tx: Tx, after: int) -> tuple[list[tuple[str, str]], int]:
    """Return the next batch of versions after a number, with the locations of their files."""
    rows = tx.all(
        """
        SELECT version_seq, name, version, files_uri FROM model_versions
        WHERE workspace_id = :ws AND version_seq > :after AND is_prompt = 0 ORDER BY version_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
    )
    found = [(f"{name}/{version}", uri) for _, name, version, uri in rows if uri]
    return found, _last(rows, after)


def span_files(tx: Tx, after: int) -> tuple[list[tuple[str, str]], int]:
    """Return the next batch of traces after a number, with the locations of their span files."""
    rows = tx.all(
        """
        SELECT f.body_seq, t.trace_id, f.uri FROM trace_files f JOIN traces t ON t.trace_seq = f.trace_seq
        WHERE f.workspace_id = :ws AND t.workspace_id = :ws AND f.body_seq > :after ORDER BY f.body_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
    )
    return [(trace_id, uri) for _, trace_id, uri in rows], _last(rows, after)


def logged_models(tx: Tx, after: int) -> tuple[list[tuple[str, str]], int]:
    """Return the next batch of logged models whose files must exist, as (id, root), and the key after them.

    The change log, as far back as it reaches, has entries about writes of these files and none about their removal."""
    rows = tx.all(
        f"""
        SELECT m.model_seq, m.model_id, m.artifact_uri FROM logged_models m
        WHERE m.workspace_id = :ws AND m.model_seq > :after AND m.lifecycle_stage = 'active' AND {_had_files("m.model_id")}
        ORDER BY m.model_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
        entity="logged_model",
    )
    return [(model_id, uri) for _, model_id, uri in rows], _last(rows, after)


def runs(tx: Tx, after: int) -> tuple[list[tuple[str, str]], int]:
    """Return the next batch of runs whose files must exist, as (id, root), and the key after them."""
    rows = tx.all(
        f"""
        SELECT r.run_seq, r.run_id, r.artifact_uri FROM runs r
        WHERE r.workspace_id = :ws AND r.run_seq > :after AND r.lifecycle_stage = 'active' AND {_had_files("r.run_id")}
        ORDER BY r.run_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
        entity="run",
    )
    return [(run_id, uri) for _, run_id, uri in rows], _last(rows, after)


def _had_files(column: str) -> str:
    return f"""
        EXISTS (SELECT 1 FROM changes c WHERE c.workspace_id = :ws AND c.entity = :entity AND c.entity_id = {column}
            AND c.action = 'files' AND c.{LOOKED_UP})
        AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.workspace_id = :ws AND c.entity = :entity
            AND c.entity_id = {column} AND c.action = 'remove files' AND c.{LOOKED_UP})"""


def _last(rows: Sequence[Row], after: int) -> int:
    return int(rows[-1][0]) if rows else after
