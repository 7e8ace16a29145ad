"""Measure SQLite's share of creating a run: the server's statements by `sqlite3` alone, without server, client and rules.

    python bench/calls/sqlite_alone.py [--runs 3000]

Each transaction creates 1 or 8 runs with three tags, with ids that begin with the time and with random ones.  Figures are
microseconds of wall time per run; nothing is synced, so the disk has no influence.
"""

import argparse
import sqlite3
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from trackside.core.db import migrate
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.ids import new_id

_RUN = """
INSERT INTO runs (run_seq, workspace_id, experiment_seq, run_id, run_name, user_id, status, start_time, lifecycle_stage,
    artifact_uri, owner) VALUES (?, 1, 1, ?, 'run-1', '', 'RUNNING', 1700000000000, 'active', ?, '')
"""
_TAG = "INSERT INTO tags (workspace_id, experiment_seq, key, run_seq, value) VALUES (1, 1, ?, ?, 'value')"
_CHANGE = """
INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at) VALUES (1, 'run', ?, 'create', 1700000000000)
"""
_KEYS = ("mlflow.user", "mlflow.source.name", "mlflow.runName")
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = OFF",
    "cache_size = -16000",
    "mmap_size = 268435456",
    "wal_autocheckpoint = 1000",
)


def measure(connection: sqlite3.Connection, runs: int, group: int, make_id: Callable[[], str]) -> dict[str, float]:
    """Return microseconds per run by part."""
    spent: Counter[str] = Counter()

    def timed(part: str, run: Callable[[], object]) -> None:
        begun = time.perf_counter_ns()
        run()
        spent[part] += time.perf_counter_ns() - begun

    (first,) = connection.execute("SELECT COALESCE(MAX(run_seq), 0) FROM runs").fetchone()
    for start in range(first + 1, first + 1 + runs, group):
        ids = {start + n: make_id() for n in range(group)}
        rows = [(seq, id_, f"mlflow-artifacts:/0/{id_}/artifacts") for seq, id_ in ids.items()]
        tags = [(key, seq) for seq in ids for key in _KEYS]
        changes = [(id_,) for id_ in ids.values()]
        timed("begin", lambda: connection.execute("BEGIN IMMEDIATE"))
        timed("run", lambda rows=rows: connection.executemany(_RUN, rows))  # type: ignore[misc]
        timed("tags", lambda tags=tags: connection.executemany(_TAG, tags))  # type: ignore[misc]
        timed("change", lambda changes=changes: connection.executemany(_CHANGE, changes))  # type: ignore[misc]
        timed("commit", lambda: connection.execute("COMMIT"))
    return {part: nanoseconds / runs / 1000 for part, nanoseconds in spent.items()}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=3000)
    options = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        db: Any = SqliteDatabase(path, "relaxed")
        with closing(db):
            migrate.upgrade(db, Path(folder))
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            for name, make_id in (("time", new_id), ("random", lambda: uuid.uuid4().hex)):
                for group in (1, 8):
                    found = measure(connection, options.runs, group, make_id)
                    parts = ", ".join(f"{part} {us:.1f}" for part, us in found.items())
                    print(f"{name} ids, {group} a transaction: {sum(found.values()):.0f} us a run ({parts})")


if __name__ == "__main__":
    main()
