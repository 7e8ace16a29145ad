"""Copies of stored traces, made by SQL while no server runs: a store of a million traces in a minute."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from trace_parts.load import WITH_NEEDLE

Run = Callable[[str], Sequence[Any]]
MOST_COPIED = 2_000  # traces that are copied repeatedly
SPACING_MS = 100  # time between a copy and the previous one
_OWN = ("trace_seq", "trace_id", "timestamp_ms", "body_seq")  # values that differ in each copy
_NEW_ID = {
    "sqlite": "'tr-' || lower(hex(randomblob(16)))",
    "postgresql": "'tr-' || md5(random()::text || clock_timestamp()::text)",
}
_COLUMNS = {
    "sqlite": "SELECT name FROM pragma_table_info('{}')",
    "postgresql": "SELECT column_name FROM information_schema.columns WHERE table_name = '{}'",
}


def make(store: Path | str, experiment_id: str, count: int, *, with_spans: bool) -> None:
    """Copy traces of an experiment until it has `count`.  The first traces, which contain the searched text, are not copied."""
    if isinstance(store, Path):
        with closing(sqlite3.connect(store, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = OFF")
            _make(lambda text: db.execute(text).fetchall(), "sqlite", experiment_id, count, with_spans)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with closing(psycopg.connect(store, autocommit=True)) as admin:

        def run(text: str) -> Sequence[Any]:
            made = admin.execute(text.encode())
            return made.fetchall() if made.description else []

        _make(run, "postgresql", experiment_id, count, with_spans)
        run("SELECT setval(pg_get_serial_sequence('traces', 'trace_seq'), (SELECT MAX(trace_seq) FROM traces))")
        run("VACUUM ANALYZE")


def _make(run: Run, dialect: str, experiment_id: str, count: int, with_spans: bool) -> None:
    ((experiment,),) = run(f"SELECT experiment_seq FROM experiments WHERE experiment_id = {int(experiment_id)}")
    ((stored, first, newest),) = run(
        f"SELECT COUNT(*), MIN(trace_seq), MAX(timestamp_ms) FROM traces WHERE experiment_seq = {experiment}"
    )
    first += WITH_NEEDLE
    size = min(MOST_COPIED, stored - WITH_NEEDLE)
    while stored < count:
        ((last,),) = run("SELECT MAX(trace_seq) FROM traces")
        size = min(size, count - stored)
        chosen = f"trace_seq >= {first} AND trace_seq < {first + size} AND experiment_seq = {experiment}"
        seq = f"trace_seq - {first} + {last + 1}"
        run("BEGIN")
        _copy(run, dialect, "traces", chosen, seq, f"{newest} + (trace_seq - {first} + 1) * {SPACING_MS}")
        if with_spans:
            _copy(run, dialect, "trace_spans", chosen, seq)
            bodies = f"trace_seq >= {first} AND trace_seq < {first + size}"
            _copy(run, dialect, "trace_bodies", bodies, seq)
        run("COMMIT")
        stored += size
        newest += size * SPACING_MS


def _copy(run: Run, dialect: str, table: str, chosen: str, seq: str, at: str = "") -> None:
    names = [row[0] for row in run(_COLUMNS[dialect].format(table))]
    shared = [name for name in names if name not in _OWN]
    own = {"trace_seq": seq}
    if table == "traces":
        own |= {"trace_id": _NEW_ID[dialect], "timestamp_ms": at}
    columns = ", ".join([*own, *shared])
    values = ", ".join([*own.values(), *shared])
    run(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE {chosen}")
