"""Calls that read metric histories, with MLflow's limits.  `metrics` stores the points."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import ClassVar

import msgspec

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import HINT, Answer, Call, encode, missing, wire_double
from trackside.core.http.routes import Route, flow, query
from trackside.core.http.targets import by
from trackside.metrics import history
from trackside.metrics.series import POINT_BYTES, Point, pack, unpack
from trackside.runs import store
from trackside.runs.model import Metric

MAX_BULK_RUNS = 100
MAX_BULK_POINTS = 25_000
MAX_SAMPLE = 2500
PIECE_POINTS = 5000


class GetHistory(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id", "metric_key")
    run_id: str | None = None
    run_uuid: str | None = None
    metric_key: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class GetHistoryBulk(Call, frozen=True):
    run_id: list[str] | None = None
    metric_key: str | None = None
    max_results: int | None = None


class GetHistoryInterval(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_ids", "metric_key")
    run_ids: list[str] | None = None
    metric_key: str | None = None
    start_step: int | None = None
    end_step: int | None = None
    max_results: int | None = None


class MetricOfRun(Answer, frozen=True):
    key: str
    value: float | str
    timestamp: int  # ms
    step: int
    run_id: str


class History(Answer, frozen=True):
    metrics: list[Metric] = []
    next_page_token: str | None = None


class RunsHistory(Answer, frozen=True):
    metrics: list[MetricOfRun] = []


def get_history(read: Callable[[], AbstractContextManager[Tx]], call: GetHistory) -> Iterator[bytes]:
    """Return the points of a metric.  For a missing run or key the answer is an empty list with status 200, as in MLflow."""
    limit = call.max_results
    if limit is not None and limit <= 0:
        raise Invalid(f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer.")
    offset = _offset(call.page_token)
    key = call.metric_key or ""
    sent, has_more, piece = 0, False, b""
    for points in _in_time(read, call.run_id or call.run_uuid or "", key, offset, None if limit is None else limit + 1):
        if piece:
            yield piece  # no transaction is open while the answer is sent
        shown = points if limit is None else points[: limit - sent]
        has_more = len(shown) < len(points)
        rows = encode(
            [Metric(key=key, value=v if v == v else wire_double(v), timestamp=t, step=s) for s, t, v in shown]
        )
        piece = b'{"metrics":[' + rows[1:-1] if not sent else b"," + rows[1:-1] if shown else b""
        sent += len(shown)
    end = b',"next_page_token":' + encode(_token(offset + sent)) if has_more else b""
    yield piece + b"]" + end + b"}" if sent else b"{}"


def get_history_bulk(tx: Tx, call: GetHistoryBulk) -> bytes:
    """Return the points of a metric in several runs, ordered by run, timestamp, step and value.

    NaN is the string "NaN", which MLflow's clients accept; MLflow writes a bare NaN here."""
    ids = call.run_id or []
    if not ids:
        raise Invalid("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(ids) > MAX_BULK_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulk request cannot specify more than {MAX_BULK_RUNS} run_ids. Received {len(ids)} run_ids."
        )
    if call.metric_key is None:
        raise Invalid("GetMetricHistoryBulk request must specify a metric_key.")
    rest = min(MAX_BULK_POINTS if call.max_results is None else max(call.max_results, 0), MAX_BULK_POINTS)
    found = []
    for run_id, run_seq in sorted(store.find_seqs(tx, ids).items()):
        if rest <= 0:
            break
        points = history.all_in_time(tx, run_seq, call.metric_key, rest)
        rest -= len(points)
        found += [
            MetricOfRun(key=call.metric_key, value=wire_double(v), timestamp=t, step=s, run_id=run_id)
            for s, t, v in points
        ]
    return b'{"metrics":' + encode(found) + b"}"


def get_history_interval(tx: Tx, call: GetHistoryInterval) -> RunsHistory:
    ids = call.run_ids or []
    if not ids:
        raise missing("run_ids")
    if len(ids) > MAX_BULK_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {MAX_BULK_RUNS} run_ids. "
            f"Received {len(ids)} run_ids.{HINT}"
        )
    most = MAX_SAMPLE if call.max_results is None else call.max_results
    if not 1 <= most <= MAX_SAMPLE:
        raise Invalid(f"max_results must be between 1 and {MAX_SAMPLE}.{HINT}")
    start, end = call.start_step, call.end_step
    if (start is None) != (end is None):
        raise Invalid("If either start step or end step are specified, both must be specified.")
    if start is not None and end is not None and start > end:
        raise Invalid(f"end_step must be greater than start_step. Found start_step={start} and end_step={end}.")
    seqs = store.find_seqs(tx, ids)
    key = call.metric_key or ""
    found = []
    for run_id in dict.fromkeys(ids):
        if run_id in seqs:
            found += [
                MetricOfRun(key=key, value=wire_double(v), timestamp=t, step=s, run_id=run_id)
                for s, t, v in history.sample(tx, seqs[run_id], key, most, start, end)
            ]
    return RunsHistory(metrics=found)


def routes() -> list[Route]:
    return [
        flow(
            "GET metrics/get-history",
            GetHistory,
            get_history,
            needs=Action.RUNS_READ,
            on=by("run", "run_id", "run_uuid"),
            answer=History,
        ),
        query(
            "GET metrics/get-history-bulk",
            GetHistoryBulk,
            get_history_bulk,
            needs=Action.RUNS_READ,
            on=by("run", "run_id"),
            ajax_only=True,
            answer=RunsHistory,
        ),
        query(
            "GET metrics/get-history-bulk-interval",
            GetHistoryInterval,
            get_history_interval,
            needs=Action.RUNS_READ,
            on=by("run", "run_ids"),
            answer=RunsHistory,
        ),
    ]


def _in_time(
    read: Callable[[], AbstractContextManager[Tx]], run_id: str, key: str, offset: int, limit: int | None
) -> Iterator[list[Point]]:
    with read() as tx:
        run_seq = store.find_seqs(tx, [run_id]).get(run_id)
        if run_seq is None:
            return
        series = history.InTime(run_seq, key, offset, limit)
        points = series.read(tx)
    while points:
        first, packed = points[:PIECE_POINTS], pack(points[PIECE_POINTS:])
        points.clear()  # packed points take a sixth of the memory while a slow client reads
        yield first
        for start in range(0, len(packed), PIECE_POINTS * POINT_BYTES):
            yield list(unpack(packed[start : start + PIECE_POINTS * POINT_BYTES]))
        with read() as tx:
            points = series.read(tx)


def _token(offset: int) -> str:
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        decoded = base64.b64decode(token)
    except ValueError:
        raise Invalid("Invalid page token, could not base64-decode") from None
    try:
        value = msgspec.json.decode(decoded, type=dict[str, int])
        offset = value["offset"]
    except (msgspec.MsgspecError, KeyError):
        raise Invalid(f"Invalid page token, decoded value={decoded!r}") from None
    if offset < 0:
        raise Invalid(f"Invalid page token, decoded value={decoded!r}")
    return offset
