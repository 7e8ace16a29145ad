"""The datasets of a few runs in SQL, without their schemas and profiles."""

from collections.abc import Sequence

from trackside.core.db.tx import Tx
from trackside.runs.table.model import DatasetCell


def read(tx: Tx, run_seqs: Sequence[int]) -> dict[int, list[DatasetCell]]:
    """Return the datasets of each run, ordered as in `runs/get`; a run without datasets has no entry."""
    found: dict[int, list[DatasetCell]] = {}
    for seq, name, digest, context in tx.all(
        """
        SELECT i.run_seq, d.name, d.digest, t.value
        FROM inputs i JOIN datasets d ON d.dataset_seq = i.dataset_seq
            LEFT JOIN input_tags t ON t.run_seq = i.run_seq AND t.dataset_seq = i.dataset_seq AND t.key = 'mlflow.data.context'
        WHERE i.workspace_id = :ws AND i.run_seq IN :runs ORDER BY i.run_seq, d.dataset_seq
        """,
        runs=list(run_seqs),
    ):
        found.setdefault(seq, []).append(DatasetCell(name=name, digest=digest, context=context))
    return found
