"""Exports a table of runs, or the points of series, as CSV or JSON Lines in pieces.

Each piece is read in a separate transaction, so a slow client keeps no transaction open.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Part, encode
from trackside.metrics import history
from trackside.runs import selection
from trackside.runs.selection import SelectRuns
from trackside.runs.table import cells, model
from trackside.runs.table.model import dataset_text, number_cell

Read = Callable[[], AbstractContextManager[Tx]]

AT_ONCE = 1_000  # runs of a piece
MAX_SERIES = 1_000
ATTRIBUTES = (
    "run_id", "run_name", "experiment_id", "status", "lifecycle_stage", "user_id", "start_time", "end_time",
)  # fmt: skip
POINT = ("run_id", "key", "step", "timestamp", "value")
FORMATS = {"csv": b"text/csv; charset=utf-8", "jsonl": b"application/jsonl"}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class ExportRuns(SelectRuns, frozen=True):
    """`columns` are written after the attributes of each run."""

    columns: list[str] | None = None
    order_by: list[str] | None = None
    format: str | None = None


class ExportedSeries(Part, frozen=True):
    run_id: str | None = None
    key: str | None = None


class ExportPoints(SelectRuns, frozen=True):
    series: list[ExportedSeries] | None = None
    format: str | None = None


def media(name: str | None) -> bytes:
    found = FORMATS.get(name or "csv")
    if found is None:
        raise Invalid(f"format is {name!r}; it must be one of {', '.join(FORMATS)}")
    return found


def table(read: Read, call: ExportRuns) -> Iterator[bytes]:
    names = list(call.columns or [])
    fields = model.columns_of(names)
    head, write = _writer(call.format, [*ATTRIBUTES, *names])
    with read() as tx:
        seqs = selection.seqs(tx, selection.read(tx, call, call.order_by or []))
    yield head
    for start in range(0, len(seqs), AT_ONCE):
        with read() as tx:
            infos = cells.infos(tx, seqs[start : start + AT_ONCE])
            page = [seq for seq in seqs[start : start + AT_ONCE] if seq in infos]
            columns = cells.columns(tx, fields, infos, page)
        rows = [
            [*(infos[seq][name] for name in ATTRIBUTES), *(column[i] for column in columns)]
            for i, seq in enumerate(page)
        ]
        yield write(rows)


def points(read: Read, call: ExportPoints) -> Iterator[bytes]:
    wanted = call.series or []
    if not 1 <= len(wanted) <= MAX_SERIES:
        raise Invalid(f"series has {len(wanted)} elements; it must have 1 to {MAX_SERIES}")
    head, write = _writer(call.format, POINT)
    with read() as tx:
        seqs = selection.readable_seqs(tx, [each.run_id or "" for each in wanted])
    yield head
    for each in wanted:
        run_id, key = each.run_id or "", each.key or ""
        if run_id not in seqs:
            continue
        series = history.InTime(seqs[run_id], key)
        while True:
            with read() as tx:
                found = series.read(tx)
            if not found:
                break
            yield write([[run_id, key, step, timestamp, number_cell(value)] for step, timestamp, value in found])


def _writer(name: str | None, columns: Sequence[str]) -> tuple[bytes, Callable[[Sequence[Sequence[Any]]], bytes]]:
    """Return the header of the file, and the function that writes rows."""
    if media(name) == FORMATS["csv"]:
        return _csv([columns]), _csv
    return b"", lambda rows: b"".join(encode(dict(zip(columns, row, strict=True))) + b"\n" for row in rows)


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([[_safe(value) for value in row] for row in rows])
    return text.getvalue().encode()


def _safe(value: Any) -> Any:
    """Return a text that a spreadsheet does not run as a formula: a quote is put before it, unless it is a number."""
    if isinstance(value, list):
        value = dataset_text(value)
    if isinstance(value, str) and value.startswith(_FORMULAS):
        try:
            float(value)
        except ValueError:
            return f"'{value}"
    return value
