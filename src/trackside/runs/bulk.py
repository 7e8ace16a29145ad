"""Changes of many runs at once: tags, lifecycle, experiment.  A transaction changes some hundred runs.  Each change can be
undone."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from trackside.core.access import Action
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import Denied, Invalid
from trackside.core.http.codec import encode
from trackside.experiments import store as experiments
from trackside.experiments.store import check_unchanged
from trackside.holds import store as holds
from trackside.holds.model import Kind as Held
from trackside.identity import store as identity
from trackside.runs import limits
from trackside.runs.batch import attribute, save_tags
from trackside.runs.model import RUN_NAME_TAG, not_found
from trackside.runs.selection import SelectRuns

AT_ONCE = 500  # runs in a transaction, which blocks other writers for some milliseconds
SHOWN_REFUSALS = 1_000
FORBIDDEN = "You may not change runs of its experiment"
ACTIONS = ("set-tag", "delete-tag", "delete", "restore", "move")


class ChangeRuns(SelectRuns, frozen=True):
    """A change of the selected runs.  `experiment_id` is the target of `move`."""

    action: str | None = None
    key: str | None = None
    value: str | None = None
    experiment_id: str | None = None
    dry_run: bool | None = None


class Refused(Struct, frozen=True):
    run_id: str
    reason: str


class Undo(Struct, frozen=True, omit_defaults=True):
    """The body of a call that reverts some of the changes."""

    action: str
    run_ids: list[str]
    lifecycle: str = "all"
    key: str | None = None
    value: str | None = None
    experiment_id: str | None = None


class Changed(Struct, frozen=True, kw_only=True):
    """The result.  `refused` lists the first thousand runs that were not changed.  `undo` lists the calls that restore the former
    state, in order."""

    matching: int
    changed: int
    unchanged: int
    refused_total: int
    refused: list[Refused]
    undo: list[Undo]


class Run(Struct, frozen=True):
    run_id: str
    run_seq: int
    experiment_seq: int
    stage: str


class Outcome(Struct):
    """The result of one transaction.  `former` groups the changed runs by their former value."""

    former: dict[str | None, list[str]] = {}
    unchanged: int = 0
    refused: list[Refused] = []

    def add(self, other: "Outcome") -> None:
        for value, run_ids in other.former.items():
            self.former.setdefault(value, []).extend(run_ids)
        self.unchanged += other.unchanged
        self.refused += other.refused


Step = Callable[[Tx, Sequence[str]], Outcome]


def step_of(call: ChangeRuns) -> Step:
    """Return the function that changes some runs in one transaction.  Raise Invalid for invalid values."""
    match call.action:
        case "set-tag":
            key, value = limits.check_tag(call.key or "", call.value or "", "")
            return lambda tx, run_ids: _tag(tx, run_ids, key, value)
        case "delete-tag":
            if not call.key:
                raise Invalid("key is missing; name the tag to delete")
            return lambda tx, run_ids: _tag(tx, run_ids, call.key or "", None)
        case "delete":
            return lambda tx, run_ids: _set_stage(tx, run_ids, "deleted", "delete")
        case "restore":
            return lambda tx, run_ids: _set_stage(tx, run_ids, "active", "restore")
        case "move":
            if not call.experiment_id:
                raise Invalid("experiment_id is missing; name the experiment to move the runs to")
            return lambda tx, run_ids: _move(tx, run_ids, call.experiment_id or "")
    raise Invalid(f"action is {call.action!r}; it must be one of {', '.join(ACTIONS)}")


def edit_tag(tx: Tx, run_id: str, key: str, value: str | None, expected: str | None) -> None:
    """Set a tag, or delete it if the value is None.  `expected` is the value that the caller saw (None: no tag).

    Raise Conflict if the tag has another value now."""
    if not _lock(tx, [run_id]):
        raise not_found(run_id)
    row = tx.one(
        """
        SELECT t.value FROM tags t JOIN runs r ON r.run_seq = t.run_seq
        WHERE t.workspace_id = :ws AND r.workspace_id = :ws AND r.run_id = :id AND t.key = :key
        """,
        id=run_id,
        key=key,
    )
    check_unchanged(key, None if row is None else row[0], expected)
    outcome = _tag(tx, [run_id], key, value)
    for refused in outcome.refused:
        raise Invalid(f"Run {refused.run_id}: {refused.reason}")


def undo_of(call: ChangeRuns, outcome: Outcome) -> list[Undo]:
    calls = []
    for before, run_ids in outcome.former.items():
        match call.action:
            case "set-tag" | "delete-tag" if before is not None:
                calls.append(Undo("set-tag", run_ids, key=call.key, value=before))
            case "set-tag" | "delete-tag":
                calls.append(Undo("delete-tag", run_ids, key=call.key))
            case "delete":
                calls.append(Undo("restore", run_ids))
            case "restore":
                calls.append(Undo("delete", run_ids))
            case "move":
                calls.append(Undo("move", run_ids, experiment_id=before))
    return calls


def _lock(tx: Tx, run_ids: Sequence[str], refused: list[Refused] | None = None) -> list[Run]:
    """Return the runs that the caller may change; the others that exist are added to `refused`."""
    rows = tx.all(
        """
        SELECT run_id, run_seq, experiment_seq, lifecycle_stage FROM runs
        WHERE workspace_id = :ws AND run_id IN :ids ORDER BY run_seq FOR UPDATE
        """,
        ids=list(run_ids),
    )
    found = [Run(*row) for row in rows]
    allowed = _writable(tx, {run.experiment_seq for run in found})
    if refused is not None:
        refused += [Refused(run.run_id, FORBIDDEN) for run in found if run.experiment_seq not in allowed]
    return [run for run in found if run.experiment_seq in allowed]


def _free(tx: Tx, runs: list[Run], refused: list[Refused]) -> list[Run]:
    """Return the runs that no legal hold covers; the others are added to `refused`."""
    if not holds.has_any(tx):
        return runs
    free = []
    for run in runs:
        found = holds.covering(tx, Held.RUN, run.run_id)
        if found:
            refused.append(Refused(run.run_id, found[0].text))
        else:
            free.append(run)
    return free


def _writable(tx: Tx, experiment_seqs: Iterable[int]) -> set[int]:
    writable, bound = tx.only_readable("experiment", Action.RUNS_WRITE, "experiment_id")
    rows = tx.all(
        f"SELECT experiment_seq FROM experiments WHERE workspace_id = :ws AND experiment_seq IN :seqs{writable}",
        seqs=sorted(experiment_seqs),
        **bound,
    )
    return {seq for (seq,) in rows}


def _tag(tx: Tx, run_ids: Sequence[str], key: str, value: str | None) -> Outcome:
    """Set a tag, or delete it if the value is None."""
    outcome = Outcome()
    runs = []
    for run in _lock(tx, run_ids, outcome.refused):
        if run.stage == "active":
            runs.append(run)
        else:
            outcome.refused.append(Refused(run.run_id, "The run is deleted; restore it first"))
    if value is None:
        runs = _free(tx, runs, outcome.refused)
    own_key = "+" if tx.dialect == "sqlite" else ""  # keeps SQLite from reading all runs of the workspace
    before: dict[int, str] = dict(
        tx.all(
            f"SELECT run_seq, value FROM tags WHERE {own_key}workspace_id = :ws AND key = :key AND run_seq IN :runs",
            key=key,
            runs=[run.run_seq for run in runs],
        )
    )
    changed = [run for run in runs if before.get(run.run_seq) != value]
    outcome.unchanged = len(runs) - len(changed)
    for run in changed:
        outcome.former.setdefault(before.get(run.run_seq), []).append(run.run_id)
    seqs = [run.run_seq for run in changed]
    if value is None:
        tx.run("DELETE FROM tags WHERE workspace_id = :ws AND key = :key AND run_seq IN :runs", key=key, runs=seqs)
    else:
        save_tags(tx, [attribute(run.experiment_seq, run.run_seq, key, value) for run in changed])
        if key == RUN_NAME_TAG:
            tx.run(
                "UPDATE runs SET run_name = :name WHERE workspace_id = :ws AND run_seq IN :runs", name=value, runs=seqs
            )
    details = {run.run_id: {"key": key, "before": before.get(run.run_seq), "value": value} for run in changed}
    _announce(tx, changed, "set-tag" if value is not None else "delete-tag", details)
    return outcome


def _set_stage(tx: Tx, run_ids: Sequence[str], stage: str, action: str) -> Outcome:
    refused: list[Refused] = []
    runs = _lock(tx, run_ids, refused)
    if stage == "deleted":
        runs = _free(tx, runs, refused)
    changed = [run for run in runs if run.stage != stage]
    tx.run(
        """
        UPDATE runs SET lifecycle_stage = :stage, deleted_time = :deleted_time
        WHERE workspace_id = :ws AND run_seq IN :runs
        """,
        stage=stage,
        deleted_time=tx.now if stage == "deleted" else None,
        runs=[run.run_seq for run in changed],
    )
    _announce(tx, changed, action, {})
    former: dict[str | None, list[str]] = {None: [run.run_id for run in changed]} if changed else {}
    return Outcome(former, len(runs) - len(changed), refused)


def _move(tx: Tx, run_ids: Sequence[str], experiment_id: str) -> Outcome:
    """Move runs to another experiment, but not their files, their logged models and their copies on the other side of a link."""
    target, _ = experiments.active(tx, experiment_id)
    if not _writable(tx, [target]):
        raise Denied(f"You may not add runs to experiment {experiment_id}.")
    refused: list[Refused] = []
    runs = _free(tx, _lock(tx, run_ids, refused), refused)  # a hold on the experiment would be lost
    changed = [run for run in runs if run.experiment_seq != target]
    ids: dict[int, int] = dict(
        tx.all(
            "SELECT experiment_seq, experiment_id FROM experiments WHERE workspace_id = :ws AND experiment_seq IN :seqs",
            seqs=sorted({run.experiment_seq for run in changed}),
        )
    )
    outcome = Outcome(unchanged=len(runs) - len(changed), refused=refused)
    for run in changed:
        outcome.former.setdefault(str(ids[run.experiment_seq]), []).append(run.run_id)
    seqs = [run.run_seq for run in changed]
    if seqs:
        identity.touch(tx)  # every server caches the experiments of runs
        _move_datasets(tx, seqs, target)
        for table in ("runs", "params", "tags", "metric_series"):
            tx.run(
                f"UPDATE {table} SET experiment_seq = :target WHERE workspace_id = :ws AND run_seq IN :runs",
                target=target,
                runs=seqs,
            )
    details = {run.run_id: {"before": str(ids[run.experiment_seq]), "value": experiment_id} for run in changed}
    _announce(tx, changed, "move", details)
    return outcome


def _move_datasets(tx: Tx, run_seqs: Sequence[int], target: int) -> None:
    """Copy the input datasets of the runs to the target experiment, since a dataset belongs to an experiment."""
    moved = [
        seq
        for (seq,) in tx.all(
            "SELECT DISTINCT dataset_seq FROM inputs WHERE workspace_id = :ws AND run_seq IN :runs ORDER BY dataset_seq",
            runs=list(run_seqs),
        )
    ]
    for old in moved:
        tx.run(
            """
            INSERT INTO datasets (workspace_id, experiment_seq, name, digest, source_type, source, schema_text, profile)
            SELECT :ws, :target, d.name, d.digest, d.source_type, d.source, d.schema_text, d.profile
            FROM datasets d WHERE d.workspace_id = :ws AND d.dataset_seq = :old ON CONFLICT DO NOTHING
            """,
            target=target,
            old=old,
        )
        for table in ("input_tags", "inputs"):
            tx.run(
                f"""
                UPDATE {table} SET dataset_seq = (
                    SELECT n.dataset_seq FROM datasets n
                    JOIN datasets d ON d.name = n.name AND d.digest = n.digest
                    WHERE n.workspace_id = :ws AND n.experiment_seq = :target AND d.dataset_seq = :old
                )
                WHERE workspace_id = :ws AND dataset_seq = :old AND run_seq IN :runs
                """,
                target=target,
                old=old,
                runs=list(run_seqs),
            )


def _announce(tx: Tx, runs: Sequence[Run], action: str, details: Mapping[str, object]) -> None:
    if not runs:
        return
    tx.run("DELETE FROM run_docs WHERE workspace_id = :ws AND run_seq IN :runs", runs=[run.run_seq for run in runs])
    tx.record_all(
        [
            Change("run", run.run_id, action, encode(details[run.run_id]).decode() if run.run_id in details else None)
            for run in runs
        ]
    )
    for run in runs:
        tx.touch("run", run.run_id)
