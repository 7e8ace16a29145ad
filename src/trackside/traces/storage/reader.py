"""Reads traces from their rows, in the form of MLflow's calls.  Filters are evaluated in `search`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Raw

from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound, Unavailable
from trackside.traces import model as m
from trackside.traces.spans import in_order
from trackside.traces.storage import bodies, columns
from trackside.traces.storage.body_files import BodyFiles, Fetch
from trackside.workspaces import store as workspaces

_COLUMNS = """
t.trace_seq, t.trace_id, e.experiment_id, t.timestamp_ms, t.duration_ms, t.state, t.client_request_id, t.request_preview,
t.response_preview, t.previews, t.tags, t.metadata, t.wanted_spans, t.span_count, t.has_spans,
t.root_name
"""
_NAME = f'"{m.NAME}"'
encode = msgspec.json.encode


class Row:
    """A trace without its spans."""

    __slots__ = (
        "client_request_id",
        "duration_ms",
        "experiment_id",
        "has_spans",
        "metadata",
        "request_preview",
        "response_preview",
        "root_name",
        "seq",
        "span_count",
        "state",
        "tags",
        "timestamp_ms",
        "trace_id",
        "wanted_spans",
    )

    def __init__(self, row: Sequence[Any]) -> None:
        self.seq: int = row[0]
        self.trace_id: str = row[1]
        self.experiment_id = str(row[2])
        self.timestamp_ms: int = row[3]
        self.duration_ms: int | None = row[4]
        self.state: str = row[5]
        self.client_request_id: str | None = row[6]
        self.request_preview, self.response_preview = columns.previews(*row[7:10])
        self.tags: str = row[10]  # JSON
        self.metadata: str = row[11]  # JSON
        self.wanted_spans: int | None = row[12]
        self.span_count: int = row[13]
        self.has_spans = bool(row[14])
        self.root_name: str | None = row[15]

    @property
    def is_whole(self) -> bool:
        """Return whether all spans that the client counted have arrived."""
        return self.has_spans and (self.wanted_spans is None or self.span_count >= self.wanted_spans)


def by_seqs(tx: Tx, seqs: Sequence[int]) -> list[Row]:
    """Return traces in the order of `seqs`."""
    found = {
        row[0]: Row(row)
        for row in tx.all(
            f"""
            SELECT {_COLUMNS} FROM traces t JOIN experiments e ON e.experiment_seq = t.experiment_seq
            WHERE +t.workspace_id = :ws AND t.trace_seq IN :seqs
            """,
            seqs=list(seqs),
        )
    }
    return [found[seq] for seq in seqs if seq in found]


def by_ids(tx: Tx, trace_ids: Iterable[str], experiment_ids: Sequence[str] | None = None) -> list[Row]:
    """Return the existing traces that the caller may read, in the order of their ids.  `experiment_ids`: only those of these
    experiments."""
    wanted = list(dict.fromkeys(trace_ids))
    readable, bound = tx.only_readable("experiment", Action.TRACES_READ, "e.experiment_id")
    found = {
        row[1]: Row(row)
        for row in tx.all(
            f"""
            SELECT {_COLUMNS} FROM traces t JOIN experiments e ON e.experiment_seq = t.experiment_seq
            WHERE t.workspace_id = :ws AND t.trace_id IN :ids{readable}
            """,
            ids=wanted,
            **bound,
        )
    }
    rows = [found[trace_id] for trace_id in wanted if trace_id in found]
    return rows if experiment_ids is None else [row for row in rows if row.experiment_id in experiment_ids]


def find(tx: Tx, trace_id: str) -> Row | None:
    row = tx.one(
        f"""
        SELECT {_COLUMNS} FROM traces t JOIN experiments e ON e.experiment_seq = t.experiment_seq
        WHERE t.workspace_id = :ws AND t.trace_id = :id
        """,
        id=trace_id,
    )
    return None if row is None else Row(row)


def get(tx: Tx, trace_id: str) -> Row:
    found = find(tx, trace_id)
    if found is None:
        raise m.missing(trace_id)
    return found


def locate(tx: Tx, trace_id: str) -> Object | None:
    """Return the experiment of a trace, for access control; None if there is no such trace."""
    row = tx.one(
        """
        SELECT e.experiment_id FROM traces t JOIN experiments e ON e.experiment_seq = t.experiment_seq
        WHERE t.workspace_id = :ws AND t.trace_id = :id
        """,
        id=trace_id,
    )
    return None if row is None else Object("experiment", str(row[0]))


def seq_of(tx: Tx, trace_id: str) -> int:
    row = tx.one(
        "SELECT trace_seq FROM traces WHERE workspace_id = :ws AND trace_id = :id AND trash_seq = 0", id=trace_id
    )
    if row is None:
        raise m.missing(trace_id)
    seq: int = row[0]
    return seq


class Stored:
    """The stored spans of traces, to be read after the transaction, since some may be in the artifact store.

    They stay compressed, because the texts of many traces may exceed the memory."""

    def __init__(self, parts: Mapping[int, Sequence[bytes | str]], fetch: Fetch | None) -> None:
        self._parts = parts  # in order of arrival; a text is the URI of a file
        self._fetch = fetch

    def texts(self, seq: int) -> Iterator[bytes]:
        """Yield the parts of a trace in order of arrival.  Raise Unavailable."""
        for part in self._parts.get(seq, ()):
            if isinstance(part, bytes):
                yield bodies.text_of(part)
                continue
            assert self._fetch is not None
            text = bodies.text_of_file(self._fetch(part))
            if text is None:
                raise Unavailable(f"Spans of the trace cannot be read: {part} is damaged.")
            yield text

    def lines(self, seq: int) -> list[bytes]:
        """Return the spans of a trace: the root first, then by start."""
        return in_order(line for text in self.texts(seq) for line in text.split(b"\n"))


def stored(tx: Tx, seqs: Sequence[int], files: BodyFiles, limit_s: float | None = None) -> Stored:
    """Return the spans of traces.  `limit_s` is the timeout of a read of a file."""
    found: dict[int, list[tuple[int, bytes | str]]] = {}
    for seq, at, body in tx.all(
        "SELECT trace_seq, body_seq, body FROM trace_bodies WHERE workspace_id = :ws AND trace_seq IN :seqs",
        seqs=list(seqs),
    ):
        found.setdefault(seq, []).append((at, bytes(body)))
    placed = tx.all(
        "SELECT trace_seq, body_seq, uri FROM trace_files WHERE workspace_id = :ws AND trace_seq IN :seqs",
        seqs=list(seqs),
    )
    for seq, at, uri in placed:
        found.setdefault(seq, []).append((at, uri))
    fetch = files.reader(workspaces.current(tx), limit_s) if placed else None
    return Stored({seq: [part for _, part in sorted(parts, key=_first)] for seq, parts in found.items()}, fetch)


_first = itemgetter(0)


def info(row: Row, assessments: Sequence[Raw] = ()) -> Raw:
    """Return the trace_info of MLflow 3.  OpenTelemetry exporters give a trace no name: `root_span_name`, which MLflow's clients
    ignore, is the name to show."""
    made: dict[str, Any] = {
        "trace_id": row.trace_id,
        "trace_location": location(row.experiment_id),
        "request_time": m.time_text(row.timestamp_ms),
        "state": row.state,
        "trace_metadata": Raw(row.metadata.encode()),
        "tags": Raw(row.tags.encode()),
    }
    if row.root_name and _NAME not in row.tags:
        made["root_span_name"] = row.root_name
    if row.client_request_id is not None:
        made["client_request_id"] = row.client_request_id
    if row.request_preview is not None:
        made["request_preview"] = row.request_preview
    if row.response_preview is not None:
        made["response_preview"] = row.response_preview
    if row.duration_ms is not None:
        made["execution_duration"] = m.duration_text(row.duration_ms)
    if assessments:
        made["assessments"] = assessments
    return Raw(encode(made))


def location(experiment_id: str) -> dict[str, Any]:
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}


def infos(tx: Tx, rows: Sequence[Row], assessments: Mapping[int, Sequence[Raw]]) -> list[Raw]:
    del tx
    return [info(row, assessments.get(row.seq, ())) for row in rows]


def not_exported(trace_id: str) -> NotFound:
    return NotFound(f"Trace with ID {trace_id} is not fully exported yet, please try again later.")
