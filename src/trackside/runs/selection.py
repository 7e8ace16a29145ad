"""Selects runs by experiments, filter, lifecycle stage and ids, for all calls that concern many runs."""

from collections.abc import Sequence

from msgspec import structs

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.core.filters.nodes import And, Comparison, Entity, Field, Filter, Operator
from trackside.core.http.codec import Call
from trackside.experiments import store as experiments
from trackside.experiments.model import Lifecycle
from trackside.runs import search_sql
from trackside.runs.search_sql import Search

MAX_IDS = 100_000
_STAGES: dict[str, tuple[str, ...]] = {
    "active": (Lifecycle.ACTIVE,),
    "deleted": (Lifecycle.DELETED,),
    "all": (Lifecycle.ACTIVE, Lifecycle.DELETED),
}
_RUN_ID = Field(Entity.ATTRIBUTE, "run_id")


class SelectRuns(Call, frozen=True):
    """A selection of runs: `filter` is in the filter language.  Without `experiment_ids`, `run_ids` is required."""

    experiment_ids: list[str] | None = None
    filter: str | None = None
    lifecycle: str | None = None  # active, deleted or all
    run_ids: list[str] | None = None


def read(tx: Tx, call: SelectRuns, order_by: Sequence[str] = ()) -> Search:
    """Return the search for a selection.  Its `experiments` are empty if none of the selected experiments exists."""
    stages = stages_of(call.lifecycle)
    if call.run_ids is not None and len(call.run_ids) > MAX_IDS:
        raise Invalid(f"run_ids has {len(call.run_ids)} ids; at most {MAX_IDS} are allowed")
    if not call.experiment_ids and call.run_ids is None:
        raise Invalid("Neither experiment_ids nor run_ids is given; name the experiments or the runs")
    seqs = experiments.seqs_of(tx, call.experiment_ids or [])
    if call.run_ids is not None:
        of_runs = _experiments_of(tx, call.run_ids)
        seqs = [seq for seq in of_runs if seq in seqs] if call.experiment_ids else of_runs
    search = search_sql.parse(call.filter, order_by, seqs, stages)
    if call.run_ids is None:
        return search
    listed = Comparison(_RUN_ID, Operator.IN, tuple(call.run_ids))
    return structs.replace(
        search,
        tree=_both(search.tree, listed),
        fingerprint=keyset.fingerprint(search.fingerprint, call.run_ids),
    )


def stages_of(lifecycle: str | None) -> tuple[str, ...]:
    stages = _STAGES.get(lifecycle or "active")
    if stages is None:
        raise Invalid(f"lifecycle is {lifecycle!r}; it must be one of {', '.join(_STAGES)}")
    return stages


def seqs(tx: Tx, search: Search) -> list[int]:
    """Return the run_seq of every run that the search matches, in order."""
    if not search.experiments:
        return []
    found: list[int] = []
    for query in search_sql.listing(search, tx.dialect):
        found += [seq for (seq,) in tx.all(query.sql, **query.params)]
    return found


def count(tx: Tx, search: Search) -> int:
    if not search.experiments:
        return 0
    query = search_sql.count(search, tx.dialect)
    ((number,),) = tx.all(query.sql, **query.params)
    return int(number)


def ids_of(tx: Tx, run_seqs: Sequence[int]) -> dict[int, str]:
    """Return the run ids by run_seq."""
    own_key = "+" if tx.dialect == "sqlite" else ""  # keeps SQLite from reading all runs of the workspace
    rows = tx.all(
        f"SELECT run_seq, run_id FROM runs WHERE {own_key}workspace_id = :ws AND run_seq IN :runs", runs=list(run_seqs)
    )
    return dict(rows)


def total(tx: Tx, search: Search) -> int:
    """Return the number of runs in the experiments with that lifecycle stage, from an index."""
    row = tx.one(
        """
        SELECT COALESCE(SUM((
            SELECT COUNT(*) FROM runs r
            WHERE r.experiment_seq = e.experiment_seq AND r.lifecycle_stage IN :stages
        )), 0)
        FROM experiments e WHERE e.workspace_id = :ws AND e.experiment_seq IN :experiments
        """,
        stages=list(search.stages),
        experiments=list(search.experiments),
    )
    assert row is not None
    return int(row[0])


def _experiments_of(tx: Tx, run_ids: Sequence[str]) -> list[int]:
    """Return the experiments of the runs that the caller may read."""
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "e.experiment_id")
    rows = tx.all(
        f"""
        SELECT DISTINCT r.experiment_seq FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id IN :ids{readable} ORDER BY r.experiment_seq
        """,
        ids=list(run_ids),
        **bound,
    )
    return [seq for (seq,) in rows]


def readable_seqs(tx: Tx, run_ids: Sequence[str]) -> dict[str, int]:
    """Return the run_seq of each run that exists and that the caller may read."""
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "e.experiment_id")
    rows = tx.all(
        f"""
        SELECT r.run_id, r.run_seq FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id IN :ids{readable}
        """,
        ids=list(run_ids),
        **bound,
    )
    return dict(rows)


def _both(tree: Filter | None, further: Comparison) -> Filter:
    match tree:
        case None:
            return further
        case And(parts):
            return And((*parts, further))
        case _:
            return And((tree, further))
