"""Lists the trash: deleted runs, experiments, logged models and traces that can be restored.  Read-only."""

import re
from typing import ClassVar

from msgspec import Struct

from trackside.cleanup import model
from trackside.cleanup.model import Named, Target
from trackside.core.access import Action
from trackside.core.db.tx import Condition, Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call

DAY_MS = 86_400_000
DEFAULT_RESULTS, MAX_RESULTS = 100, 1000
MAX_DAYS = 36_500
KINDS = ("run", "experiment", "logged_model", "trace")


class FindTrash(Call, frozen=True):
    """`older_than_days` selects items that were deleted at least this many days ago."""

    kind: str | None = None
    older_than_days: int | None = None
    max_results: int | None = None
    page_token: str | None = None


class Restore(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("kind", "id")
    kind: str | None = None
    id: str | None = None


class TrashItem(Struct, frozen=True):
    kind: str
    id: str
    name: str
    experiment_id: str
    deleted_at: int  # ms
    size_bytes: int | None = None  # the bytes of a trace's spans; for other items the preview returns the bytes


class Trash(Answer, frozen=True):
    """Items of the trash, the earliest deletion first."""

    items: list[TrashItem] = []
    next_page_token: str | None = None


def find(tx: Tx, call: FindTrash) -> Trash:
    """List deleted runs, experiments, logged models and traces.  The contents of a deleted experiment are not listed."""
    most = DEFAULT_RESULTS if call.max_results is None else call.max_results
    if not 1 <= most <= MAX_RESULTS:
        raise Invalid(f"max_results is {most}; it must be between 1 and {MAX_RESULTS}")
    days = call.older_than_days or 0
    if not 0 <= days <= MAX_DAYS:
        raise Invalid(f"older_than_days is {days}; it must be between 0 and {MAX_DAYS}")
    if call.kind and call.kind not in KINDS:
        raise Invalid(f"kind is {call.kind[:50]!r}; it must be {', '.join(KINDS)}")
    at, kind, item_id = _after(call.page_token or "")
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "e.experiment_id")
    traces = _readable_traces(tx)
    rows = tx.all(
        f"""
        SELECT kind, id, name, experiment_id, deleted_at, size_bytes FROM (
            SELECT 'run' AS kind, r.run_id AS id, r.run_name AS name, e.experiment_id AS experiment_id,
                COALESCE(r.deleted_time, 0) AS deleted_at, CAST(NULL AS BIGINT) AS size_bytes
            FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
            WHERE r.workspace_id = :ws AND r.lifecycle_stage = 'deleted' AND e.lifecycle_stage = 'active'{readable}
            UNION ALL
            SELECT 'experiment', CAST(e.experiment_id AS TEXT), e.name, e.experiment_id, e.last_update_time, NULL
            FROM experiments e
            WHERE e.workspace_id = :ws AND e.lifecycle_stage = 'deleted'{readable}
            UNION ALL
            SELECT 'logged_model', m.model_id, m.name, e.experiment_id, m.last_updated_timestamp_ms, NULL
            FROM logged_models m JOIN experiments e ON e.experiment_seq = m.experiment_seq
            WHERE m.workspace_id = :ws AND m.lifecycle_stage = 'deleted' AND e.lifecycle_stage = 'active'{readable}
            UNION ALL
            SELECT 'trace', t.trace_id, MAX(COALESCE(t.name, t.root_name, '')), e.experiment_id, MAX(t.deleted_at),
                CAST(SUM(t.size_bytes) AS BIGINT)
            FROM traces t JOIN experiments e ON e.experiment_seq = -1 - t.experiment_seq
            WHERE t.workspace_id = :ws AND t.deleted_at IS NOT NULL AND e.lifecycle_stage = 'active'{traces.sql}
                AND NOT EXISTS (SELECT 1 FROM traces n
                    WHERE n.workspace_id = :ws AND n.trace_id = t.trace_id AND n.trash_seq = 0)
            GROUP BY t.trace_id, e.experiment_id
        ) AS found
        WHERE deleted_at <= :latest AND (:kind = '' OR kind = :kind)
            AND (deleted_at > :at OR (deleted_at = :at AND (kind > :after_kind OR (kind = :after_kind AND id > :after))))
        ORDER BY deleted_at, kind, id LIMIT :most
        """,
        latest=tx.now - days * DAY_MS,
        kind=call.kind or "",
        at=at,
        after_kind=kind,
        after=item_id,
        most=most + 1,
        **bound,
        **traces.params,
    )
    items = [
        TrashItem(kind, item_id, name, str(experiment_id), at, size)
        for kind, item_id, name, experiment_id, at, size in rows[:most]
    ]
    token = None
    if len(rows) > most:
        last = items[-1]
        token = f"{last.deleted_at}:{last.kind}:{last.id}"
    return Trash(items=items, next_page_token=token)


def _readable_traces(tx: Tx) -> Condition:
    sql, params = tx.only_readable("experiment", Action.TRACES_READ, "e.experiment_id")
    return Condition(
        sql.replace(":readable_experiment", ":readable_traces"),
        {name.replace("experiment", "traces"): value for name, value in params.items()},
    )


def target_of(call: Restore) -> Named:
    """Raise Invalid for a kind that cannot be in the trash."""
    match call.kind:
        case "run":
            return Named(kind=call.kind, run_id=call.id)
        case "experiment":
            return Named(kind=call.kind, experiment_id=call.id)
        case "logged_model":
            return Named(kind=call.kind, model_id=call.id)
        case "trace":
            return Named(kind=call.kind, trace_id=call.id)
    raise Invalid(f"kind is {(call.kind or '')[:50]!r}; it must be {', '.join(KINDS)}")


def target_of_item(item: TrashItem) -> Target:
    return named(Restore(kind=item.kind, id=item.id))


def named(call: Restore) -> Target:
    return model.target_of(target_of(call))


def _after(token: str) -> tuple[int, str, str]:
    if not token:
        return -1, "", ""
    found = re.fullmatch(r"([0-9]{1,18}):([a-z_]{1,20}):(.{1,100})", token)
    if found is None:
        raise Invalid(f"page_token is {token[:50]!r}; it must be the next_page_token of an earlier answer")
    return int(found[1]), found[2], found[3]
