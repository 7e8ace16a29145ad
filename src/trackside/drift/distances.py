"""Distances between two samples or two lists of shares.  Pure; formulas of scipy where it has them.

Each is exactly 0 for equal samples.
"""

from typing import Any, TypeAlias

import numpy as np
import scipy  # which imports its parts, a second of work, at their first use

from trackside.drift.sums import Points

Floats: TypeAlias = Any  # an array of float64
LEAST_SD = 0.001
MOST_EXACT = 10_000  # rows of a sample, for an exact p-value


def psi(reference: Floats, current: Floats) -> float:
    """Return the population stability index of shares without zeros."""
    return float(np.sum((current - reference) * np.log(current / reference)))


def js(reference: Floats, current: Floats, base: float = 2.0) -> float:
    """Return the Jensen-Shannon distance, the root of the divergence."""
    found = float(scipy.spatial.distance.jensenshannon(reference, current, base=base))
    return 0.0 if np.isnan(found) or np.array_equal(reference, current) else found


def kl(reference: Floats, current: Floats) -> float:
    return float(scipy.stats.entropy(reference, current))


def hellinger(reference: Floats, current: Floats) -> float:
    return float(np.sqrt(np.sum((np.sqrt(reference) - np.sqrt(current)) ** 2) / 2))


def l_infinity(reference: Floats, current: Floats) -> float:
    return float(np.max(np.abs(reference - current)))


def total_variation(reference: Floats, current: Floats) -> float:
    return float(np.sum(np.abs(reference - current)) / 2)


def euclidean(reference: Floats, current: Floats) -> float:
    """Return the distance of two lists of shares, at most the square root of 2: Azure's for categories."""
    return float(np.sqrt(np.sum((reference - current) ** 2)))


def ks(reference: Points, current: Points) -> tuple[float, float]:
    """Return the Kolmogorov-Smirnov statistic and its p-value: exact up to 10,000 rows."""
    n, m = reference.size, current.size
    if max(n, m) <= MOST_EXACT:
        found = scipy.stats.ks_2samp(reference.rows(), current.rows())
        return float(found.statistic), float(found.pvalue)
    statistic = ks_statistic(reference, current)
    return statistic, float(np.clip(scipy.stats.kstwo.sf(statistic, np.round(n * m / (n + m))), 0, 1))


def ks_statistic(reference: Points, current: Points) -> float:
    """Return the greatest difference of the distribution functions."""
    values = np.union1d(reference.values, current.values)
    return float(np.max(np.abs(_distribution(reference, values) - _distribution(current, values))))


def wasserstein(reference: Points, current: Points) -> float:
    return float(scipy.stats.wasserstein_distance(reference.values, current.values, reference.counts, current.counts))


def energy(reference: Points, current: Points) -> float:
    return float(scipy.stats.energy_distance(reference.values, current.values, reference.counts, current.counts))


def sd(sample: Points, *, of_population: bool) -> float:
    """Return the standard deviation, at least 0.001: the divisor of normalised distances."""
    if sample.size < 2:
        return LEAST_SD
    variance = sample.moment(2)
    return max(float(np.sqrt(variance if of_population else variance * sample.size / (sample.size - 1))), LEAST_SD)


def _distribution(sample: Points, values: Floats) -> Floats:
    ends = np.concatenate([[0.0], sample.cumulated])
    return ends[np.searchsorted(sample.values, values, side="right")] / sample.size


def chi2_contingency(reference: Floats, current: Floats, *, corrected: bool) -> tuple[float, float]:
    """Return chi-square and its p-value from the counts of two samples; `corrected`: Yates' correction for a 2 x 2 table."""
    table = np.array([reference, current])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 0.0, 1.0
    found = scipy.stats.chi2_contingency(table, correction=corrected)
    return float(found.statistic), float(found.pvalue)


def chi2_fit(reference: Floats, current: Floats) -> float:
    """Return the p-value of the goodness of fit, with the reference taken as exact; 0 if a category is new."""
    expected = reference / reference.sum() * current.sum()
    if np.any((expected == 0) & (current > 0)):
        return 0.0
    is_known = expected > 0
    if is_known.sum() < 2:
        return 1.0
    statistic: float = np.sum((current[is_known] - expected[is_known]) ** 2 / expected[is_known])
    return float(scipy.stats.chi2.sf(statistic, is_known.sum() - 1))


def cramers_v(reference: Floats, current: Floats) -> float:
    table = np.array([reference, current]).astype(int)
    table = table[:, table.sum(axis=0) > 0]
    return float(scipy.stats.contingency.association(table, method="cramer")) if table.shape[1] > 1 else 0.0
