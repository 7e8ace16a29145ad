"""The numbers of runs and the last start times of experiments, for lists of experiments."""

from typing import ClassVar

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Call
from trackside.experiments import store as experiments

MAX_EXPERIMENTS = 1_000


class CountRuns(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_ids",)
    experiment_ids: list[str] | None = None


class Total(Struct, frozen=True, kw_only=True):
    """The runs in the lifecycle stage of the experiment, which its page shows."""

    experiment_id: str
    runs: int
    last_start_time: int | None  # ms; null: no run


class Totals(Struct, frozen=True):
    """The experiments of the call that exist and that the caller may read, by id."""

    experiments: list[Total]


def read(tx: Tx, call: CountRuns) -> Totals:
    """Return the totals, from an index of runs: the cost is proportional to the runs of these experiments, and small."""
    asked = call.experiment_ids or []
    if len(asked) > MAX_EXPERIMENTS:
        raise Invalid(f"experiment_ids has {len(asked)} ids; at most {MAX_EXPERIMENTS} are allowed")
    rows = tx.all(
        """
        SELECT e.experiment_id,
            (SELECT COUNT(*) FROM runs r
             WHERE r.experiment_seq = e.experiment_seq AND r.lifecycle_stage = e.lifecycle_stage),
            (SELECT MAX(r.start_time) FROM runs r
             WHERE r.experiment_seq = e.experiment_seq AND r.lifecycle_stage = e.lifecycle_stage)
        FROM experiments e WHERE e.workspace_id = :ws AND e.experiment_seq IN :experiments ORDER BY e.experiment_id
        """,
        experiments=experiments.seqs_of(tx, asked),
    )
    return Totals([Total(experiment_id=str(id_), runs=runs, last_start_time=last) for id_, runs, last in rows])
