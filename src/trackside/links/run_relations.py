"""The relations of a run: its parents and children, and its copies on the remotes of links."""

from typing import ClassVar

from msgspec import Struct

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.codec import Call
from trackside.links.model import CreatedBy, Kind, State
from trackside.runs.model import not_found
from trackside.sync.document import Mode

MOST_ANCESTORS = 50


class OfRun(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: str | None = None


class RunRef(Struct, frozen=True, kw_only=True):
    run_id: str
    run_name: str
    experiment_id: str
    status: str
    lifecycle_stage: str


class Copy(Struct, frozen=True, kw_only=True):
    """The copy of a run on a link's remote.  `is_waiting`: the run waits to be synced."""

    link: str
    kind: Kind
    mode: Mode
    state: State
    remote_id: str
    made_by: CreatedBy
    synced_at: int  # ms
    is_waiting: bool


class Relations(Struct, frozen=True, kw_only=True):
    """`ancestors` begins with the parent; a parent that does not exist here ends it."""

    ancestors: list[RunRef]
    children: int
    copies: list[Copy]


def get(tx: Tx, call: OfRun) -> Relations:
    run_id = call.run_id or ""
    if _ref(tx, run_id) is None:
        raise not_found(run_id)
    return Relations(ancestors=_ancestors(tx, run_id), children=_children(tx, run_id), copies=_copies(tx, run_id))


def _ref(tx: Tx, run_id: str) -> RunRef | None:
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "e.experiment_id")
    row = tx.one(
        f"""
        SELECT r.run_id, r.run_name, e.experiment_id, r.status, r.lifecycle_stage
        FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id = :id{readable}
        """,
        id=run_id,
        **bound,
    )
    if row is None:
        return None
    found, name, experiment_id, status, stage = row
    return RunRef(run_id=found, run_name=name, experiment_id=str(experiment_id), status=status, lifecycle_stage=stage)


def _ancestors(tx: Tx, run_id: str) -> list[RunRef]:
    found: list[RunRef] = []
    seen = {run_id}
    while len(found) < MOST_ANCESTORS:
        row = tx.one(
            """
            SELECT t.value FROM tags t JOIN runs r ON r.run_seq = t.run_seq
            WHERE t.workspace_id = :ws AND r.workspace_id = :ws AND r.run_id = :id AND t.key = 'mlflow.parentRunId'
            """,
            id=run_id,
        )
        parent = None if row is None or row[0] in seen else _ref(tx, row[0])
        if parent is None:
            break
        found.append(parent)
        run_id = parent.run_id
        seen.add(run_id)
    return found


def _children(tx: Tx, run_id: str) -> int:
    row = tx.one(
        """
        SELECT COUNT(*) FROM tags t JOIN runs r ON r.run_seq = t.run_seq
        WHERE t.workspace_id = :ws AND t.key = 'mlflow.parentRunId' AND length(t.value) <= 64 AND t.value = :id
            AND r.workspace_id = :ws AND r.lifecycle_stage = 'active'
        """,
        id=run_id,
    )
    return 0 if row is None else int(row[0])


def _copies(tx: Tx, run_id: str) -> list[Copy]:
    rows = tx.all(
        """
        SELECT l.name, l.kind, l.mode, l.state, i.remote_id, i.made_by, i.synced_at,
            EXISTS (
                SELECT 1 FROM link_dirty d
                WHERE d.workspace_id = :ws AND d.link_id = l.link_id AND d.entity = 'run' AND d.is_remote = 0
                    AND d.entity_id = :id
            )
        FROM links l JOIN link_items i ON i.link_id = l.link_id
        WHERE l.workspace_id = :ws AND i.workspace_id = :ws AND i.entity = 'run' AND i.local_id = :id
            AND i.remote_id <> ''
        ORDER BY l.name
        """,
        id=run_id,
    )
    return [
        Copy(
            link=link,
            kind=Kind(kind),
            mode=Mode(mode),
            state=State(state),
            remote_id=remote_id,
            made_by=CreatedBy(made_by),
            synced_at=synced_at,
            is_waiting=bool(is_waiting),
        )
        for link, kind, mode, state, remote_id, made_by, synced_at, is_waiting in rows
    ]
