"""Shares of values in bins, by the rules that drift tools use.  Pure."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

Floats: TypeAlias = Any  # an array of float64
Values: TypeAlias = Any  # an array of numbers or codes
FEW_VALUES = 20  # evidently: a number column with so many distinct values at most is binned by value
FLOOR = 1e-4


def sturges(reference: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Return the shares in equal bins over both samples, as many as Sturges' rule gives for both; evidently."""
    if len(np.union1d(reference, current)) <= FEW_VALUES:
        return by_value(reference, current)
    edges = np.histogram_bin_edges(np.concatenate([reference, current]), bins="sturges")
    return _shares(reference, edges), _shares(current, edges)


def equal(reference: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Return the counts in equal bins over both samples, ceil(log2(n) + 1) for the smaller one; Azure."""
    count = int(np.ceil(np.log2(min(len(reference), len(current))) + 1))
    both = np.concatenate([reference, current])
    edges = np.linspace(both.min(), both.max(), count + 1)
    if edges[0] == edges[-1]:
        return np.array([float(len(reference))]), np.array([float(len(current))])
    return _counts(reference, edges), _counts(current, edges)


def doane(reference: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Return the shares in bins of the reference by Doane's rule, and one bin for the values outside of them; NannyML."""
    if len(np.unique(reference)) <= 1:
        return by_value(reference, current)
    edges = np.histogram_bin_edges(reference, bins="doane")
    return _with_outside(reference, edges), _with_outside(current, edges)


def deciles(reference: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Return the shares between the deciles of the reference, with open ends; credit scoring."""
    inner = np.unique(np.quantile(reference, np.linspace(0, 1, 11)[1:-1]))
    edges = np.concatenate([[-np.inf], inner, [np.inf]])
    return _cut(reference, edges), _cut(current, edges)


def by_value(reference: Values, current: Values) -> tuple[Floats, Floats]:
    """Return the share of each distinct value."""
    first, second = counts_by_value(reference, current)
    return first / len(reference), second / len(current)


def counts_by_value(reference: Values, current: Values) -> tuple[Floats, Floats]:
    values = np.unique(np.concatenate([reference, current]))
    return _count_of(reference, values), _count_of(current, values)


def filled(shares: Floats) -> Floats:
    """Replace empty bins: by 1e-4, or by a millionth of the smallest share where that is 1e-4 or less; evidently."""
    least = shares[shares > 0].min()
    return np.where(shares == 0, least / 1e6 if least <= FLOOR else FLOOR, shares)


def floored(shares: Floats) -> Floats:
    return np.maximum(shares, FLOOR)


def smoothed(counts: Floats) -> Floats:
    """Return shares after one more value in each bin (Laplace)."""
    return (counts + 1) / (counts.sum() + len(counts))


def _count_of(sample: Values, values: Values) -> Floats:
    found, counts = np.unique(sample, return_counts=True)
    into = np.zeros(len(values))
    into[np.searchsorted(values, found)] = counts
    return into


def _counts(sample: Floats, edges: Floats) -> Floats:
    return np.histogram(sample, edges)[0].astype(float)


def _shares(sample: Floats, edges: Floats) -> Floats:
    return _counts(sample, edges) / len(sample)


def _with_outside(sample: Floats, edges: Floats) -> Floats:
    shares = _shares(sample, edges)
    outside = 1 - shares.sum()
    return np.append(shares, outside if abs(outside) > 1e-12 else 0.0)


def _cut(sample: Floats, edges: Sequence[float] | Floats) -> Floats:
    """Return the shares in [a, b)."""
    places = np.searchsorted(np.asarray(edges)[1:-1], sample, side="right")
    return np.bincount(places, minlength=len(edges) - 1) / len(sample)
