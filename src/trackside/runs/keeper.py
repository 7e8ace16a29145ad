"""Creates the documents of runs that no longer change, before a search needs them.  Selects the runs; `store` creates the
documents."""

from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.runs import store

AT_ONCE = 50  # runs in a step, which takes some milliseconds
EVERY_S = 0.1
IDLE_EVERY_S = 0.5  # while no run waits: an idle server then wakes less often


class Database(Protocol):
    """The store.  `shared`: several servers write to it, and `write_beside` writes without delaying callers."""

    shared: bool
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...

    def write_beside(self, ws: int) -> AbstractContextManager[Tx]: ...


def step(db: Database, now: float | None = None) -> bool:
    """Create some documents, and return whether more may be due.  Optional: a search creates missing documents. `now` is on the
    clock of `GroupWriter.take_settled`."""
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


def rest_s(db: Database) -> float:
    """Return the seconds from a step without more work to the next one."""
    return IDLE_EVERY_S if db.writer.is_settled else EVERY_S
