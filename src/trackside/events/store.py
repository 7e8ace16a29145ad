"""The change log and the cursors of its readers.

A consumer has a name, and a cursor in the store that moves in the transaction with the consumer's results.  So it handles each
change once, also if two servers read at once or one is killed.

The hot path records that a run was logged to once, until a reader has read the entry (`runs.batch._announce`).  A reader of such
an entry first tells the writer and then reads the run: earlier data is then visible, and later data is recorded again.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec import Struct

from trackside.core.db import changes
from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Dialect, Row, Tx
from trackside.events.entries import Entry

LOG = "log"  # the action that records that runs were logged to
PASSING = (LOG, "files", "removing files", "remove files")  # of entries that give way to later ones
PRUNE_AT_ONCE = 1000
DAY_MS = 86_400_000
_COLUMNS = "seq, workspace_id, entity, entity_id, action, changed_at, user_name, detail"

WEBHOOKS = "webhooks"  # the consumer that webhooks read the log as


class Database(Protocol):
    @property
    def dialect(self) -> Dialect: ...

    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Page(Struct, frozen=True):
    """Changes after `before`, up to `after`: there the next page begins."""

    consumer: str
    before: int
    after: int
    changes: list[Entry]
    more: bool  # right away


def begin(db: Database, tx: Tx | None = None) -> int:
    """Return a change-log position.  A reader that reads the current state after this call and then follows the log from here
    misses nothing.

    `tx`: a transaction that this thread has opened and not used yet."""
    if tx is None or tx.dialect != "sqlite":
        return changes.begin(db)
    seq = newest(tx)  # a thread has one connection
    db.writer.submit(0, changes.count_reading).result()
    return seq


def register(db: Database, consumer: str) -> None:
    """Keep changes for a consumer from now on.  An existing consumer stays unchanged."""
    with db.read(0) as tx:
        if _cursor(tx, consumer) is not None:
            return
    seq = begin(db)
    db.writer.submit(
        0,
        lambda tx: tx.run(
            """
            INSERT INTO change_cursors (consumer, seq, moved_at) VALUES (:consumer, :seq, :now) ON CONFLICT (consumer) DO NOTHING
            """,
            consumer=consumer,
            seq=seq,
        ),
    ).result()


def forget(tx: Tx, consumer: str) -> None:
    """Delete a consumer, so that changes need not be kept for it."""
    tx.run("DELETE FROM change_cursors WHERE consumer = :consumer", consumer=consumer)


def read_changes(
    db: Database,
    consumer: str,
    limit: int,
    *,
    entities: Sequence[str] = (),
    with_logging: bool = True,
    after: int | None = None,
) -> Page:
    """Return the changes that a consumer has not seen, of all workspaces, in order; of `entities`, or of all if none are named.

    `after`: not from its cursor, but from here on.  Look at what changed only when this has returned."""
    with db.read(0) as tx:
        before = cursor(tx, consumer)
    start = before if after is None else max(after, before)
    head = changes.head(db)
    if head is None or head <= start:
        return Page(consumer, before, start, [], more=False)
    with db.read(0) as tx:
        found = _between(tx, start, head, entities, with_logging=with_logging, limit=limit)
    _announce_again(db, found)
    more = len(found) == limit
    return Page(consumer, before, found[-1].seq if more else head, found, more=more)


def commit_cursor(tx: Tx, page: Page) -> bool:
    """Moves the cursor to the end of the page; False if another server was quicker: then nothing of it may be done again."""
    return bool(
        tx.run(
            "UPDATE change_cursors SET seq = :after, moved_at = :now WHERE consumer = :consumer AND seq = :before",
            consumer=page.consumer,
            before=page.before,
            after=page.after,
        )
    )


def cursor(tx: Tx, consumer: str) -> int:
    seq = _cursor(tx, consumer)
    if seq is None:
        raise LookupError(f"the change log has no consumer {consumer!r}")
    return seq


def newest(tx: Tx) -> int:
    """The highest number that this transaction sees."""
    row = tx.one("SELECT COALESCE(MAX(seq), 0) FROM changes")
    assert row is not None
    seq: int = row[0]
    return seq


def bounds(tx: Tx) -> tuple[int, int]:
    """Return the lowest and the highest number that this transaction sees; 0 without entries."""
    row = tx.one("SELECT COALESCE(MIN(seq), 0), COALESCE(MAX(seq), 0) FROM changes")
    assert row is not None
    return row[0], row[1]


def made_at(tx: Tx, seq: int) -> int:
    """Return the time (ms) of the last entry up to that number that stays until it is pruned; 0 if none is left.  A log that
    continues returns the same time for a number; one that was restored from a backup returns another."""
    row = tx.one(
        "SELECT changed_at FROM changes WHERE seq <= :seq AND action NOT IN :passing ORDER BY seq DESC LIMIT 1",
        seq=seq,
        passing=list(PASSING),
    )
    return 0 if row is None else int(row[0])


class Wanted(Struct, frozen=True):
    """The filter of a look at the log; empty texts: all."""

    limit: int
    entity: str = ""
    entity_id: str = ""
    user: str = ""


def feed(tx: Tx, db: Database, after: int, wanted: Wanted) -> Page:
    """Return the changes after a number in the transaction's workspace, in order.  `tx` has not been used yet."""
    head = _head(db, tx)
    if head is None or head <= after:
        return Page("", after, after, [], more=False)
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM changes
        WHERE workspace_id = :ws AND seq > :after AND seq <= :head AND (:entity = '' OR entity = :entity)
            AND (:id = '' OR entity_id = :id) AND (:user = '' OR user_name = :user)
        ORDER BY seq LIMIT :limit
        """,
        after=after,
        head=head,
        **_filters(wanted),
    )
    found = [Entry(*row) for row in rows]
    _announce_again(db, found)
    more = len(found) == wanted.limit
    return Page("", after, found[-1].seq if more else head, found, more=more)


def read_on(db: Database, after: int, limit: int) -> tuple[list[Entry], int, bool]:
    """Return what came after a number, of all workspaces, the number to read on from, and whether there is more right away.

    What is logged to a run after this call is announced again."""
    head = changes.head(db)
    if head is None or head <= after:
        return [], after, False
    with db.read(0) as tx:
        found = _between(tx, after, head, (), with_logging=True, limit=limit)
    _announce_again(db, found)
    more = len(found) == limit
    return found, found[-1].seq if more else head, more


def between(tx: Tx, after: int, last: int, limit: int) -> list[Entry]:
    """Return the changes of the workspace after a number and up to another one, in order."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM changes WHERE workspace_id = :ws AND seq > :after AND seq <= :last ORDER BY seq LIMIT :limit
        """,
        after=after,
        last=last,
        limit=limit,
    )
    return [Entry(*row) for row in rows]


def history(tx: Tx, before: int, wanted: Wanted) -> list[Entry]:
    """The changes of the workspace before a number, the newest first."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM changes
        WHERE workspace_id = :ws AND seq < :before AND (:entity = '' OR entity = :entity)
            AND (:id = '' OR entity_id = :id) AND (:user = '' OR user_name = :user)
        ORDER BY seq DESC LIMIT :limit
        """,
        before=before,
        **_filters(wanted),
    )
    return [Entry(*row) for row in rows]


def prune(db: Database, keep_days: int) -> bool:
    """Drops some changes that are old and that every consumer has seen; True if there may be more.  0 days: keeps all."""
    if keep_days == 0:
        return False
    dropped: int = db.writer.submit(0, lambda tx: _drop_old(tx, tx.now - keep_days * DAY_MS)).result()
    return dropped > 0


def _drop_old(tx: Tx, before_ms: int) -> int:
    # The oldest rows have the lowest numbers: the table is never read for old ones further up.  The last one stays: by it a
    # reader elsewhere sees that this is still the log that it knows.
    return tx.run(
        """
        DELETE FROM changes WHERE changed_at < :old AND seq <= (SELECT COALESCE(MIN(seq), 0) FROM change_cursors)
            AND seq < (SELECT MAX(seq) FROM changes)
            AND seq IN (SELECT seq FROM changes ORDER BY seq LIMIT :some)
        """,
        old=before_ms,
        some=PRUNE_AT_ONCE,
    )


def _between(tx: Tx, after: int, head: int, entities: Sequence[str], *, with_logging: bool, limit: int) -> list[Entry]:
    rows: list[Row] = tx.all(
        f"""
        SELECT {_COLUMNS} FROM changes
        WHERE seq > :after AND seq <= :head AND (:any = 1 OR entity IN :entities) AND (:logging = 1 OR action <> 'log')
        ORDER BY seq LIMIT :limit
        """,
        after=after,
        head=head,
        any=int(not entities),
        entities=list(entities),
        logging=int(with_logging),
        limit=limit,
    )
    return [Entry(*row) for row in rows]


def _head(db: Database, tx: Tx | None) -> int | None:
    if tx is not None and tx.dialect == "sqlite":
        return newest(tx)  # a thread has one connection
    return changes.head(db)


def _cursor(tx: Tx, consumer: str) -> int | None:
    row = tx.one("SELECT seq FROM change_cursors WHERE consumer = :consumer", consumer=consumer)
    return None if row is None else row[0]


def _announce_again(db: Database, found: Sequence[Entry]) -> None:
    """Let later logging be recorded again.  Without a cache it always is."""
    if db.dialect == "sqlite" and any(entry.action == LOG for entry in found):
        db.writer.submit(0, changes.count_reading).result()


def _filters(wanted: Wanted) -> dict[str, Any]:
    return {"entity": wanted.entity, "id": wanted.entity_id, "user": wanted.user, "limit": wanted.limit}
