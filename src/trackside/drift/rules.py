"""Rule sets: which columns have drifted.  Pure.

`default` raises no alert in a year of 30 stable columns and finds a shift of 0.3 sd.  The others behave as the named tools do by
default.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from trackside.drift import binning, distances, signals
from trackside.drift.signals import Signal
from trackside.drift.sums import ColumnSums, merged_points

LEAST_NUMERIC, LEAST_CATEGORY = 0.08, 0.05
NOISE = 2.07  # the two-sample KS statistic reaches NOISE * sqrt(1/n + 1/m) in one of 2,700 comparisons
AZURE_THRESHOLD, AZURE_INTEGER_SHARE = 0.1, 0.05
EVIDENTLY_SMALL, EVIDENTLY_CATEGORY_VALUES = 1000, 5
EVIDENTLY_P, EVIDENTLY_DISTANCE, EVIDENTLY_SHARE = 0.05, 0.1, 0.5
NANNYML_CHUNKS, NANNYML_SDS = 10, 3.0
V1_MAGNITUDE = 0.2


class Verdict(Struct, frozen=True, omit_defaults=True):
    """The verdict of a rule on a column: its signal, the signal's value, and the threshold."""

    drifted: bool
    signal: str = ""
    variant: str = ""
    value: float | None = None
    threshold: float | None = None
    reason: str = ""

    @property
    def word(self) -> str:
        """Return `drifted`, `stable`, or `not judged` if nothing was computed."""
        if self.drifted:
            return "drifted"
        return "stable" if self.signal else "not judged"


Rule = Callable[[ColumnSums, ColumnSums, list[Signal]], Verdict]


def default(reference: ColumnSums, current: ColumnSums, found: list[Signal]) -> Verdict:
    noise = NOISE * math.sqrt(1 / reference.size + 1 / current.size)
    if reference.kind == "numeric":
        return _above(found, "ks", signals.TWO_SAMPLES, max(LEAST_NUMERIC, noise))
    return _above(found, "l_infinity", signals.BY_VALUE, max(LEAST_CATEGORY, noise))


def pooled(reference: ColumnSums, current: ColumnSums) -> Verdict | None:
    """Return the verdict of the default rule on sums alone, such as those of two windows together; None for a column without
    values or of another kind."""
    if reference.kind != current.kind or reference.kind == "other" or not reference.size or not current.size:
        return None
    if reference.kind == "numeric":
        value = distances.ks_statistic(reference.points, current.points)
        found = [Signal("ks", signals.TWO_SAMPLES, value)]
    else:
        p, q = signals.aligned(reference, current)
        found = [Signal("l_infinity", signals.BY_VALUE, distances.l_infinity(p / p.sum(), q / q.sum()))]
    return default(reference, current, found)


def azure_v2(reference: ColumnSums, current: ColumnSums, found: list[Signal]) -> Verdict:
    """Return the verdict of Azure Machine Learning's model monitoring: an integer column with less than 5 % distinct values is a
    category."""
    if reference.kind == "numeric":
        distinct = len(reference.points.values)
        if not (reference.is_integer and distinct < AZURE_INTEGER_SHARE * reference.size):
            return _above(found, "wasserstein", signals.BY_SAMPLE_SD, AZURE_THRESHOLD)
        found = _as_category(reference, current)
    return _above(found, "jensen_shannon", signals.BY_VALUE_BASE_2, AZURE_THRESHOLD)


def evidently(reference: ColumnSums, current: ColumnSums, found: list[Signal]) -> Verdict:
    """Return the verdict of Evidently 0.7: p-values up to 1,000 rows of reference, distances above."""
    is_small = reference.size <= EVIDENTLY_SMALL
    if reference.kind == "numeric":
        if _distinct(reference, current) > EVIDENTLY_CATEGORY_VALUES:
            if is_small:
                return _p_below(found, "ks", signals.TWO_SAMPLES, EVIDENTLY_P)
            return _above(found, "wasserstein", signals.BY_POPULATION_SD, EVIDENTLY_DISTANCE)
        found = _as_category(reference, current)
    if not is_small:
        return _above(found, "jensen_shannon", signals.BY_VALUE_NATURAL, EVIDENTLY_DISTANCE)
    if (
        _distinct(reference, current) <= 2
    ):  # the z-test of two shares equals chi-square of the 2 x 2 table without correction
        return _p_below(found, "chi2", signals.CONTINGENCY_PLAIN, EVIDENTLY_P)
    chi2 = signals.value_of(found, "chi2_fit_p", signals.FIT)
    if chi2 is None:
        return Verdict(False, reason="the signal cannot be computed")
    return Verdict(chi2.value < EVIDENTLY_P, chi2.name, chi2.variant, chi2.value, EVIDENTLY_P)


def nannyml(reference: ColumnSums, current: ColumnSums, found: list[Signal]) -> Verdict:  # noqa: ARG001  # a rule
    """Return the verdict of NannyML 0.13: above the mean and three standard deviations of ten chunks of the reference."""
    is_number = reference.kind == "numeric"
    variant = signals.JS_NANNYML if is_number else signals.BY_VALUE_BASE_2
    chunks = [each for each in reference.chunks if each.size]
    if not chunks:
        return Verdict(False, reason="the reference has no chunks: it is a sum of windows")
    try:
        with np.errstate(over="raise", invalid="raise"):
            own = np.array([_js(reference, chunk, is_number=is_number) for chunk in chunks])
    except (ValueError, FloatingPointError):  # the range has no width in floating-point numbers
        return Verdict(False, reason="the signal cannot be computed")
    return _above(found, "jensen_shannon", variant, float(own.mean() + NANNYML_SDS * own.std()), strictly=True)


RULES: dict[str, Rule] = {"default": default, "azure-v2": azure_v2, "evidently": evidently, "nannyml": nannyml}
CHUNKED_RULE = "nannyml"  # compares chunks of the reference
MAGNITUDE_RULE = "azure-v1"  # judges the table as a whole, by a classifier
NAMES = (*RULES, MAGNITUDE_RULE)


def of_table(rules: str, verdicts: Sequence[Verdict]) -> bool:
    """Return whether the table has drifted: with Evidently if half of its columns have, otherwise if one has."""
    drifted = sum(each.drifted for each in verdicts)
    if rules == "evidently":
        return bool(verdicts) and drifted >= EVIDENTLY_SHARE * len(verdicts)
    return drifted > 0


def _js(reference: ColumnSums, chunk: ColumnSums, *, is_number: bool) -> float:
    if is_number:
        return distances.js(*binning.doane(reference.points, chunk.points))
    p, q = signals.aligned(reference, chunk)
    return distances.js(p / p.sum(), q / q.sum())


def _as_category(reference: ColumnSums, current: ColumnSums) -> list[Signal]:
    return signals.by_counts(*binning.counts_by_value(reference.points, current.points))


def _distinct(reference: ColumnSums, current: ColumnSums) -> int:
    if reference.kind == "numeric":
        return len(merged_points([reference.points, current.points]).values)
    return len({*reference.counts, *current.counts})


def _above(found: list[Signal], name: str, variant: str, threshold: float, *, strictly: bool = False) -> Verdict:
    signal = signals.value_of(found, name, variant)
    if signal is None:
        return Verdict(False, reason="the signal cannot be computed")
    is_above = signal.value > threshold if strictly else signal.value >= threshold
    return Verdict(is_above, name, variant, signal.value, threshold)


def _p_below(found: list[Signal], name: str, variant: str, threshold: float) -> Verdict:
    signal = signals.value_of(found, name, variant)
    if signal is None or signal.p_value is None:
        return Verdict(False, reason="the signal cannot be computed")
    return Verdict(signal.p_value < threshold, f"{name}_p", variant, signal.p_value, threshold)
