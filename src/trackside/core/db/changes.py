"""Up to where the change log is complete.  Knows the order of commits; knows no reader and no entity.

A reader goes on after the last number that it saw, so nothing may appear below that number later.  On SQLite changes are
numbered in the order of their commits, for there is one writer.  On PostgreSQL a number is given when the row is written,
and the transaction that has it may commit after others that have higher ones.  There every write transaction holds a shared
advisory lock from its beginning to its end, for which nobody ever waits.  A reader notes the highest number that it sees,
then who holds the lock, and waits until those have ended: a lower number that it does not see yet can only be theirs.
So no writer waits for a reader, and transactions of others on the same server, however long, hold nobody up.
"""

import time
from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx

# A condition on the change log.  On SQLite an entity's entries are found by an index only under it, which must be in the query.
LOOKED_UP = "action IN ('log', 'files', 'remove files', 'removing files', 'import')"
WRITERS_LOCK = 7261727  # the advisory lock of write transactions, see `postgres`
PATIENCE_S = 1.0
PAUSE_S = 0.003  # a group of commands takes about as long


class Readable(Protocol):
    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Database(Readable, Protocol):
    writer: GroupWriter


def begin(db: Database) -> int:
    """A number to read on from for a reader that looks, after this, at all there is: what changes later is announced after it."""
    seq = head(db)
    while seq is None:
        seq = head(db)
    db.writer.submit(0, count_reading).result()
    return seq


def count_reading(tx: Tx) -> None:
    """Somebody read the change log: logging that comes later is a change again."""
    if tx.memory is not None:
        tx.memory.announced += 1


def head(db: Readable, patience_s: float = PATIENCE_S) -> int | None:
    """A number up to which every change that will ever be is visible to transactions that begin now.

    None if a writer that may still add to those has not ended after `patience_s`."""
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
    """The open write transactions, by names that are never used again.  This view shows what is, not the snapshot."""
    rows = tx.all(
        """
        SELECT l.virtualtransaction FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = :lock AND l.objsubid = 1
            AND d.datname = current_database()
        """,
        lock=WRITERS_LOCK,
    )
    return {name for (name,) in rows}
