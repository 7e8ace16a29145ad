"""Retention rules for traces: by age and by count in each experiment.  Deletes in portions, each in a separate transaction."""

from fnmatch import fnmatchcase

from msgspec import Struct

from trackside.cleanup import survey
from trackside.cleanup.kinds import TraceRetention
from trackside.core.access import Action
from trackside.core.db.tx import Change, Condition, Tx
from trackside.core.errors import BadState, Invalid
from trackside.identity.service import record
from trackside.traces.storage import changes, trash
from trackside.traces.storage.trash import Purged

DAY_MS = 86_400_000
MAX_COUNT = 1_000_000_000
AT_ONCE = 500  # traces


class Due(Struct, frozen=True):
    """The traces of an experiment that a rule deletes: those before `before_ms`, and those from (`from_ms`, `from_id`) on in the
    order of lists.  `obstacle` is the reason why they cannot be deleted."""

    experiment_seq: int
    experiment_id: str
    name: str
    traces: int
    size_bytes: int
    before_ms: int | None
    from_ms: int | None
    from_id: str
    obstacle: str = ""


class Matched(Struct, frozen=True):
    experiments: list[Due]
    total: int  # traces of the workspace

    @property
    def traces(self) -> int:
        return sum(each.traces for each in self.experiments)


def check(_tx: Tx, rule: TraceRetention) -> TraceRetention:
    """Raise Invalid for a rule without any condition, which would match everything."""
    for name in ("older_than_days", "keep_last"):
        value = getattr(rule, name)
        if not 0 <= value <= MAX_COUNT:
            raise Invalid(f"{name} is {value}; it must be between 0 and {MAX_COUNT}")
    if not 0 < rule.most_percent <= 100:
        raise Invalid(f"most_percent is {rule.most_percent}; it must be between 1 and 100")
    if not rule.older_than_days and not rule.keep_last:
        raise Invalid("The rule matches every trace of its experiments. Give older_than_days or keep_last.")
    return rule


def find(tx: Tx, rule: TraceRetention) -> Matched:
    """Return the traces that the rule matches now, in the experiments whose traces the caller may read."""
    readable, bound = tx.only_readable("experiment", Action.TRACES_READ, "experiment_id")
    experiments = tx.all(
        f"SELECT experiment_seq, experiment_id, name FROM experiments WHERE workspace_id = :ws{readable} ORDER BY 2",
        **bound,
    )
    chosen = [row for row in experiments if fnmatchcase(row[2], rule.experiments)]
    found = [
        due for seq, experiment_id, name in chosen if (due := _due(tx, rule, seq, str(experiment_id), name)).traces
    ]
    row = tx.one("SELECT COUNT(*) FROM traces WHERE workspace_id = :ws AND trash_seq = 0")
    return Matched(found, 0 if row is None else row[0])


def check_share(rule: TraceRetention, found: Matched) -> None:
    """Raise BadState if the rule matches more of the workspace than its limit."""
    if found.traces * 100 > rule.most_percent * found.total:
        share = found.traces * 100 / found.total
        raise BadState(
            f"The rule matches {found.traces} of {found.total} traces ({share:.0f} %), and most_percent is"
            f" {rule.most_percent}. Nothing was deleted. Look at its preview, then raise most_percent."
        ).because("rule-too-wide", share=f"{share:.0f}", most=str(rule.most_percent))


def remove_some(tx: Tx, due: Due) -> Purged:
    """Delete the rows of a portion of the matching traces.  A portion of fewer than AT_ONCE traces is the last one.

    Raise BadState if traces must be kept.
    """
    _check_free(tx, due)
    condition = _condition(due)
    rows = tx.all(
        f"""
        SELECT trace_seq FROM traces WHERE workspace_id = :ws AND experiment_seq = :seq{condition.sql}
        ORDER BY timestamp_ms, trace_id LIMIT :most
        """,
        seq=due.experiment_seq,
        most=AT_ONCE,
        **condition.params,
    )
    purged = trash.purge(tx, [row[0] for row in rows])
    if purged.traces:
        tx.record(Change("traces", due.experiment_id, "delete"))
    return purged


def note(tx: Tx, experiment_id: str, purged: Purged) -> None:
    """Record the deletions of an experiment in the audit log."""
    record(tx, "deletion.done", "traces", experiment_id, rows=purged.traces, row_bytes=purged.row_bytes,
           files=purged.files, file_bytes=purged.file_bytes)  # fmt: skip


def _due(tx: Tx, rule: TraceRetention, seq: int, experiment_id: str, name: str) -> Due:
    first: tuple[int | None, str] = (None, "")
    if rule.keep_last:
        row = tx.one(
            """
            SELECT timestamp_ms, trace_id FROM traces WHERE workspace_id = :ws AND experiment_seq = :seq
            ORDER BY timestamp_ms DESC, trace_id LIMIT 1 OFFSET :keep
            """,
            seq=seq,
            keep=rule.keep_last,
        )
        if row is None:
            return Due(seq, experiment_id, name, 0, 0, None, None, "")
        first = (row[0], row[1])
    before = tx.now - rule.older_than_days * DAY_MS if rule.older_than_days else None
    due = Due(seq, experiment_id, name, 0, 0, before, *first)
    condition = _condition(due)
    row = tx.one(
        f"""
        SELECT COUNT(*), COALESCE(SUM(size_bytes), 0) FROM traces
        WHERE workspace_id = :ws AND experiment_seq = :seq{condition.sql}
        """,
        seq=seq,
        **condition.params,
    )
    assert row is not None
    obstacle = ""
    try:
        _check_free(tx, due)
    except BadState as fault:
        obstacle = fault.message
    return Due(seq, experiment_id, name, int(row[0]), int(row[1]), before, *first, obstacle)


def _condition(due: Due) -> Condition:
    sql, params = "", dict[str, int | str]()
    if due.before_ms is not None:
        sql += " AND timestamp_ms < :before"
        params["before"] = due.before_ms
    if due.from_ms is not None:
        sql += " AND (timestamp_ms < :from_ms OR (timestamp_ms = :from_ms AND trace_id >= :from_id))"
        params |= {"from_ms": due.from_ms, "from_id": due.from_id}
    return Condition(sql, params)


def _check_free(tx: Tx, due: Due) -> None:
    changes.check_not_held(tx, due.experiment_id)
    survey.check_experiment_unprotected(tx, due.experiment_seq)
