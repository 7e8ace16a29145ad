"""Reports the used storage as of the last count: by experiment, user, kind, age or item, and by workspace.  Read-only."""

from msgspec import UNSET, Struct, UnsetType

from trackside.core.access import Action
from trackside.core.db.tx import Row, Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import HANDLED, LISTED, Route, query
from trackside.experiments.model import check_id
from trackside.workspaces import store as workspaces

PATH = "/api/trackside/v1/storage"
DAY_MS = 86_400_000
DEFAULT_RESULTS, MAX_RESULTS = 100, 1000
AGES = (("week", 7), ("month", 30), ("quarter", 91), ("year", 365))
_OLDER = "older"
_AGE = (
    "CASE "
    + " ".join(f"WHEN s.created_at > :now - {days * DAY_MS} THEN '{name}'" for name, days in AGES)
    + f" ELSE '{_OLDER}' END"
)
_BY = {
    "experiment": ("COALESCE(CAST(e.experiment_id AS TEXT), '')", "e.name"),
    "user": ("s.owner", "s.owner"),
    "kind": ("CASE WHEN s.is_deleted = 1 THEN 'trash' ELSE s.kind END",) * 2,
    "age": (_AGE, _AGE),
    "item": ("s.kind || ':' || s.item_id", "COALESCE(r.run_name, m.name, s.item_id)"),
}  # fmt: skip


class FindStorage(Call, frozen=True):
    """`by` is experiment, user, kind, age or item.  The other fields are filters."""

    by: str | None = None
    experiment_id: str | None = None
    user: str | None = None
    kind: str | None = None
    age: str | None = None
    max_results: int | None = None


class StorageLine(Struct, frozen=True):
    """`key`: an experiment's id, a user, a kind (`run`, `logged_model`, `model_version`, `traces`, `rest`, `trash`), an age, or
    kind:id.  `row_bytes`: points of metrics and spans in the database."""

    key: str
    name: str
    items: int
    file_count: int
    file_bytes: int
    row_bytes: int


class Storage(Answer, frozen=True):
    """Lines of a report, the largest first.  `rest` is the sum of the omitted lines.  `counted_at` is absent before the first
    count."""

    lines: list[StorageLine]
    rest: StorageLine
    total: StorageLine
    counted_at: int | UnsetType = UNSET


class WorkspaceStorage(Struct, frozen=True):
    name: str
    items: int
    file_bytes: int
    row_bytes: int
    counted_at: int | UnsetType = UNSET


class StorageByWorkspace(Answer, frozen=True):
    """Workspaces of which the caller may read all runs, the largest first."""

    workspaces: list[WorkspaceStorage] = []


def find(tx: Tx, call: FindStorage) -> Storage:
    """Return the used storage of the workspace, limited to items that the caller may read."""
    by = call.by or "experiment"
    if by not in _BY:
        raise Invalid(f"by is {by[:50]!r}; it must be one of {', '.join(_BY)}")
    most = DEFAULT_RESULTS if call.max_results is None else call.max_results
    if not 1 <= most <= MAX_RESULTS:
        raise Invalid(f"max_results is {most}; it must be between 1 and {MAX_RESULTS}")
    ages = [name for name, _ in AGES] + [_OLDER]
    if call.age and call.age not in ages:
        raise Invalid(f"age is {call.age[:50]!r}; it must be one of {', '.join(ages)}")
    key, name = _BY[by]
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "e.experiment_id")
    params: dict[str, str | int] = {}
    narrow = ""
    for given, column, value in (
        (call.experiment_id, "e.experiment_id", check_id(call.experiment_id) if call.experiment_id else 0),
        (call.user, "s.owner", call.user or ""),
        (call.kind, _BY["kind"][0], call.kind or ""),
        (call.age, _AGE, call.age or ""),
    ):
        if given:
            params[f"p{len(params)}"] = value
            narrow += f" AND {column} = :p{len(params) - 1}"
    names = (
        """
        LEFT JOIN runs r ON s.kind = 'run' AND r.workspace_id = :ws AND r.run_id = s.item_id
        LEFT JOIN logged_models m ON s.kind = 'logged_model' AND m.workspace_id = :ws AND m.model_id = s.item_id
        """
        if by == "item"
        else ""
    )
    grouped = f"""
        SELECT {key} AS key, MIN({name}) AS name, COUNT(*) AS items, SUM(s.file_count) AS files, SUM(s.file_bytes) AS bytes,
            SUM(s.row_bytes) AS points
        FROM storage_items s JOIN storage_scans c ON c.workspace_id = s.workspace_id AND c.scan = s.scan
        LEFT JOIN experiments e ON e.workspace_id = :ws AND e.experiment_seq = s.experiment_seq {names}
        WHERE s.workspace_id = :ws AND c.workspace_id = :ws{readable}{narrow} GROUP BY {key}
        """
    rows = tx.all(
        f"{grouped} ORDER BY SUM(s.file_bytes) + SUM(s.row_bytes) DESC, 1 LIMIT :most", most=most, **params, **bound
    )
    row = tx.one(
        f"""
        SELECT COUNT(*), COALESCE(SUM(items), 0), COALESCE(SUM(files), 0), COALESCE(SUM(bytes), 0), COALESCE(SUM(points), 0)
        FROM ({grouped}) g
        """,
        **params,
        **bound,
    )
    assert row is not None
    lines = [_line(each) for each in rows]
    total = _line(("", "", *row[1:]))
    counted = tx.one("SELECT counted_at FROM storage_scans WHERE workspace_id = :ws")
    return Storage(
        lines=lines, rest=_rest(total, lines), total=total, counted_at=UNSET if counted is None else counted[0]
    )


def by_workspace(tx: Tx, call: Call) -> StorageByWorkspace:
    """Return the used storage of each workspace."""
    del call
    found = []
    for workspace in workspaces.all_of(tx):
        rights = tx.caller.rights(workspace)
        if rights.missing([Action.RUNS_READ]):
            continue
        sums = tx.within(workspace.workspace_id).one(
            """
            SELECT COUNT(s.kind), COALESCE(SUM(s.file_bytes), 0), COALESCE(SUM(s.row_bytes), 0), MAX(c.counted_at)
            FROM storage_scans c LEFT JOIN storage_items s ON s.workspace_id = c.workspace_id AND s.scan = c.scan
            WHERE c.workspace_id = :ws AND (s.workspace_id = :ws OR s.workspace_id IS NULL)
            """
        )
        assert sums is not None
        at = UNSET if sums[3] is None else int(sums[3])
        found.append(WorkspaceStorage(workspace.name, int(sums[0]), int(sums[1]), int(sums[2]), at))
    return StorageByWorkspace(workspaces=sorted(found, key=lambda each: (-each.file_bytes - each.row_bytes, each.name)))


def remove_all(tx: Tx) -> None:
    """Delete the counts of a workspace that is deleted."""
    tx.run("DELETE FROM storage_items WHERE workspace_id = :ws")
    tx.run("DELETE FROM storage_scans WHERE workspace_id = :ws")


def routes() -> list[Route]:
    return [
        query(f"GET {PATH}", FindStorage, find, needs=Action.RUNS_READ, on=LISTED, answer=Storage),
        query(
            f"GET {PATH}/workspaces",
            Call,
            by_workspace,
            needs=Action.WORKSPACES_READ,
            on=HANDLED,
            has_workspace=False,
            answer=StorageByWorkspace,
        ),
    ]


def _line(row: Row) -> StorageLine:
    key, name, *numbers = row
    return StorageLine(str(key or ""), str(name or ""), *(int(each) for each in numbers))


def _rest(total: StorageLine, lines: list[StorageLine]) -> StorageLine:
    left = [
        getattr(total, name) - sum(getattr(line, name) for line in lines)
        for name in ("items", "file_count", "file_bytes", "row_bytes")
    ]
    return StorageLine("", "", *left)
