"""Writes logged traces, many calls at once; the rules of merging are in `state`.

The calls of a group are merged in memory, trace by trace, under the locks of the traces' rows, and written together.  So the
start call and the spans of a trace never overwrite each other, on one server or several.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from trackside.core.db.tx import Change, Query, Row, Tx
from trackside.core.errors import Denied, Fault, Invalid
from trackside.core.http.admission import REFUSED
from trackside.experiments.model import check_id, not_found
from trackside.quotas import store as quota_rows
from trackside.quotas import usage
from trackside.quotas.budget import Budget
from trackside.quotas.model import Quota
from trackside.traces import model as m
from trackside.traces.assessments import store as assessments
from trackside.traces.assessments.model import Assessment
from trackside.traces.ingest.batch import Batch, SpanRow
from trackside.traces.storage import announce, awaited, columns, span_names, span_rows
from trackside.traces.storage.state import (
    Start,
    State,
    add_spans,
    add_start,
    is_summed,
    set_cost,
    set_usage,
    wants_cost,
    wants_usage,
)

SMALL_BYTES = 64 << 10  # spans of a trace up to this size always stay in the database
MOST_TRACES, MOST_SPANS = 1_000, 10_000  # in one transaction: it takes 0.2 s
MayWrite = Callable[[str], bool]  # gets an experiment's id


class _Place(NamedTuple):
    """The values of an experiment that its traces need."""

    experiment_id: str
    seq: int
    location: str
    stage: str


Experiments = dict[str, _Place | Fault]

_NEXT_SEQS = {
    "sqlite": "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'traces'), 0) + 1",
    "postgresql": "SELECT nextval('traces_trace_seq_seq') FROM generate_series(1, :count)",
}


class _Found(NamedTuple):
    """The stored state of the objects in a group of calls."""

    experiments: Experiments
    known: "dict[str, _Trace]"
    numbers: Sequence[int]  # keys of new traces
    quotas: list[Quota] | None  # None: the writer has them in its cache
    is_watched: bool


class Spans(Struct, frozen=True):
    """The spans of one request; traces that do not exist are created in the experiment.

    `run_id`: a run to which traces are linked when their root arrives.  `may_write` returns the rights on other experiments, in
    which traces of the request may exist."""

    experiment_id: str
    batches: Sequence[Batch]
    run_id: str | None = None
    rooted: frozenset[str] = frozenset()
    may_write: MayWrite | None = None


def portions(spans: Spans) -> Iterator[Spans]:
    """Yield the spans in portions that the writer stores in a transaction each, so that a large request does not delay other
    writes.  The spans of a batch stay together."""
    portion: list[Batch] = []
    count = 0
    for batch in spans.batches:
        if portion and (len(portion) == MOST_TRACES or count + len(batch.rows) > MOST_SPANS):
            yield replace(spans, batches=portion)
            portion, count = [], 0
        portion.append(batch)
        count += len(batch.rows)
    if portion:
        yield replace(spans, batches=portion)


class _Trace:
    """A trace of the group, and its pending changes."""

    def __init__(self, trace: State, seq: int | None, experiment_id: str) -> None:
        self.trace = trace
        self.seq = seq  # None: it is new
        self.before = trace.experiment_seq  # the experiment of its stored spans
        self.experiment_id = experiment_id  # its current experiment
        self.batches: list[Batch] = []
        self.assessments: list[Assessment] = []


def write(tx: Tx, calls: Sequence[Start | Spans]) -> list[State | Fault | None]:
    """Write the calls.  Return one answer for each, in order: the merged trace for a start, None for spans."""
    found = _look(tx, calls)
    experiments, known, budget = found.experiments, found.known, Budget(tx, found.quotas)
    answers: list[State | Fault | None] = []
    links: list[tuple[_Trace, str]] = []
    touched: dict[str, _Trace] = {}
    for call in calls:
        fault = _fault(call, experiments, known) or _full(call, known, budget)
        if fault is not None:
            answers.append(fault)
            continue
        place = experiments[call.experiment_id]
        for trace_id in _named(call):
            if trace_id not in known:
                assert not isinstance(place, Fault)
                known[trace_id] = _new(trace_id, place)
            touched[trace_id] = known[trace_id]
        if isinstance(call, Start):
            assert not isinstance(place, Fault)
            made = known[call.trace_id]
            made.trace.experiment_seq = place.seq
            made.experiment_id = place.experiment_id
            add_start(made.trace, call)
            made.assessments += call.assessments
            answers.append(made.trace)
            continue
        for batch in call.batches:
            made = known[batch.trace_id]
            if made.seq is None and not made.batches and not made.trace.is_finalized:
                made.trace.timestamp_ms = batch.start_ms
            add_spans(made.trace, batch)
            made.batches.append(batch)
            if call.run_id and batch.trace_id in call.rooted:
                links.append((made, call.run_id))
        answers.append(None)
    _save(tx, list(touched.values()), links, found)
    if budget.is_counted:
        _count_bytes(tx, touched.values())
    return answers


def _named(call: Start | Spans) -> list[str]:
    return [call.trace_id] if isinstance(call, Start) else [batch.trace_id for batch in call.batches]


def _fault(call: Start | Spans, experiments: Experiments, known: Mapping[str, _Trace]) -> Fault | None:
    """Return the fault of a refused call.  Spans of existing traces need no experiment: they keep theirs."""
    there = [known[trace_id] for trace_id in _named(call) if trace_id in known]
    if isinstance(call, Start) or len(there) < len(call.batches):
        place = experiments[call.experiment_id]
        if isinstance(place, Fault):
            return place
        if place.stage != "active":
            return Invalid(
                f"The experiment {call.experiment_id} must be in the 'active' state. \nCurrent state is {place.stage}."
            )
    if call.may_write is not None and not all(call.may_write(each.experiment_id) for each in there):
        return Denied(REFUSED)
    return None


def _full(call: Start | Spans, known: Mapping[str, _Trace], budget: Budget) -> Fault | None:
    """Return the fault if the call's new traces exceed the quota.  Existing traces accept spans anyway."""
    if all(trace_id in known for trace_id in _named(call)):
        return None
    batches = [] if isinstance(call, Start) else call.batches
    size_bytes = sum(len(batch.body) for batch in batches if batch.trace_id not in known)
    return budget.take_trace(str(check_id(call.experiment_id)), size_bytes)


def _count_bytes(tx: Tx, traces: Iterable[_Trace]) -> None:
    sizes: dict[int, int] = {}
    for each in traces:
        seq = each.trace.experiment_seq
        sizes[seq] = sizes.get(seq, 0) + sum(len(batch.body) for batch in each.batches)
    usage.add(tx, {(seq, ""): (0, 0, size) for seq, size in sizes.items() if size})


def _save(tx: Tx, traces: Sequence[_Trace], links: Sequence[tuple[_Trace, str]], found: _Found) -> None:
    if not traces:
        return
    fresh = {each: None for each in traces if each.seq is None}
    for each, seq in zip(fresh, found.numbers, strict=False):
        each.seq = seq
    _save_spans(tx, [each for each in traces if each.batches])
    tx.many(columns.INSERT, [{"seq": each.seq, **columns.values(each.trace)} for each in fresh])
    awaited.take(tx, {each.seq or 0: each.trace.trace_id for each in fresh})
    changed = [each for each in traces if each not in fresh]
    tx.many(columns.UPDATE, [{"seq": each.seq, **columns.values(each.trace)} for each in changed])
    for each in changed:
        if each.before != each.trace.experiment_seq:
            columns.move(tx, each.seq or 0, each.trace.experiment_seq)
    said = [(each.seq or 0, each.trace.experiment_seq, found) for each in traces for found in each.assessments]
    if said:
        assessments.put(tx, said)
    if links:
        tx.many(
            """
            INSERT INTO trace_links (workspace_id, trace_seq, kind, target) VALUES (:ws, :seq, 'run', :target)
            ON CONFLICT DO NOTHING
            """,
            [{"seq": each.seq, "target": run_id} for each, run_id in links],
        )
    tx.record_all([Change("traces", each, "log") for each in sorted({each.experiment_id for each in traces})])
    if found.is_watched:
        announce.record(tx, [each.trace.trace_id for each in traces], "log")


def _save_spans(tx: Tx, traces: Sequence[_Trace]) -> None:
    if not traces:
        return
    tx.many(
        "INSERT INTO trace_bodies (workspace_id, trace_seq, body) VALUES (:ws, :seq, :body)",
        [{"seq": each.seq, "body": batch.body} for each in traces for batch in each.batches],
    )
    by_trace = {each: {row.span_id: row for batch in each.batches for row in batch.rows} for each in traces}
    _count(tx, by_trace)
    span_rows.put(
        tx,
        [(each.seq or 0, each.trace.experiment_seq, row) for each, rows in by_trace.items() for row in rows.values()],
    )
    span_names.note(tx, [each.seq or 0 for each in traces])
    large = [{"seq": each.seq} for each in traces if each.trace.size_bytes > SMALL_BYTES]
    if large:  # for `offload`
        tx.many("INSERT INTO trace_offloads (workspace_id, trace_seq) VALUES (:ws, :seq) ON CONFLICT DO NOTHING", large)
    _sum_up(tx, traces)


def _count(tx: Tx, by_trace: Mapping[_Trace, Mapping[int, SpanRow]]) -> None:
    """Count the spans that are new to their traces; called before they are stored."""
    known = {each: rows for each, rows in by_trace.items() if each.trace.span_count}
    again = span_rows.count(tx, {each.seq or 0: list(rows) for each, rows in known.items()})
    for each, rows in by_trace.items():
        each.trace.span_count += len(rows) - again.get(each.seq or 0, 0)


def _sum_up(tx: Tx, traces: Sequence[_Trace]) -> None:
    """Sum the tokens and costs of traces from all of their spans."""
    wanted: list[tuple[_Trace, bool, bool]] = []
    for each in traces:
        if is_summed(each.trace):
            of_usage = any(wants_usage(each.trace, batch) for batch in each.batches)
            of_cost = any(wants_cost(each.trace, batch) for batch in each.batches)
            if of_usage or of_cost:
                wanted.append((each, of_usage, of_cost))
    came = {each: [node for batch in each.batches for node in batch.nodes] for each, _, _ in wanted}
    stored = span_rows.nodes(tx, [each.seq or 0 for each in came if len(came[each]) != each.trace.span_count])
    for each, of_usage, of_cost in wanted:
        nodes = stored.get(each.seq or 0, came[each])
        if of_usage:
            set_usage(each.trace, nodes)
        if of_cost:
            set_cost(each.trace, nodes)


def _new(trace_id: str, place: _Place) -> _Trace:
    trace = State(trace_id=trace_id, experiment_seq=place.seq, timestamp_ms=0)
    trace.tags = {m.ARTIFACT_LOCATION: f"{place.location}/traces/{trace_id}/artifacts"}
    return _Trace(trace, None, place.experiment_id)


def _look(tx: Tx, calls: Sequence[Start | Spans]) -> _Found:
    """Read and lock the objects of the calls, in one round trip."""
    ids = {call.experiment_id for call in calls}
    trace_ids = sorted({trace_id for call in calls for trace_id in _named(call)})
    numbers, faults = _numbers(ids)
    queries = [
        Query(_EXPERIMENTS, {"ids": sorted(numbers)}),  # first, so that `announce.watch` waits for this transaction
        Query(_TRACES, {"ids": trace_ids}),
        announce.WATCHED,
        Query(_NEXT_SEQS[tx.dialect], {} if tx.dialect == "sqlite" else {"count": len(trace_ids)}),
    ]
    if tx.memory is None:
        queries.append(quota_rows.ALL)
    places, traces, ((is_watched,),), seqs, *quotas = tx.several(queries)
    return _Found(
        _experiments(places, numbers) | faults,
        _loaded(traces),
        range(seqs[0][0], seqs[0][0] + len(trace_ids)) if tx.dialect == "sqlite" else [seq for (seq,) in seqs],
        quota_rows.quotas_of(quotas[0]) if quotas else None,
        bool(is_watched),
    )


_EXPERIMENTS = """
SELECT experiment_id, experiment_seq, artifact_location, lifecycle_stage FROM experiments
WHERE workspace_id = :ws AND experiment_id IN :ids FOR SHARE
"""
_TRACES = f"""
SELECT t.trace_seq, e.experiment_id, {columns.OF_T}
FROM traces t JOIN experiments e ON e.experiment_seq = t.experiment_seq
WHERE t.workspace_id = :ws AND t.trace_id IN :ids ORDER BY t.trace_id FOR UPDATE OF t
"""


def _loaded(rows: Iterable[Row]) -> dict[str, _Trace]:
    found = {}
    for trace_seq, experiment_id, *row in rows:
        trace = columns.state(row)
        found[trace.trace_id] = _Trace(trace, trace_seq, str(experiment_id))
    return found


def _numbers(ids: Iterable[str]) -> tuple[dict[int, list[str]], Experiments]:
    """Return the ids of experiments by their number, and the faults of invalid ids."""
    numbers: dict[int, list[str]] = {}
    faults: Experiments = {}
    for given in ids:
        try:
            numbers.setdefault(check_id(given), []).append(given)
        except Invalid as fault:
            faults[given] = fault
    return numbers, faults


def _experiments(rows: Iterable[Row], numbers: Mapping[int, Sequence[str]]) -> Experiments:
    """Return experiments by id; a fault for a missing one."""
    found: Experiments = {given: not_found(given) for names in numbers.values() for given in names}
    for public, *place in rows:
        found |= {given: _Place(str(public), *place) for given in numbers[public]}
    return found
