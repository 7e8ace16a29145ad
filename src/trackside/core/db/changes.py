"""The position up to which the change log is complete, for readers that follow it.

A reader continues after the last number that it saw, so no entry may appear below that number later.  On SQLite the only writer
numbers entries in the order of the commits.  On PostgreSQL a row gets its number when it is written, and its transaction may
commit after others with higher numbers.  Each write transaction there holds a shared advisory lock, which never blocks, until its
end.  A reader notes the highest visible number, then the holders of the lock, and waits until those transactions have ended: only
they can still commit a lower number.  No writer waits for a reader, and long transactions of other applications do not delay
readers.
"""

import time
from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx

# A condition on the change log: on SQLite the index on an entity's entries is partial and needs it in the query.
LOOKED_UP = "action IN ('log', 'files', 'remove files', 'removing files', 'import')"
WRITERS_LOCK = 7261727  # the advisory lock of write transactions, see `postgres`
PATIENCE_S = 1.0
PAUSE_S = 0.003  # about the duration of a group of commands


class Readable(Protocol):
    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Database(Readable, Protocol):
    writer: GroupWriter


def begin(db: Database) -> int:
    """Return a change-log position.  A reader that scans the current state after this call and then follows the log from here
    misses nothing."""
    seq = head(db)
    while seq is None:
        seq = head(db)
    db.writer.submit(0, count_reading).result()
    return seq


def count_reading(tx: Tx) -> None:
    """Record that the log was read, so that later logged data of the same entity is announced again."""
    if tx.memory is not None:
        tx.memory.announced += 1


def head(db: Readable, patience_s: float = PATIENCE_S) -> int | None:
    """Return a position below which no further entry can become visible to transactions that begin now.

    None if a writer that may still add such entries has not ended after `patience_s`."""
    with db.read(0) as tx:
        highest = _highest(tx)
        if tx.dialect == "sqlite":
            return highest
        writing = _writing(tx)
    until = time.monotonic() + patience_s
    while writing:
        if time.monotonic() > until:
            return None
        time.sleep(PAUSE_S)
        with db.read(0) as tx:
            writing &= _writing(tx)
    return highest


def _highest(tx: Tx) -> int:
    row = tx.one("SELECT COALESCE(MAX(seq), 0) FROM changes")
    assert row is not None
    highest: int = row[0]
    return highest


def _writing(tx: Tx) -> set[str]:
    """Return the ids of the open write transactions, which are never reused.  The view shows the current state, not the
    snapshot."""
    rows = tx.all(
        """
        SELECT l.virtualtransaction FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = :lock AND l.objsubid = 1
            AND d.datname = current_database()
        """,
        lock=WRITERS_LOCK,
    )
    return {name for (name,) in rows}
