"""Makes the documents of runs that have come to rest, so that a search finds them made.  Selects the runs; the documents are
made in `store`."""

from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.runs import store

AT_ONCE = 50  # runs a step: some milliseconds


class Database(Protocol):
    """`shared`: other servers write too, and `write_beside` writes without making callers wait."""

    shared: bool
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...

    def write_beside(self, ws: int) -> AbstractContextManager[Tx]: ...


def step(db: Database, now: float | None = None) -> bool:
    """Makes some documents; True if more may be due.  Nothing is lost if it never runs: a search makes what is missing.
    `now`: as of `GroupWriter.take_settled`."""
    due = db.writer.take_settled(AT_ONCE, now)
    by_workspace: dict[int, list[str]] = {}
    for _, ws, run_id in due:
        by_workspace.setdefault(ws, []).append(run_id)
    for ws, run_ids in by_workspace.items():
        if db.shared:
            with db.write_beside(ws) as tx:
                store.keep_documents(tx, list(store.find_seqs(tx, run_ids).values()))
            continue
        with db.read(ws) as tx:
            epoch = tx.epoch
            _, fresh = store.documents(tx, list(store.find_seqs(tx, run_ids).values()))
        if fresh:
            db.writer.submit(ws, store.saving(fresh, epoch)).result()
    return len(due) == AT_ONCE
