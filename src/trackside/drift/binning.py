"""Shares of values in bins, by the rules of common drift tools.  Pure."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from trackside.drift.sums import Points, merged_points

Floats: TypeAlias = Any  # an array of float64
FEW_VALUES = 20  # evidently: a numeric column with at most this many distinct values is binned by value
FLOOR = 1e-4


def sturges(reference: Points, current: Points) -> tuple[Floats, Floats]:
    """Return the shares in equal bins over both samples; Sturges' rule gives their number.  Used by evidently."""
    both = merged_points([reference, current])
    if len(both.values) <= FEW_VALUES:
        return by_value(reference, current)
    edges = _edges(both, _range(both) / (np.log2(both.size) + 1.0))
    return _shares(reference, edges), _shares(current, edges)


def equal(reference: Points, current: Points) -> tuple[Floats, Floats]:
    """Return the counts in ceil(log2(n) + 1) equal bins over both samples, with n of the smaller one.  Used by Azure."""
    count = int(np.ceil(np.log2(min(reference.size, current.size)) + 1))
    low, high = min(reference.values[0], current.values[0]), max(reference.values[-1], current.values[-1])
    edges = np.linspace(low, high, count + 1)
    if edges[0] == edges[-1]:
        return np.array([float(reference.size)]), np.array([float(current.size)])
    return _counts(reference, edges), _counts(current, edges)


def doane(reference: Points, current: Points) -> tuple[Floats, Floats]:
    """Return the shares in bins of the reference by Doane's rule, and one bin for the values outside of them.  Used by
    NannyML."""
    if len(reference.values) <= 1:
        return by_value(reference, current)
    edges = _edges(reference, _doane_width(reference))
    return _with_outside(reference, edges), _with_outside(current, edges)


def deciles(reference: Points, current: Points) -> tuple[Floats, Floats]:
    """Return the shares between the deciles of the reference, with open ends.  Used in credit scoring."""
    inner = np.unique(reference.quantiles(np.linspace(0, 1, 11)[1:-1]))
    edges = np.concatenate([[-np.inf], inner, [np.inf]])
    return _cut(reference, edges), _cut(current, edges)


def by_value(reference: Points, current: Points) -> tuple[Floats, Floats]:
    """Return the share of each distinct value."""
    first, second = counts_by_value(reference, current)
    return first / reference.size, second / current.size


def counts_by_value(reference: Points, current: Points) -> tuple[Floats, Floats]:
    values = np.union1d(reference.values, current.values)
    return _count_of(reference, values), _count_of(current, values)


def filled(shares: Floats) -> Floats:
    """Replace empty bins by 1e-4, or by a millionth of the smallest share if that is 1e-4 or less.  Used by evidently."""
    least = shares[shares > 0].min()
    return np.where(shares == 0, least / 1e6 if least <= FLOOR else FLOOR, shares)


def floored(shares: Floats) -> Floats:
    return np.maximum(shares, FLOOR)


def smoothed(counts: Floats) -> Floats:
    """Return the shares after adding one value to each bin (Laplace smoothing)."""
    return (counts + 1) / (counts.sum() + len(counts))


def _range(sample: Points) -> float:
    return float(sample.values[-1] - sample.values[0])


def _doane_width(sample: Points) -> float:
    size = sample.size
    sigma = np.sqrt(sample.moment(2))
    if size <= 2 or sigma <= 0:
        return 0.0
    spread = np.sqrt(6.0 * (size - 2) / ((size + 1.0) * (size + 3)))
    skewness = np.average(((sample.values - sample.mean) / sigma) ** 3, weights=sample.counts)
    return float(_range(sample) / (1.0 + np.log2(size) + np.log2(1.0 + np.absolute(skewness) / spread)))


def _edges(sample: Points, width: float) -> Floats:
    """Return equal bins over the sample's range, as many as `numpy.histogram_bin_edges` gives for a width."""
    count = int(np.ceil(_range(sample) / width)) if width else 1
    return np.linspace(sample.values[0], sample.values[-1], count + 1)


def _count_of(sample: Points, values: Floats) -> Floats:
    into = np.zeros(len(values))
    into[np.searchsorted(values, sample.values)] = sample.counts
    return into


def _counts(sample: Points, edges: Floats) -> Floats:
    return np.histogram(sample.values, edges, weights=sample.counts)[0].astype(float)


def _shares(sample: Points, edges: Floats) -> Floats:
    return _counts(sample, edges) / sample.size


def _with_outside(sample: Points, edges: Floats) -> Floats:
    shares = _shares(sample, edges)
    outside = 1 - shares.sum()
    return np.append(shares, outside if abs(outside) > 1e-12 else 0.0)


def _cut(sample: Points, edges: Sequence[float] | Floats) -> Floats:
    """Return the shares in [a, b)."""
    places = np.searchsorted(np.asarray(edges)[1:-1], sample.values, side="right")
    return np.bincount(places, weights=sample.counts, minlength=len(edges) - 1) / sample.size
