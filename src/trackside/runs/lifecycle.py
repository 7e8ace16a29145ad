"""Creation and update of runs, many calls in one transaction.

Calls are checked in memory against the stored state, and all valid calls are written together, by one statement per table. An
invalid call changes nothing.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from trackside.core import ids, names
from trackside.core.access import experiment_named
from trackside.core.db import tombstones
from trackside.core.db.tx import Change, Query, Row, Tx
from trackside.core.errors import Fault, Invalid
from trackside.core.http.codec import encode
from trackside.experiments import store as experiments
from trackside.quotas import store as quota_store
from trackside.quotas import usage
from trackside.quotas.budget import Budget
from trackside.runs import batch, limits
from trackside.runs import model as m
from trackside.runs.batch import RunState
from trackside.runs.model import not_found

INFO = """r.run_seq, r.run_id, e.experiment_id, r.run_name, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri,
    r.lifecycle_stage"""


class NewRun(Struct, frozen=True, kw_only=True):
    """A run to create.  `run_id` is set for a copy of a run of another workspace."""

    experiment_id: str
    run_name: str
    user_id: str
    start_time: int  # ms
    tags: dict[str, str]
    run_id: str | None = None

    def __post_init__(self) -> None:
        if self.run_id is not None:
            names.check_item_id(self.run_id, "run_id")


class RunUpdate(Struct, frozen=True):
    """New values of a run; None keeps the stored value."""

    run_id: str
    status: m.Status | None
    end_time: int | None  # ms
    run_name: str | None


def new_run(call: m.CreateRun) -> NewRun:
    """Return the run to create for a call.  Raise Invalid for invalid tags or names."""
    return NewRun(
        experiment_id=call.experiment_id or "0",
        run_name=limits.run_name(call.run_name),
        user_id=(call.user_id or "")[: limits.MAX_USER_ID],
        start_time=call.start_time or 0,
        tags=limits.new_tags(call.tags or []),
    )


def run_update(call: m.UpdateRun) -> RunUpdate:
    return RunUpdate(call.run, m.status_of(call.status), call.end_time, limits.run_name(call.run_name) or None)


def create_all(tx: Tx, calls: Sequence[NewRun]) -> list[m.GotRun | Fault]:
    """Create runs.  Return one answer or fault per call, in order."""
    found: dict[str, tuple[int, str] | Fault] = {}
    answers: list[m.GotRun | Fault] = []
    planned: list[_Planned] = []
    seqs: Sequence[int]
    if tx.dialect == "postgresql":
        budget, found, seqs = _look_up(tx, calls)
    else:
        budget, seqs = Budget(tx), _next_seqs(tx, len(calls))
    for call in calls:
        experiment = found.get(call.experiment_id)
        if experiment is None:
            experiment = found[call.experiment_id] = _experiment(tx, call.experiment_id)
        plan = experiment if isinstance(experiment, Fault) else _plan(tx, call, experiment, budget)
        if isinstance(plan, Fault):
            answers.append(plan)
        else:
            planned.append(plan)
            answers.append(plan.answer)
    if planned:
        made = _insert(tx, planned, seqs)
        for plan, seq in made:
            batch.remember_new(tx, plan.run_id, seq, plan.experiment_seq, is_counted=budget.is_counted)
        if budget.is_counted:
            new = Counter(plan.experiment_seq for plan in planned)
            usage.add(tx, {(experiment, tx.user): (count, 0, 0) for experiment, count in new.items()})
    return answers


def create(
    tx: Tx,
    experiment_id: str,
    *,
    run_name: str | None,
    user_id: str,
    start_time: int,
    tags: dict[str, str],
    run_id: str | None = None,
) -> str:
    """Create one run and return its id.  Raise the fault that `create_all` returns for the run."""
    call = NewRun(
        experiment_id=experiment_id,
        run_name=run_name or "",
        user_id=user_id,
        start_time=start_time,
        tags=tags,
        run_id=run_id,
    )
    (answer,) = create_all(tx, [call])
    if isinstance(answer, Fault):
        raise answer
    return answer.run.info.run_id


def update(tx: Tx, run_id: str, status: m.Status | None, end_time: int | None, run_name: str | None) -> None:
    """Update one run.  Raise the fault that `update_all` returns for the run."""
    (answer,) = update_all(tx, [RunUpdate(run_id, status, end_time, run_name)])
    if isinstance(answer, Fault):
        raise answer


def update_all(tx: Tx, calls: Sequence[RunUpdate]) -> list[m.GotInfo | Fault]:
    """Update runs.  Return one answer or fault per call, in order; later calls see the values of earlier ones."""
    states = _states(tx, {call.run_id for call in calls})
    answers: list[m.GotInfo | Fault] = []
    changes: list[Change] = []
    touched: dict[str, bool] = {}  # whether the update ends the run
    renamed: dict[str, str] = {}
    for call in calls:
        state = states.get(call.run_id)
        if state is None or state.info is None:
            answers.append(not_found(call.run_id))
        elif state.stage != "active":
            answers.append(not_active(call.run_id, state.stage))
        else:
            before = state.info.status
            state.info = info = _updated(state.info, call)
            is_new = call.status is not None and call.status != before
            detail = encode({"status": call.status, "before": before}).decode() if is_new else None
            changes.append(Change("run", call.run_id, "update", detail))
            touched[call.run_id] = call.status in m.ENDED
            if call.run_name:
                renamed[call.run_id] = call.run_name
            answers.append(m.GotInfo(run_info=info))
    if touched:
        _save(tx, {run_id: states[run_id] for run_id in touched}, renamed, changes)
        _invalidate(tx, states, touched)
    return answers


def artifact_uri(location: str, run_id: str) -> str:
    """Return `<location>/<run>/artifacts`, inserted before a query string of the location."""
    path, mark, query = location.partition("?")
    return f"{path.rstrip('/')}/{run_id}/artifacts{mark}{query}"


def not_active(run_id: str, stage: str) -> Invalid:
    return Invalid(f"The run {run_id} must be in the 'active' state. Current state is {stage}.")


def info_of(row: Row) -> m.RunInfo:
    """Return the run of a row of `INFO`."""
    _, run_id, experiment_id, name, user, status, start, end, uri, stage = row
    return m.RunInfo(
        run_uuid=run_id,
        experiment_id=str(experiment_id),
        run_name=name,
        user_id=user,
        status=status,
        start_time=start,
        end_time=UNSET if end is None else end,
        artifact_uri=uri,
        lifecycle_stage=stage,
        run_id=run_id,
    )


def _experiment(tx: Tx, experiment_id: str) -> tuple[int, str] | Fault:
    try:
        return experiments.remembered_active(tx, experiment_id)
    except Fault as fault:
        return fault


def _look_up(tx: Tx, calls: Sequence[NewRun]) -> tuple[Budget, dict[str, tuple[int, str] | Fault], list[int]]:
    """Return the quotas, the experiments of the calls, and a key for each run, in one round trip.  Unused keys are not reused."""
    wanted = {call.experiment_id for call in calls}
    quotas, rows, seqs = tx.several(
        [
            quota_store.ALL,
            experiments.activating(wanted),
            Query(
                # By name: `pg_get_serial_sequence` would search the catalogue for each run.
                "SELECT nextval('runs_run_seq_seq') FROM generate_series(1, :count)",
                {"count": len(calls)},
            ),
        ]
    )
    found: dict[str, tuple[int, str] | Fault] = {}
    for experiment_id in wanted:
        try:
            found[experiment_id] = experiments.activated(experiment_id, rows)
        except Fault as fault:
            found[experiment_id] = fault
    return Budget(tx, quota_store.quotas_of(quotas)), found, [seq for (seq,) in seqs]


def _next_seqs(tx: Tx, count: int) -> range:
    """Return keys for runs on SQLite, where no other writer inserts runs during this transaction.  The database itself assigns
    the keys after the largest one in use."""
    # Read for each group: a concurrent `trackside backup import` also uses keys.
    row = tx.one("SELECT seq FROM sqlite_sequence WHERE name = 'runs'")
    first = 1 if row is None else row[0] + 1
    return range(first, first + count)


class _Planned(Struct, frozen=True):
    """A run to be written: its values without the key that the database assigns, and the answer to its call."""

    run_id: str
    experiment_seq: int
    name: str
    user: str
    start_time: int
    uri: str
    tags: dict[str, str]
    answer: m.GotRun


def _plan(tx: Tx, call: NewRun, experiment: tuple[int, str], budget: Budget) -> _Planned | Fault:
    experiment_seq, location = experiment
    tagged = call.tags.get(m.RUN_NAME_TAG)
    if call.run_name and tagged and call.run_name != tagged:
        return Invalid(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
            f"(run_name='{call.run_name}', mlflow.runName='{tagged}')."
        )
    if call.run_id is not None:
        try:
            tombstones.check_absent(tx, "run", call.run_id)
        except Fault as fault:
            return fault
    experiment_id = experiment_named(call.experiment_id).id
    full = budget.take_run(experiment_id)
    if full is not None:
        return full
    name = call.run_name or tagged or m.random_name()
    run_id = call.run_id or ids.new_id()
    uri = artifact_uri(location, run_id)
    tags = {**call.tags, m.RUN_NAME_TAG: name}
    info = m.RunInfo(
        run_uuid=run_id,
        experiment_id=experiment_id,
        run_name=name,
        user_id=call.user_id,
        status=m.Status.RUNNING,
        start_time=call.start_time,
        artifact_uri=uri,
        lifecycle_stage="active",
        run_id=run_id,
    )
    data = m.RunData(tags=[m.KeyValue(key=key, value=tags[key]) for key in sorted(tags)])
    answer = m.GotRun(run=m.Run(info=info, data=data, inputs=m.RunInputs()))
    return _Planned(run_id, experiment_seq, name, call.user_id, call.start_time, uri, tags, answer)


def _insert(tx: Tx, planned: Sequence[_Planned], seqs: Sequence[int]) -> list[tuple[_Planned, int]]:
    """Write new runs with their tags and changes.  Return the runs with their keys.

    `seqs` are reserved keys, so that one statement can insert all rows and PostgreSQL needs no round trip for each run."""
    changes = [Change("run", plan.run_id, "create") for plan in planned]
    made = list(zip(planned, seqs, strict=False))
    tags = [
        batch.attribute(plan.experiment_seq, seq, key, value) for plan, seq in made for key, value in plan.tags.items()
    ]
    if tx.dialect == "postgresql":
        _insert_whole(tx, made)
        tags = [tag for tag in tags if tag[1] != m.RUN_NAME_TAG]
    else:
        _insert_runs(tx, made)
        tx.append_changes(changes)
    if tags:
        batch.save_tags(tx, tags)
    tx.recorded(changes)
    return made


_RUNS = """
    INSERT INTO runs (workspace_id, run_seq, experiment_seq, run_id, run_name, user_id, start_time, artifact_uri, status, owner,
        lifecycle_stage)
    VALUES (:ws, :run, :experiment, :id, :name, :user, :start, :uri, :status, :owner, 'active')
"""


def _insert_runs(tx: Tx, made: Sequence[tuple[_Planned, int]]) -> None:
    status, owner = str(m.Status.RUNNING), tx.user
    tx.many_in_order(
        _RUNS,
        [
            (seq, plan.experiment_seq, plan.run_id, plan.name, plan.user, plan.start_time, plan.uri, status, owner)
            for plan, seq in made
        ],
    )


def _insert_whole(tx: Tx, made: Sequence[tuple[_Planned, int]]) -> None:
    """Write runs, their tags and their changes in one statement per run, which takes less time than three on PostgreSQL."""
    tx.many(
        f"""
        WITH made AS (
            {_RUNS}
        ), named AS (
            INSERT INTO tags (workspace_id, experiment_seq, key, run_seq, value)
            VALUES (:ws, :experiment, :name_tag, :run, :name)
        )
        INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at, user_name)
        VALUES (:ws, 'run', :id, 'create', :now, :owner)
        """,
        [_row(*each) for each in made],
        status=str(m.Status.RUNNING),
        owner=tx.user,
        name_tag=m.RUN_NAME_TAG,
    )


def _row(plan: _Planned, seq: int) -> dict[str, Any]:
    return {
        "run": seq,
        "experiment": plan.experiment_seq,
        "id": plan.run_id,
        "name": plan.name,
        "user": plan.user,
        "start": plan.start_time,
        "uri": plan.uri,
    }


def _states(tx: Tx, run_ids: set[str]) -> dict[str, RunState]:
    """Return the state and the values of the runs that exist."""
    states: dict[str, RunState] = {}
    if tx.memory is not None:
        for run_id in run_ids:
            known = tx.memory.get(("run", tx.ws, run_id))
            if known is not None and known.info is not None:
                states[run_id] = known
    missing = run_ids - states.keys()
    if not missing:
        return states
    remembered = f"r.owner, {batch.IS_COUNTED}" if tx.memory is not None else "'', 0"
    # Rows are locked in the order of their keys, so that two servers on one store cannot deadlock.
    for row in tx.all(
        f"""
        SELECT r.experiment_seq, {remembered}, {INFO}
        FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id IN :ids ORDER BY r.run_seq FOR UPDATE OF r
        """,
        ids=list(missing),
    ):
        info = info_of(row[3:])
        state = tx.memory.get(("run", tx.ws, info.run_id)) if tx.memory is not None else None
        if state is None:
            state = RunState(row[3], row[0], info.lifecycle_stage, {}, row[1], bool(row[2]))
            if tx.memory is not None:
                tx.memory["run", tx.ws, info.run_id] = state
                tx.memory.weight += 1
        state.info = info
        states[info.run_id] = state
    return states


def _updated(info: m.RunInfo, call: RunUpdate) -> m.RunInfo:
    return replace(
        info,
        status=call.status or info.status,
        end_time=info.end_time if call.end_time is None else call.end_time,
        run_name=call.run_name or info.run_name,
    )


_UPDATE = """
    UPDATE runs SET status = :status, end_time = :end, run_name = :name
    WHERE workspace_id = :ws AND run_seq = :run
"""


def _save(tx: Tx, states: dict[str, RunState], renamed: dict[str, str], changes: Sequence[Change]) -> None:
    rows = []
    last = {change.entity_id: change for change in changes}
    for run_id, state in states.items():
        assert state.info is not None
        end = None if state.info.end_time is UNSET else state.info.end_time
        rows.append(
            {
                "status": str(state.info.status),
                "end": end,
                "name": state.info.run_name,
                "run": state.run_seq,
                "id": run_id,
                "detail": last[run_id].detail,
            }
        )
    if tx.dialect == "postgresql":  # one statement for a run takes less time than two
        tx.append_changes([change for change in changes if change is not last[change.entity_id]])
        tx.many(
            f"""
            WITH updated AS ({_UPDATE})
            INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at, detail, user_name)
            VALUES (:ws, 'run', :id, 'update', :now, :detail, :user)
            """,
            rows,
            user=tx.user,
        )
    else:
        tx.many(_UPDATE, rows)
        tx.append_changes(changes)
    if renamed:
        named = [(states[run_id], name) for run_id, name in renamed.items()]
        tags = [batch.attribute(s.experiment_seq, s.run_seq, m.RUN_NAME_TAG, name) for s, name in named]
        batch.save_tags(tx, tags)


def _invalidate(tx: Tx, states: dict[str, RunState], touched: dict[str, bool]) -> None:
    """Delete the stored documents of runs.  The writer's cache of the runs stays valid, since `update_all` has updated it."""
    batch.drop_documents(tx, [states[run_id].run_seq for run_id in touched if states[run_id].has_doc])
    for run_id, ended in touched.items():
        tx.touch("run", run_id, ends=ended)
        if tx.memory is not None:
            tx.memory.touch(("run", tx.ws, run_id))
            states[run_id].has_doc = False
            states[run_id].announced = -1  # a reader of this change must be notified of data that is logged later
