"""The drift magnitude of Azure's first dataset monitor: how well a classifier distinguishes the two tables.  Needs scikit-learn.

The magnitude is the Matthews correlation on held-out rows: 0 for indistinguishable tables, 1 for a perfect classifier.  It
describes the whole table: a shift of 0.3 sd in five of thirty columns stays below the alert threshold of 0.2.
"""

import numpy as np
from msgspec import Struct

from trackside.drift.tables import Column, Values

LEAST_ROWS = 50
MOST_ROWS = 50_000  # of each table; more rows take time without a better result
MOST_NULL_SHARE = 0.15
MOST_CATEGORIES, MOST_CATEGORY_SHARE = 100, 0.05
MOST_JUDGED = 5_000  # rows for the contributions
SEED = 7


class Magnitude(Struct, frozen=True):
    value: float
    contributions: dict[str, float]  # shares that sum to 1, the largest first
    left_out: list[str]  # columns that the classifier does not use


def magnitude(pairs: dict[str, tuple[Column, Column]], reference_rows: int, current_rows: int) -> Magnitude | None:
    """Return the magnitude; None below 50 rows, or without a usable column."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415  # needs an extra
    from sklearn.inspection import permutation_importance  # noqa: PLC0415
    from sklearn.metrics import matthews_corrcoef  # noqa: PLC0415
    from sklearn.model_selection import train_test_split  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  # it comes with scikit-learn

    usable = {name: pair for name, pair in pairs.items() if _is_usable(*pair)}
    if min(reference_rows, current_rows) < LEAST_ROWS or not usable:
        return None
    dice = np.random.default_rng(SEED)
    # of equal size: otherwise the classifier could always guess the larger table
    size = min(reference_rows, current_rows, MOST_ROWS)
    rows = dice.choice(reference_rows, size, replace=False), dice.choice(current_rows, size, replace=False)
    columns = [_matrix(pair, rows) for pair in usable.values()]
    table: Values = np.column_stack(columns)
    side: Values = np.repeat([0, 1], size)
    is_category = [pair[0].kind == "category" for pair in usable.values()]
    train, test, known, asked = train_test_split(table, side, test_size=0.5, stratify=side, random_state=SEED)
    # One thread: on a busy machine, OpenMP's threads wait for each other much longer than they compute.
    with threadpool_limits(1, user_api="openmp"):
        model = HistGradientBoostingClassifier(random_state=SEED, categorical_features=is_category).fit(train, known)
        value = max(0.0, float(matthews_corrcoef(asked, model.predict(test))))
        found = permutation_importance(model, test[:MOST_JUDGED], asked[:MOST_JUDGED], n_repeats=3, random_state=SEED)
    importances = found.importances_mean
    shares = np.maximum(importances, 0)
    shares = shares / shares.sum() if shares.sum() else shares
    ranked = sorted(zip(usable, map(float, shares), strict=True), key=lambda each: -each[1])
    return Magnitude(value, dict(ranked), sorted(set(pairs) - set(usable)))


def _is_usable(reference: Column, current: Column) -> bool:
    if (
        reference.kind != current.kind
        or reference.kind == "other"
        or not len(reference.values)
        or not len(current.values)
    ):
        return False
    if reference.kind == "numeric":
        return max(each.nulls / each.rows for each in (reference, current)) <= MOST_NULL_SHARE
    distinct = len({*reference.labels, *current.labels})
    return distinct < MOST_CATEGORIES and distinct < max(2.0, MOST_CATEGORY_SHARE * (reference.rows + current.rows)) + 1


def _matrix(pair: tuple[Column, Column], rows: tuple[Values, Values]) -> Values:
    """Return the values of both tables; missing values of a column are replaced by random other values of it."""
    reference, current = pair
    if reference.kind == "category":
        place = {label: at for at, label in enumerate(sorted({*reference.labels, *current.labels}))}
        values = [np.array([place[label] for label in each.labels])[each.values].astype(float) for each in pair]
    else:
        values = [each.values for each in pair]
    return np.concatenate([found[at % len(found)] for found, at in zip(values, rows, strict=True)])
