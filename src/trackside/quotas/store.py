"""Quotas in SQL, and the levels that were announced by events."""

from collections.abc import Iterable

from msgspec import json

from trackside.core.access import Action
from trackside.core.db.tx import Change, Query, Row, Tx
from trackside.core.errors import Invalid, NotFound
from trackside.quotas import usage
from trackside.quotas.model import COUNTED, MAX_QUOTAS, Level, Measure, Quota, Scope, Subject, Use
from trackside.quotas.usage import SERVER_WS
from trackside.workspaces.store import DEFAULT_WORKSPACE_ID

QUOTAS_LOCK = 7261731  # the advisory lock of a workspace's quotas
_COLUMNS = "scope, subject, measure, hard_limit, updated_by, updated_at"


ALL = Query(
    f"SELECT {_COLUMNS} FROM quotas WHERE workspace_id IN (:ws, {SERVER_WS}) ORDER BY scope DESC, subject, measure", {}
)


def all_of(tx: Tx) -> list[Quota]:
    """Return the quotas that hold in the workspace: its own and those of the server."""
    return quotas_of(tx.all(ALL.sql))


def own(tx: Tx) -> list[Quota]:
    """Return the quotas of the workspace."""
    return [quota for quota in all_of(tx) if quota.scope is not Scope.SERVER]


def shown(tx: Tx) -> list[Quota]:
    """Return the quotas that hold in the workspace and that the caller may see."""
    return all_of(tx) if Action.QUOTAS_READ in tx.caller.rights(None).everywhere else own(tx)


def watched(tx: Tx) -> list[Quota]:
    """Return the quotas with events in the workspace; the default workspace has the events of the server's quotas."""
    return all_of(tx) if tx.ws == DEFAULT_WORKSPACE_ID else own(tx)


def quotas_of(rows: Iterable[Row]) -> list[Quota]:
    """Return the quotas in the rows of `ALL`."""
    return [Quota(Scope(scope), subject, Measure(measure), *rest) for scope, subject, measure, *rest in rows]


def put(tx: Tx, scope: Scope, subject: str, measure: Measure, limit: int) -> None:
    """Make a quota, or change its limit."""
    if scope is Scope.EXPERIMENT and subject != "*":
        _check_experiment(tx, subject)
    is_total = scope is Scope.SERVER
    row = tx.one("SELECT COUNT(*) FROM quotas WHERE workspace_id = :ws")
    if row is not None and row[0] >= MAX_QUOTAS:
        raise Invalid(
            f"The workspace has {row[0]} quotas; at most {MAX_QUOTAS} are allowed. Use the subject * for each."
        )
    tx.run(
        """
        INSERT INTO quotas (workspace_id, scope, subject, measure, hard_limit, updated_by, updated_at)
        VALUES (CASE WHEN :is_total = 1 THEN 0 ELSE :ws END, :scope, :subject, :measure, :limit, :user, :now)
        ON CONFLICT (workspace_id, scope, subject, measure) DO UPDATE SET hard_limit = excluded.hard_limit,
            updated_by = excluded.updated_by, updated_at = excluded.updated_at
        """,
        scope=scope,
        subject=subject,
        measure=measure,
        limit=limit,
        user=tx.user,
        is_total=int(is_total),
    )
    if is_total:
        usage.begin_everywhere(tx)
    else:
        usage.begin(tx)
    _forget(tx)
    tx.record(Change("quota", _key(scope, subject, measure), "set", _detail(limit=limit)))


def delete(tx: Tx, scope: Scope, subject: str, measure: Measure) -> None:
    gone = tx.run(
        """
        DELETE FROM quotas WHERE workspace_id IN (:ws, 0) AND scope = :scope AND subject = :subject AND measure = :measure
        """,
        scope=scope,
        subject=subject,
        measure=measure,
    )
    if not gone:
        raise NotFound(f"There is no quota of {_key(scope, subject, measure)}.")
    usage.end_where_unlimited(tx)
    _forget(tx)
    tx.record(Change("quota", _key(scope, subject, measure), "delete"))


def remove_all(tx: Tx) -> None:
    """The workspace ends."""
    tx.run("DELETE FROM quotas WHERE workspace_id = :ws")
    usage.end(tx)
    _forget(tx)


def locking(ws: int, *, is_shared: bool) -> Query:
    """Return the query that locks the quotas of a workspace, or of the server, until the transaction ends.  Only for PostgreSQL:
    SQLite has one writer.

    Transactions with the shared lock create objects concurrently; a transaction with the exclusive lock creates alone."""
    mode = "_shared" if is_shared else ""
    return Query(f"SELECT pg_advisory_xact_lock{mode}({QUOTAS_LOCK}, CAST(:locked AS INTEGER))", {"locked": ws})


def used(tx: Tx, measure: Measure, subject: Subject) -> int:
    """Return the usage of a subject."""
    if measure in COUNTED:
        return usage.of(tx, measure, subject)
    if subject.scope is Scope.SERVER:
        return usage.objects_of_server(tx, measure)
    owner = subject.name if subject.scope is Scope.USER else ""
    if measure is Measure.ENDPOINTS:
        row = tx.one(
            "SELECT COUNT(*) FROM endpoints WHERE workspace_id = :ws AND (:owner = '' OR created_by = :owner)",
            owner=owner,
        )
    else:
        row = tx.one(
            """
            SELECT COUNT(*) FROM jobs WHERE workspace_id = :ws AND state IN ('queued', 'running')
                AND (:owner = '' OR user_name = :owner)
            """,
            owner=owner,
        )
    return 0 if row is None else int(row[0])


def uses(tx: Tx, quotas: list[Quota]) -> list[Use]:
    """Return the use of each subject that a quota holds for, in the order of the quotas."""
    own = {(quota.scope, quota.subject, quota.measure) for quota in quotas}
    found: list[Use] = []
    for quota in quotas:
        if quota.subject != "*":
            found.append(Use(quota, quota.subject, used(tx, quota.measure, Subject(quota.scope, quota.subject))))
            continue
        found += [
            Use(quota, name, amount)
            for name, amount in sorted(_by_subject(tx, quota).items())
            if (quota.scope, name, quota.measure) not in own
        ]
    return found


def _by_subject(tx: Tx, quota: Quota) -> dict[str, int]:
    if quota.measure in COUNTED:
        return usage.by_subject(tx, quota.measure, quota.scope)
    if quota.measure is Measure.ENDPOINTS:
        rows = tx.all(
            "SELECT created_by, COUNT(*) FROM endpoints WHERE workspace_id = :ws AND created_by <> '' GROUP BY created_by"
        )
    else:
        rows = tx.all(
            """
            SELECT user_name, COUNT(*) FROM jobs WHERE workspace_id = :ws AND state IN ('queued', 'running')
                AND user_name <> '' GROUP BY user_name
            """
        )
    return {str(name): int(count) for name, count in rows}


def workspaces(tx: Tx) -> list[int]:
    """Return the workspaces that have quotas, and the default one if the server has some."""
    rows = tx.all("SELECT DISTINCT workspace_id FROM quotas")
    return sorted({DEFAULT_WORKSPACE_ID if ws == SERVER_WS else ws for (ws,) in rows})


def levels(tx: Tx) -> dict[tuple[str, str, str], Level]:
    """Return the announced levels, by scope, subject and measure."""
    rows = tx.all("SELECT scope, subject, measure, level FROM quota_levels WHERE workspace_id = :ws")
    return {(scope, subject, measure): Level(level) for scope, subject, measure, level in rows}


def note_level(tx: Tx, use: Use, before: Level) -> None:
    """Record the event of a use that came to another level, unless another server has done so."""
    quota = use.quota
    where = {"scope": quota.scope, "subject": use.subject, "measure": quota.measure}
    if before is Level.NONE:
        changed = tx.run(
            """
            INSERT INTO quota_levels (workspace_id, scope, subject, measure, level)
            VALUES (:ws, :scope, :subject, :measure, :level) ON CONFLICT DO NOTHING
            """,
            level=use.level,
            **where,
        )
    elif use.level is Level.NONE:
        changed = tx.run(
            """
            DELETE FROM quota_levels WHERE workspace_id = :ws AND scope = :scope AND subject = :subject
                AND measure = :measure AND level = :before
            """,
            before=before,
            **where,
        )
    else:
        changed = tx.run(
            """
            UPDATE quota_levels SET level = :level WHERE workspace_id = :ws AND scope = :scope AND subject = :subject
                AND measure = :measure AND level = :before
            """,
            level=use.level,
            before=before,
            **where,
        )
    if changed:
        detail = _detail(**{key: str(value) for key, value in where.items()}, used=use.used, limit=quota.limit)
        tx.record(Change("quota", _key(quota.scope, use.subject, quota.measure), use.level or "eased", detail))


def drop_level(tx: Tx, scope: str, subject: str, measure: str) -> None:
    """Delete the level of a subject without a quota."""
    tx.run(
        """
        DELETE FROM quota_levels WHERE workspace_id = :ws AND scope = :scope AND subject = :subject AND measure = :measure
        """,
        scope=scope,
        subject=subject,
        measure=measure,
    )


def experiment_names(tx: Tx, ids: list[str]) -> dict[str, str]:
    rows = tx.all(
        "SELECT experiment_id, name FROM experiments WHERE workspace_id = :ws AND experiment_id IN :ids",
        ids=[int(each) for each in ids],
    )
    return {str(experiment_id): name for experiment_id, name in rows}


def _check_experiment(tx: Tx, experiment_id: str) -> None:
    if not experiment_names(tx, [experiment_id]):
        raise NotFound(f"No Experiment with id={experiment_id} exists").because(
            "missing", kind="experiment", name=experiment_id
        )


def _forget(tx: Tx) -> None:
    """Drop the writer's cache of runs, which records whether they are counted."""
    if tx.memory is not None:
        tx.memory.forget_all()


def _key(scope: str, subject: str, measure: str) -> str:
    return "/".join(part for part in (scope, subject, measure) if part)


def _detail(**values: str | int) -> str:
    return json.encode(values).decode()
