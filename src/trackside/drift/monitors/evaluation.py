"""Evaluates the sums of a window against a baseline: signals, scores for the rules, quality and performance.  Pure.

The default rule judges the last two windows together, against the same weekdays of a baseline of four weeks or more.
"""

import math
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import Struct, field

from trackside.drift import rules, signals
from trackside.drift.comparison import ColumnResult, columns_of, quality_of
from trackside.drift.monitors import outcomes, windows
from trackside.drift.monitors.exchange import Extra, Outcomes
from trackside.drift.monitors.model import Config, Score
from trackside.drift.monitors.profiles import Profile
from trackside.drift.monitors.windows import Window
from trackside.drift.rules import Verdict
from trackside.drift.sums import ColumnSums, TableSums, merged_tables

LEAST_QUALITY = 0.05
LEAST_WINDOWS = (
    10  # a baseline should have this many windows' rows: a small one raises the same false alarm in every window
)
LEAST_DAYS_MS = 27 * windows.DAY_MS
LEAST_PERFORMANCE = 0.05  # a smaller loss of accuracy, and a growth of an error below twice this share, are ignored
LEAST_NDCG = 0.9
BINS = 30


class Histogram(Struct, frozen=True, omit_defaults=True):
    """Shares of rows in bins.  `edges` of numbers, `labels` of categories."""

    reference: list[float]
    current: list[float]
    edges: list[float] = []
    labels: list[str] = []


class Column(Struct, frozen=True, omit_defaults=True):
    """A column of a window: signals of the window alone, and the verdict of the rule set."""

    found: ColumnResult
    role: str  # feature or prediction
    histogram: Histogram | None = None
    mean: float | None = None
    mean_reference: float | None = None


class Result(Struct, frozen=True, omit_defaults=True):
    rules: str
    rows: int
    rows_reference: int
    reference: str  # a description
    columns: list[Column] = []
    performance: dict[str, float] = {}
    performance_reference: dict[str, float] = {}
    estimated: dict[str, float] = {}
    labelled: int = 0
    magnitude: float | None = None
    contributions: dict[str, float] = {}
    magnitude_key: str = ""  # identifies the baseline and the columns of the magnitude
    attribution_ndcg: float | None = None
    importances: dict[str, float] = {}
    notes: list[str] = field(default_factory=list)


class Reference(Struct, frozen=True):
    """The rows that a window is compared with, and their description."""

    table: TableSums
    words: str
    extra: Extra = Extra()
    outcomes: Outcomes = Outcomes()


class Judgement(Struct, frozen=True):
    scores: list[Score]
    result: Result


def past(
    config: Config, window: Window, first: Window, stored: Mapping[Window, Profile], timezone: ZoneInfo
) -> Reference | None:
    """Return the windows before `first`, or those of fixed times, except the judged ones; None if there are none."""
    known = sorted(each for each in stored if stored[each].table.rows)
    wanted = config.baseline
    if wanted.past_windows:
        chosen = [each for each in known if each.end <= first.start][-wanted.past_windows :]
    else:
        chosen = [each for each in known if wanted.since <= each.start and each.end <= wanted.until and each != window]
    if not chosen:
        return None
    words = f"{len(chosen)} windows of the past"
    if config.window in ("hour", "day") and chosen[-1].end - chosen[0].start >= LEAST_DAYS_MS:
        days = windows.weekdays(first, timezone) | windows.weekdays(window, timezone)
        same = [each for each in chosen if windows.weekdays(each, timezone) <= days]
        if same:
            chosen, words = same, f"{len(same)} windows of the same weekdays"
    return Reference(
        merged_tables([stored[each].table for each in chosen]),
        words,
        outcomes=outcomes.merged([stored[each].outcomes for each in chosen]),
    )


def judge(config: Config, reference: Reference, current: Profile, previous: Profile | None) -> Judgement:
    """Return the result of a window.  `previous` is the window before it, if that has rows."""
    table = current.table
    notes = list(reference.extra.notes)
    both = [current.table] if previous is None else [previous.table, current.table]
    pooled = merged_tables(both)
    if reference.table.rows < LEAST_WINDOWS * table.rows:
        notes.append(
            f"The baseline has {reference.table.rows:,} rows, less than {LEAST_WINDOWS} times those of the window: chance"
            " differences of the baseline stay in every window."
        )
    columns, scores = [], []
    for each in columns_of(reference.table, table, config.rules):
        one, other = reference.table.columns.get(each.name), table.columns.get(each.name)
        if config.rules == "default" and one is not None and each.name in pooled.columns:
            verdict = rules.pooled(one, pooled.columns[each.name])
            if verdict is not None:
                each = msgspec.structs.replace(each, verdict=verdict)
        score = score_of(each.name, each.verdict)
        if score is not None and one is not None:
            scores.append(score)
        if one is not None and each.name in pooled.columns:
            scores += quality_scores(one, pooled.columns[each.name])
        is_prediction = bool(config.prediction) and each.name.partition(".")[0] == config.prediction
        role = "prediction" if is_prediction else "feature"
        columns.append(_column(each, one, other, role))
    performance = realised_of(reference, current)
    expected = performance_reference(reference)
    calibration = reference.extra.calibration
    scores += performance_scores(expected, performance, current.outcomes.labelled)
    result = Result(
        rules=config.rules,
        rows=table.rows,
        rows_reference=reference.table.rows,
        reference=reference.words,
        columns=columns,
        performance=performance,
        performance_reference=expected,
        estimated={} if calibration is None else outcomes.estimated(current.outcomes, calibration),
        labelled=current.outcomes.labelled,
        notes=notes,
    )
    return Judgement(scores, result)


def score_of(name: str, verdict: Verdict) -> Score | None:
    """Return a verdict as a number that grows with drift: p-values as -log10.  A missing column, or one of another type, has the
    score 1; None for a verdict without a value, such as that of a column of nulls in both tables."""
    if verdict.value is None or verdict.threshold is None:
        return Score(name, "drift", 1.0, 1.0, is_over=True, signal=verdict.reason) if verdict.drifted else None
    value, threshold, signal = verdict.value, verdict.threshold, verdict.signal
    if signal.endswith("_p"):
        value, threshold, signal = -math.log10(max(value, 1e-300)), -math.log10(threshold), f"-log10 {signal}"
    return Score(name, "drift", value, threshold, is_over=verdict.drifted, signal=signal)


def quality_scores(reference: ColumnSums, current: ColumnSums) -> list[Score]:
    """Return by how much the shares of missing, misfitting, out-of-range and new values exceed the baseline's."""
    if not reference.rows or not current.rows:
        return []
    found = quality_of(reference, current)
    threshold = max(LEAST_QUALITY, rules.NOISE * math.sqrt(1 / reference.rows + 1 / current.rows))
    shares = {
        "nulls": abs(found.null_share_current - found.null_share_reference),
        "type_errors": found.misfit_share_current - found.misfit_share_reference,
        "infinite": found.infinite_share_current - found.infinite_share_reference,
        "out_of_range": found.out_of_range_share,
        "new_categories": found.new_category_share,
    }
    return [
        Score(reference.name, subject, share, threshold, is_over=share >= threshold, signal="share of the rows")
        for subject, share in shares.items()
        if share > 0
    ]


def realised_of(reference: Reference, current: Profile) -> dict[str, float]:
    return outcomes.realised(current.outcomes, _positive(reference))


def performance_reference(reference: Reference) -> dict[str, float]:
    return reference.extra.performance or outcomes.realised(reference.outcomes, _positive(reference))


def performance_scores(expected: Mapping[str, float], found: Mapping[str, float], labelled: int) -> list[Score]:
    """Return the loss of accuracy, or the growth of the error, against the baseline."""
    if labelled < outcomes.LEAST_LABELLED:
        return []
    noise = 3 * 0.5 / math.sqrt(labelled)  # three standard errors of a share, at most
    if "accuracy" in expected and "accuracy" in found:
        loss, threshold = expected["accuracy"] - found["accuracy"], max(LEAST_PERFORMANCE, noise)
        return [Score("", "performance", loss, threshold, is_over=loss >= threshold, signal="loss of accuracy")]
    if expected.get("mae") and "mae" in found:
        growth, threshold = found["mae"] / expected["mae"] - 1, max(2 * LEAST_PERFORMANCE, 2 * noise)
        return [Score("", "performance", growth, threshold, is_over=growth >= threshold, signal="growth of the error")]
    return []


def _positive(reference: Reference) -> str | None:
    calibration = reference.extra.calibration
    return None if calibration is None else calibration.positive


def _column(found: ColumnResult, one: ColumnSums | None, other: ColumnSums | None, role: str) -> Column:
    if one is None or other is None or one.kind != other.kind or not one.size or not other.size or one.kind == "other":
        return Column(found, role)
    if one.kind == "numeric":
        return Column(found, role, _numeric_bars(one, other), other.points.mean, one.points.mean)
    first, second = signals.aligned(one, other)
    labels = sorted({*one.counts, *other.counts})
    order = sorted(range(len(labels)), key=lambda at: -(first[at] / one.size + second[at] / other.size))[:BINS]
    bars = Histogram(
        [float(first[at] / one.size) for at in order],
        [float(second[at] / other.size) for at in order],
        labels=[labels[at] for at in order],
    )
    return Column(found, role, bars)


def _numeric_bars(one: ColumnSums, other: ColumnSums) -> Histogram:
    points = [one.points, other.points]
    low = min(float(each.quantiles(np.array([0.001]))[0]) for each in points)
    high = max(float(each.quantiles(np.array([0.999]))[0]) for each in points)
    with np.errstate(over="ignore"):
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    if not np.isfinite(edges).all() or not (np.diff(edges) > 0).all():
        return Histogram([1.0], [1.0], [low, high])
    first, second = (
        (np.histogram(np.clip(each.values, edges[0], edges[-1]), edges, weights=each.counts)[0] / each.size).tolist()
        for each in points
    )
    return Histogram(first, second, edges.tolist())
