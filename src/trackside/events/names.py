"""The names of what entries of the change log are about, as they are now.  Reads rows that the caller may read; changes none."""

from collections.abc import Sequence
from typing import NamedTuple

from trackside.core.access import Action
from trackside.core.db.tx import EVERYTHING, Tx
from trackside.events.entries import Entry

Names = dict[tuple[str, str], str]  # by entity and id, without deleted and hidden objects


class _Named(NamedTuple):
    """A statement that finds ids and names, in two parts; the condition on readable experiments is appended."""

    action: Action
    sql: str
    is_of_experiment: bool = True


_NAMED = {
    "experiment": _Named(
        Action.EXPERIMENTS_READ,
        "SELECT e.experiment_id, e.name FROM experiments e WHERE e.workspace_id = :ws AND e.experiment_id IN :ids",
    ),
    "run": _Named(
        Action.RUNS_READ,
        """
        SELECT r.run_id, r.run_name FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id IN :ids
        """,
    ),
    "logged_model": _Named(
        Action.RUNS_READ,
        """
        SELECT m.model_id, m.name FROM logged_models m JOIN experiments e ON e.experiment_seq = m.experiment_seq
        WHERE m.workspace_id = :ws AND m.model_id IN :ids
        """,
    ),
    "trace": _Named(
        Action.TRACES_READ,
        """
        SELECT t.trace_id, COALESCE(t.name, t.root_name, '')
        FROM traces t JOIN experiments e ON e.experiment_seq = t.experiment_seq
        WHERE t.workspace_id = :ws AND t.trace_id IN :ids
        """,
    ),
    "job": _Named(
        Action.JOBS_READ,
        "SELECT job_id, title FROM jobs WHERE workspace_id = :ws AND job_id IN :ids",
        is_of_experiment=False,
    ),
    "webhook": _Named(
        Action.WEBHOOKS_READ,
        "SELECT webhook_id, name FROM webhooks WHERE workspace_id = :ws AND webhook_id IN :ids",
        is_of_experiment=False,
    ),
}


def of(tx: Tx, entries: Sequence[Entry]) -> Names:
    """Return the names of those that have one besides their id."""
    found: Names = {}
    for entity, named in _NAMED.items():
        ids = sorted({entry.entity_id for entry in entries if entry.entity == entity})
        if not ids or (not named.is_of_experiment and tx.rights.missing([named.action])):
            continue
        wanted = [int(each) for each in ids] if entity == "experiment" else ids
        readable, bound = EVERYTHING
        if named.is_of_experiment:
            readable, bound = tx.only_readable("experiment", named.action, "e.experiment_id")
        rows = tx.all(f"{named.sql}{readable}", ids=wanted, **bound)
        found.update({(entity, str(each)): name for each, name in rows if name})
    return found
