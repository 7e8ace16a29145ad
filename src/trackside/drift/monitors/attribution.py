"""Feature importances from rows alone: a surrogate model learns the predictions, and permuting a column shows how much they
depend on it.  Needs scikit-learn; runs in the child process.

Two windows are compared by the NDCG of their rankings, as in Azure and SageMaker: 1 is the same ranking.
"""

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from pyarrow import compute

Array: TypeAlias = Any
LEAST_ROWS, MOST_ROWS, MOST_JUDGED = 50, 5_000, 2_000
MOST_CATEGORIES = 200
SEED = 7


def importances(table: pa.Table, features: list[str], prediction: str) -> dict[str, float]:
    """Return the share of each feature, the largest first; empty for too few rows or constant predictions."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor  # noqa: PLC0415
    from sklearn.inspection import permutation_importance  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    if prediction not in table.column_names:
        return {}
    table = table.filter(compute.is_valid(table[prediction]))
    columns = {name: found for name in features if (found := _codes(table[name])) is not None}
    if table.num_rows < LEAST_ROWS or not columns:
        return {}
    dice = np.random.default_rng(SEED)
    rows = dice.permutation(table.num_rows)[:MOST_ROWS]
    matrix: Array = np.column_stack(list(columns.values()))[rows]
    kind = table[prediction].type
    wanted: Array = table[prediction].to_numpy(zero_copy_only=False)[rows]
    is_number = pa.types.is_floating(kind)
    if is_number:
        matrix, wanted = matrix[np.isfinite(wanted)], wanted[np.isfinite(wanted)]
    elif not pa.types.is_integer(kind):
        wanted = wanted.astype(str)
    if len(wanted) < LEAST_ROWS or len(set(wanted.tolist())) < 2:
        return {}
    made = HistGradientBoostingRegressor if is_number else HistGradientBoostingClassifier
    with threadpool_limits(1, user_api="openmp"):
        model = made(random_state=SEED, max_iter=50, early_stopping=False).fit(matrix, wanted)
        found = permutation_importance(
            model, matrix[:MOST_JUDGED], wanted[:MOST_JUDGED], n_repeats=2, random_state=SEED
        )
    shares = np.maximum(found.importances_mean, 0)
    shares = shares / shares.sum() if shares.sum() else shares
    ranked = sorted(zip(columns, map(float, shares), strict=True), key=lambda each: -each[1])
    return dict(ranked)


def ndcg(reference: dict[str, float], current: dict[str, float]) -> float | None:
    """Return the normalised discounted cumulative gain of the current ranking; None without a ranking."""
    from sklearn.metrics import ndcg_score  # noqa: PLC0415

    names = sorted({*reference, *current})
    if len(names) < 2 or not any(reference.values()) or not any(current.values()):
        return None
    rows = ([[each.get(name, 0.0) for name in names]] for each in (reference, current))
    return float(ndcg_score(*rows))


def _codes(column: pa.ChunkedArray) -> Array | None:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if not (pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_large_string(kind)):
        return None
    labels, codes = np.unique(
        column.cast(pa.string()).fill_null("").to_numpy(zero_copy_only=False), return_inverse=True
    )
    return codes.astype(float) if len(labels) <= MOST_CATEGORIES else None
