"""Predictions with their labels: mergeable sums, realised performance, and performance estimated without labels (CBPE).

CBPE calibrates the scores of the baseline by isotonic regression.  Expected counts of a confusion matrix follow from calibrated
scores.  It cannot detect a change of p(label | features).
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from trackside.drift import sums
from trackside.drift.monitors import exchange
from trackside.drift.monitors.exchange import Calibration, Outcomes
from trackside.drift.sums import Points

Array: TypeAlias = Any
MOST_CLASSES = 100
LEAST_LABELLED = 30  # rows with a label, for a comparison of the performance


def of_rows(
    predictions: Sequence[Any], scores: Array | None, labels: Sequence[Any] | None, *, is_regression: bool
) -> Outcomes:
    """Return the sums of rows.  None stands for a missing value; `scores` has NaN for it."""
    if is_regression:
        return _regression(predictions, labels)
    known = [text_of(each) for each in predictions]
    truth = [None] * len(known) if labels is None else [text_of(each) for each in labels]
    confusion: dict[str, dict[str, int]] = {}
    for one, other in zip(known, truth, strict=True):
        if one is not None and other is not None:
            row = confusion.setdefault(one, {})
            row[other] = row.get(other, 0) + 1
    by_prediction: dict[str, exchange.Points] = {}
    by_label: dict[str, exchange.Points] = {}
    if scores is not None:
        by_prediction, by_label = _grouped(known, scores), _grouped(truth, scores)
    return Outcomes(
        labelled=sum(sum(row.values()) for row in confusion.values()),
        confusion=confusion,
        scores=by_prediction,
        label_scores=by_label,
    )


def merged(parts: Sequence[Outcomes]) -> Outcomes:
    confusion: dict[str, dict[str, int]] = {}
    for part in parts:
        for one, row in part.confusion.items():
            into = confusion.setdefault(one, {})
            for other, count in row.items():
                into[other] = into.get(other, 0) + count
    return Outcomes(
        labelled=sum(each.labelled for each in parts),
        confusion=confusion,
        absolute_error=sum(each.absolute_error for each in parts),
        squared_error=sum(each.squared_error for each in parts),
        scores=_merged_points([each.scores for each in parts]),
        label_scores=_merged_points([each.label_scores for each in parts]),
    )


def realised(found: Outcomes, positive: str | None = None) -> dict[str, float]:
    """Return the performance of rows with a label; empty without one.

    Precision, recall and F1 are those of the positive class, or means over all classes."""
    if not found.labelled:
        return {}
    if not found.confusion:
        mse = found.squared_error / found.labelled
        return {"mae": found.absolute_error / found.labelled, "mse": mse, "rmse": float(np.sqrt(mse))}
    labels = sorted({*found.confusion, *(each for row in found.confusion.values() for each in row)})
    right = sum(found.confusion.get(each, {}).get(each, 0) for each in labels)
    classes = [positive] if positive in labels and len(labels) <= 2 else labels
    rates = np.array([_rates(found.confusion, str(each)) for each in classes]).mean(axis=0)
    names = ("precision", "recall", "f1")
    figures = {"accuracy": right / found.labelled, **dict(zip(names, map(float, rates), strict=True))}
    auc = _auc_of_labels(found, positive)
    return figures if auc is None else {**figures, "roc_auc": auc}


def calibrate(scores: Array, labels: Sequence[Any], predictions: Sequence[Any]) -> Calibration | None:
    """Return the calibration of a binary classifier's scores; None for other data.  The positive class has the higher scores."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415  # needs an extra

    texts: Array = np.array([text_of(each) or "" for each in labels], dtype=object)
    kept = np.isfinite(scores) & (texts != "")
    classes = sorted(set(texts[kept]))
    if len(classes) != 2 or not {text_of(each) for each in predictions if each is not None} <= set(classes):
        return None
    means = [float(scores[kept & (texts == each)].mean()) for each in classes]
    positive = classes[int(means[1] >= means[0])]
    model = IsotonicRegression(out_of_bounds="clip").fit(scores[kept], (texts[kept] == positive).astype(float))
    return Calibration(positive, model.X_thresholds_.tolist(), model.y_thresholds_.tolist())


def estimated(found: Outcomes, calibration: Calibration) -> dict[str, float]:
    """Return the performance estimated from calibrated scores (CBPE)."""
    right = rows = true_positive = false_positive = false_negative = 0.0
    values, weights = [], []
    for prediction, stored in found.scores.items():
        points = _points(stored)
        chance = np.interp(points.values, calibration.x, calibration.y)
        positives, all_rows = float((chance * points.counts).sum()), float(points.counts.sum())
        rows += all_rows
        if prediction == calibration.positive:
            right += positives
            true_positive += positives
            false_positive += all_rows - positives
        else:
            right += all_rows - positives
            false_negative += positives
        values.append(chance)
        weights.append(points.counts)
    if not rows:
        return {}
    figures = {"accuracy": right / rows}
    if true_positive + false_positive:
        figures["precision"] = true_positive / (true_positive + false_positive)
    if true_positive + false_negative:
        figures["recall"] = true_positive / (true_positive + false_negative)
    if true_positive:
        figures["f1"] = 2 * true_positive / (2 * true_positive + false_positive + false_negative)
    chance, counts = np.concatenate(values), np.concatenate(weights)
    auc = _auc(chance, chance * counts, (1 - chance) * counts)
    return figures if auc is None else {**figures, "roc_auc": auc}


def text_of(value: Any) -> str | None:
    """Return a label or prediction as text: 1, 1.0 and "1" are the same class, as are True and "true"."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)[: sums.MOST_LABEL_CHARS]


def _regression(predictions: Sequence[Any], labels: Sequence[Any] | None) -> Outcomes:
    if labels is None:
        return Outcomes()
    pairs = [pair for pair in zip(map(_number, predictions), map(_number, labels), strict=True) if None not in pair]
    errors: Array = np.array([float(one or 0) - float(other or 0) for one, other in pairs])
    return Outcomes(
        labelled=len(pairs),
        absolute_error=float(np.abs(errors).sum()),
        squared_error=float((errors**2).sum()),
    )


def _number(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if np.isfinite(found) else None


def _grouped(keys: Sequence[str | None], scores: Array) -> dict[str, exchange.Points]:
    texts: Array = np.array([each or "" for each in keys], dtype=object)
    usable = np.isfinite(scores) & (texts != "")
    found = {}
    for key in sorted(set(texts[usable]))[:MOST_CLASSES]:
        found[str(key)] = _stored(sums.compressed(sums.of_numbers(scores[usable & (texts == key)])))
    return found


def _merged_points(parts: Sequence[Mapping[str, exchange.Points]]) -> dict[str, exchange.Points]:
    keys = sorted({key for each in parts for key in each})
    return {
        key: _stored(sums.compressed(sums.merged_points([_points(each[key]) for each in parts if key in each])))
        for key in keys
    }


def _stored(points: Points) -> exchange.Points:
    return exchange.Points(points.values.astype("<f8").tobytes(), points.counts.astype("<i8").tobytes())


def _points(stored: exchange.Points) -> Points:
    return Points(np.frombuffer(stored.values, "<f8"), np.frombuffer(stored.counts, "<i8").astype(np.float64))


def _rates(confusion: Mapping[str, Mapping[str, int]], label: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of a class; 0 where a rate has no rows."""
    hits = confusion.get(label, {}).get(label, 0)
    predicted = sum(confusion.get(label, {}).values())
    actual = sum(row.get(label, 0) for row in confusion.values())
    total = predicted + actual
    return (
        hits / predicted if predicted else 0.0,
        hits / actual if actual else 0.0,
        2 * hits / total if total else 0.0,
    )


def _auc_of_labels(found: Outcomes, positive: str | None) -> float | None:
    if positive is None or positive not in found.label_scores or len(found.label_scores) != 2:
        return None
    groups = [(label == positive, _points(each)) for label, each in found.label_scores.items()]
    values = np.concatenate([each.values for _, each in groups])
    positives = np.concatenate([each.counts * is_positive for is_positive, each in groups])
    negatives = np.concatenate([each.counts * (not is_positive) for is_positive, each in groups])
    return _auc(values, positives, negatives)


def _auc(values: Array, positives: Array, negatives: Array) -> float | None:
    """Return the area under the ROC curve of weighted rows; ties count half."""
    distinct, places = np.unique(values, return_inverse=True)
    up = np.bincount(places, positives, minlength=len(distinct))
    down = np.bincount(places, negatives, minlength=len(distinct))
    if not up.sum() or not down.sum():
        return None
    below = np.cumsum(down) - down
    return float((up * (below + down / 2)).sum() / (up.sum() * down.sum()))
