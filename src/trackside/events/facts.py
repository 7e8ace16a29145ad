"""The data of runs, experiments and workspaces in events.  Reads the current rows.  Read-only."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from trackside.core.db.tx import Tx
from trackside.events.entries import Entry
from trackside.workspaces.model import scope

Facts = dict[tuple[str, str], dict[str, Any]]  # by entity and id, without deleted objects


def of(tx: Tx, entries: Iterable[Entry]) -> Facts:
    wanted = list(entries)
    return {**_of_runs(tx, wanted), **_of_experiments(tx, wanted)}


class Where(NamedTuple):
    """The workspace of an event: its name, and its scope as Azure writes it."""

    workspace: str
    scope: str


def where(tx: Tx) -> Where | None:
    """Return name and scope of the workspace; None if it was deleted."""
    row = tx.one("SELECT name, subscription_id, resource_group FROM workspaces WHERE workspace_id = :ws")
    return None if row is None else Where(row[0], scope(*row))


def tags_of_runs(tx: Tx, run_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the tags of runs by run id, those of MLflow's own left out."""
    ids = sorted(set(run_ids))
    if not ids:
        return {}
    found: dict[str, dict[str, str]] = {}
    for run_id, key, value in tx.all(
        """
        SELECT r.run_id, t.key, t.value FROM runs r JOIN tags t ON t.run_seq = r.run_seq
        WHERE r.workspace_id = :ws AND r.run_id IN :ids AND t.key NOT LIKE 'mlflow.%'
        """,
        ids=ids,
    ):
        found.setdefault(run_id, {})[key] = value
    return found


def experiments_of_runs(tx: Tx, run_ids: Iterable[str]) -> dict[str, str]:
    """Return the experiment ids of runs, without deleted runs."""
    ids = sorted(set(run_ids))
    if not ids:
        return {}
    rows = tx.all(
        """
        SELECT r.run_id, e.experiment_id FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id IN :ids
        """,
        ids=ids,
    )
    return {run_id: str(experiment_id) for run_id, experiment_id in rows}


def _of_runs(tx: Tx, entries: Iterable[Entry]) -> Facts:
    ids = sorted({entry.entity_id for entry in entries if entry.entity == "run"})
    if not ids:
        return {}
    rows = tx.all(
        """
        SELECT r.run_id, r.run_name, e.experiment_id, e.name, r.status, r.start_time, r.end_time
        FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id IN :ids
        """,
        ids=ids,
    )
    return {
        ("run", run_id): {
            "run_name": name,
            "experiment_id": str(experiment_id),
            "experiment_name": experiment,
            "status": status,
            "start_time": start,
            "end_time": end,
        }
        for run_id, name, experiment_id, experiment, status, start, end in rows
    }


def _of_experiments(tx: Tx, entries: Iterable[Entry]) -> Facts:
    ids = sorted({int(entry.entity_id) for entry in entries if entry.entity == "experiment"})
    if not ids:
        return {}
    rows = tx.all(
        "SELECT experiment_id, name FROM experiments WHERE workspace_id = :ws AND experiment_id IN :ids", ids=ids
    )
    return {("experiment", str(experiment_id)): {"name": name} for experiment_id, name in rows}
