"""Writes metrics, params and tags of many calls in one transaction: the hot path.

The calls of a group are checked in order against the stored state in memory.  Valid calls are written together, in one statement
per table.  An invalid call changes nothing.  On SQLite, which has one writer, the state of runs and series is cached between
groups.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from trackside.core.db.changes import LOOKED_UP
from trackside.core.db.tx import Query, Tx
from trackside.core.errors import Fault, Invalid
from trackside.metrics import store as metrics
from trackside.metrics.series import Series
from trackside.quotas import usage
from trackside.runs import model_points
from trackside.runs.limits import Logged
from trackside.runs.model import RUN_NAME_TAG, RunInfo, not_found

ANSWER = b"{}"
# Whether the points of a run are counted for quotas; a part of a statement that reads `runs`.
IS_COUNTED = "EXISTS (SELECT 1 FROM quota_counts q WHERE q.workspace_id = :ws)"


_PARAMS_OF = """
    SELECT p.run_seq, p.key, p.value FROM runs r
    JOIN params p ON p.workspace_id = :ws AND p.experiment_seq = r.experiment_seq AND p.run_seq = r.run_seq
    WHERE r.workspace_id = :ws AND r.run_id IN :ids AND p.key IN :keys
"""


# A parameter or tag of a run: its experiment, key, run and value, in the order of the columns.
Attribute = tuple[int, str, int, str]


class RunState(Struct, gc=False):  # as `Series`
    """The state of a run that the writer needs."""

    run_seq: int
    experiment_seq: int
    stage: str
    series: dict[str, Series]
    owner: str = ""  # the user who created the run
    is_counted: bool = False  # the workspace has quotas, so that points are counted
    added: int = 0  # points that this group adds
    is_new: bool = False  # created by this writer, so its state in memory is complete
    has_doc: bool = True
    announced: int = -1  # the last read of the change log when logging to this run was last recorded in it
    info: RunInfo | None = None  # the current row of a run that was updated
    params: dict[str, str | None] = {}  # read by this group; None for a key that is known to be absent
    new_params: dict[str, str] = {}
    new_tags: dict[str, str] = {}


def log(tx: Tx, calls: Sequence[Logged]) -> list[bytes | Fault]:
    """Write the logged data of the calls.  Return one answer or fault per call, in order."""
    states = _remembered(tx, calls) if tx.memory is not None else _looked_up(tx, calls)
    models = model_points.models_of(tx, calls)
    points = []
    answers: list[bytes | Fault] = []
    touched: dict[str, RunState] = {}
    is_counted = False
    for call in calls:
        state = states.get(call.run_id)
        fault = _fault(call, state)
        if fault is None and call.model_points:
            fault = model_points.fault_of(call, models)
        if fault is not None:
            answers.append(fault)
        else:
            assert state is not None
            _add(tx, call, state)
            touched[call.run_id] = state
            is_counted |= state.is_counted
            if call.model_points:
                points += [(state.run_seq, point) for point in call.model_points]
            answers.append(ANSWER)
    if touched:
        _save(tx, touched)
    if is_counted:
        _count_points(tx, touched)
    if points:
        model_points.save(tx, points, models)
    return answers


def remember_new(tx: Tx, run_id: str, run_seq: int, experiment_seq: int, *, is_counted: bool) -> None:
    """Cache the state of a run that was just created, so that it need not be read."""
    if tx.memory is not None:
        tx.memory["run", tx.ws, run_id] = RunState(
            run_seq, experiment_seq, "active", {}, tx.user, is_counted, is_new=True, has_doc=False
        )
        tx.memory.weight += 1


# In a fixed order, so that two servers on one store cannot deadlock.
_RUNS = f"""
    SELECT run_id, run_seq, experiment_seq, lifecycle_stage, owner, {IS_COUNTED} FROM runs
    WHERE workspace_id = :ws AND run_id IN :ids ORDER BY run_seq FOR UPDATE
"""


def _remembered(tx: Tx, calls: Sequence[Logged]) -> dict[str, RunState]:
    """Return the state of the runs of the calls, from the cache or from the store."""
    states = _runs(tx, calls)
    _load_series(tx, calls, states)
    _load_params(tx, calls, states)
    return states


def _looked_up(tx: Tx, calls: Sequence[Logged]) -> dict[str, RunState]:
    """Return the state of the runs on a store with several servers: lock the runs, then read everything in one round trip."""
    ids = sorted({call.run_id for call in calls})
    keys = sorted({key for call in calls for key in call.points})
    params = sorted({key for call in calls for key, _ in call.params})
    queries = [Query(_RUNS, {"ids": ids})]
    if keys:
        queries.append(metrics.loading(ids, keys))
    if params:
        queries.append(Query(_PARAMS_OF, {"ids": ids, "keys": params}))
    runs, *others = tx.several(queries)
    states = {run_id: _state(row) for run_id, *row in runs}
    by_seq = {state.run_seq: state for state in states.values()}
    if keys:
        for (run_seq, key), series in metrics.loaded(others.pop(0)).items():
            if run_seq in by_seq:  # a run may have been created after the first query
                by_seq[run_seq].series[key] = series
    for call in calls:
        state = states.get(call.run_id)
        if state is not None:
            for key in call.points.keys() - state.series.keys():
                state.series[key] = Series(key)
            state.params.update(dict.fromkeys((key for key, _ in call.params), None))
    for run_seq, key, value in others[0] if params else ():
        if run_seq in by_seq and key in by_seq[run_seq].params:
            by_seq[run_seq].params[key] = value
    return states


def _state(row: Sequence[Any]) -> RunState:
    run_seq, experiment_seq, stage, owner, is_counted = row
    return RunState(run_seq, experiment_seq, stage, {}, owner, bool(is_counted))


def _runs(tx: Tx, calls: Sequence[Logged]) -> dict[str, RunState]:
    states: dict[str, RunState] = {}
    missing = set()
    for call in calls:
        if call.run_id in states:
            continue
        known = tx.memory.get(("run", tx.ws, call.run_id)) if tx.memory is not None else None
        if known is None:
            missing.add(call.run_id)
        else:
            states[call.run_id] = known
    if missing:
        for run_id, *row in tx.all(_RUNS, ids=list(missing)):
            state = states[run_id] = _state(row)
            if tx.memory is not None:
                tx.memory["run", tx.ws, run_id] = state
                tx.memory.weight += 1
    for state in states.values():
        state.params, state.new_params, state.new_tags, state.added = {}, {}, {}, 0
    return states


def _load_series(tx: Tx, calls: Sequence[Logged], states: dict[str, RunState]) -> None:
    wanted: dict[tuple[int, str], RunState] = {}
    for call in calls:
        state = states.get(call.run_id)
        if state is None:
            continue
        for key in call.points:
            if key not in state.series:
                wanted[state.run_seq, key] = state
    if not wanted:
        return
    stored = {(state.run_seq, key) for (_, key), state in wanted.items() if not state.is_new}
    found: dict[tuple[int, str], Series] = {}
    if stored:
        found = metrics.load(tx, sorted({run for run, _ in stored}), sorted({key for _, key in stored}))
    for (run_seq, key), state in wanted.items():
        state.series[key] = found.get((run_seq, key)) or Series(key)
    if tx.memory is not None:
        tx.memory.weight += len(wanted)


def _load_params(tx: Tx, calls: Sequence[Logged], states: dict[str, RunState]) -> None:
    by_seq: dict[int, RunState] = {}
    keys: set[str] = set()
    for call in calls:
        state = states.get(call.run_id)
        if state is not None and call.params:
            by_seq[state.run_seq] = state
            for key, _ in call.params:
                state.params[key] = None
                keys.add(key)
    if by_seq:
        for run_seq, key, value in tx.all(
            "SELECT run_seq, key, value FROM params WHERE workspace_id = :ws AND run_seq IN :runs AND key IN :keys",
            runs=list(by_seq),
            keys=list(keys),
        ):
            by_seq[run_seq].params[key] = value


def _fault(call: Logged, state: RunState | None) -> Fault | None:
    if state is None:
        return not_found(call.run_id)
    if state.stage != "active":
        return Invalid(f"The run {call.run_id} must be in the 'active' state. Current state is {state.stage}.")
    clashes = []
    for key, value in call.params:
        stored = state.params.get(key)
        if stored is not None and stored != value:
            clashes.append({"key": key, "old_value": stored, "new_value": value})
    if not clashes:
        return None
    if call.in_batch:
        return Invalid(
            f"Changing param values is not allowed. Params were already logged='{clashes}' for run ID='{call.run_id}'."
        )
    clash = clashes[0]
    return Invalid(
        f"Changing param values is not allowed. Param with key='{clash['key']}' was already logged with "
        f"value='{clash['old_value']}' for run ID='{call.run_id}'. Attempted logging new value '{clash['new_value']}'."
    )


def _add(tx: Tx, call: Logged, state: RunState) -> None:
    for key, points in call.points.items():
        series = state.series[key]
        before = series.point_count
        series.add(points, metrics.Chunks(tx, state.run_seq, key, points))
        state.added += series.point_count - before
    for key, value in call.params:
        if state.params.get(key) is None:
            state.params[key] = state.new_params[key] = value
    state.new_tags.update(call.tags)


def _save(tx: Tx, touched: dict[str, RunState]) -> None:
    series = [
        (state.experiment_seq, state.run_seq, item)
        for state in touched.values()
        for item in state.series.values()
        if item.dirty
    ]
    if series:
        metrics.save(tx, series)
    params = [attribute(s.experiment_seq, s.run_seq, *each) for s in touched.values() for each in s.new_params.items()]
    if params:
        tx.many_in_order(
            """
            INSERT INTO params (workspace_id, experiment_seq, key, run_seq, value) VALUES (:ws, :experiment, :key, :run, :value)
            """,
            params,
        )
    tags = [attribute(s.experiment_seq, s.run_seq, *each) for s in touched.values() for each in s.new_tags.items()]
    if tags:
        save_tags(tx, tags)
        for state in touched.values():
            name = state.new_tags.get(RUN_NAME_TAG)
            if name is not None:
                tx.run(
                    "UPDATE runs SET run_name = :name WHERE workspace_id = :ws AND run_seq = :run",
                    name=name,
                    run=state.run_seq,
                )
                if state.info is not None:
                    state.info = replace(state.info, run_name=name)
    _announce(tx, touched)


def _count_points(tx: Tx, touched: dict[str, RunState]) -> None:
    counts: dict[usage.Owned, tuple[int, int, int]] = {}
    for state in touched.values():
        if state.is_counted and state.added:
            owned = (state.experiment_seq, state.owner)
            counts[owned] = (0, counts.get(owned, (0, 0, 0))[1] + state.added, 0)
    if counts:
        usage.add(tx, counts)


def attribute(experiment_seq: int, run_seq: int, key: str, value: str) -> Attribute:
    """Return the row of a parameter or tag."""
    return experiment_seq, key, run_seq, value


def save_tags(tx: Tx, tags: Sequence[Attribute]) -> None:
    tx.many_in_order(
        """
        INSERT INTO tags (workspace_id, experiment_seq, key, run_seq, value) VALUES (:ws, :experiment, :key, :run, :value)
        ON CONFLICT (experiment_seq, key, run_seq) DO UPDATE SET value = excluded.value
        """,
        tags,
    )


def _announce(tx: Tx, touched: dict[str, RunState]) -> None:
    """Record in the change log that runs were logged to, once until a reader has read the entry, and delete their documents."""
    memory = tx.memory
    drop_documents(tx, [state.run_seq for state in touched.values() if state.has_doc])
    news: dict[str, int] = {}
    for run_id, state in touched.items():
        tx.touch("run", run_id)
        if memory is not None:
            memory.touch(("run", tx.ws, run_id))
            state.has_doc = False
            if state.announced == memory.announced:
                continue
            state.announced = memory.announced
        news[run_id] = state.run_seq
    if news:
        tx.note_change()
        tx.post(
            f"""
            DELETE FROM changes
            WHERE workspace_id = :ws AND entity = 'run' AND entity_id IN :ids AND action = 'log' AND {LOOKED_UP}
            """,
            ids=list(news),
        )
        tx.post(
            """
            INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at)
            SELECT :ws, 'run', run_id, 'log', :now FROM runs WHERE workspace_id = :ws AND run_seq IN :runs
            """,
            runs=list(news.values()),
        )


def drop_documents(tx: Tx, run_seqs: Sequence[int]) -> None:
    """Delete the cached documents of runs that have changed.  On PostgreSQL their rows are locked."""
    if run_seqs:
        tx.post("DELETE FROM run_docs WHERE workspace_id = :ws AND run_seq IN :runs", runs=run_seqs)
