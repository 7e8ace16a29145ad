"""All signals of a column.  Pure.

A signal is a name, a variant and a value.  Several formulas have the same name in the field; the variant tells them apart.
"""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from msgspec import Struct

from trackside.drift import binning, distances
from trackside.drift.sums import ColumnSums, Floats, Points

NATURAL = float(np.e)

# Variants, with their names in results and documentation.
TWO_SAMPLES = "two samples"
PLAIN = "plain"
BY_POPULATION_SD = "divided by the population sd of the reference (evidently)"
BY_SAMPLE_SD = "divided by the sample sd of the reference (azure)"
JS_EVIDENTLY = "natural logarithm, Sturges bins over both (evidently)"
JS_AZURE = "base 2, equal bins over both (azure)"
JS_NANNYML = "base 2, Doane bins of the reference (nannyml)"
PSI_EVIDENTLY = "Sturges bins over both, empty bins filled (evidently)"
PSI_AZURE = "equal bins over both, one more value in each (azure)"
PSI_DECILES = "deciles of the reference, floor 1e-4"
KL_EVIDENTLY = "natural logarithm, Sturges bins over both, empty bins filled (evidently)"
HELLINGER_NANNYML = "Doane bins of the reference (nannyml)"
BY_VALUE = "by value"
BY_VALUE_NATURAL = "natural logarithm, by value (evidently)"
BY_VALUE_BASE_2 = "base 2, by value (azure, nannyml)"
BY_VALUE_FILLED = "by value, empty ones filled (evidently)"
BY_VALUE_SMOOTHED = "by value, one more of each (azure)"
CONTINGENCY = "contingency table, Yates' correction for 2 x 2 (nannyml)"
CONTINGENCY_PLAIN = "contingency table, no correction"
FIT = "goodness of fit, the reference taken as exact (evidently, azure)"


class Signal(Struct, frozen=True, omit_defaults=True):
    name: str
    variant: str
    value: float
    p_value: float | None = None


def numeric(reference: Points, current: Points) -> list[Signal]:
    """Return the signals of two samples of numbers, neither of them empty."""
    return list(_kept(_numeric(reference, current)))


def category(reference: ColumnSums, current: ColumnSums) -> list[Signal]:
    """Return the signals of two columns of categories, neither of them empty."""
    return by_counts(*aligned(reference, current))


def by_counts(reference: Floats, current: Floats) -> list[Signal]:
    return list(_kept(_category(reference, current)))


def aligned(reference: ColumnSums, current: ColumnSums) -> tuple[Floats, Floats]:
    """Return the counts of each category in the two columns, in the order of their names."""
    first, second = reference.counts, current.counts
    labels = sorted({*first, *second})
    return (
        np.array([float(first.get(label, 0)) for label in labels]),
        np.array([float(second.get(label, 0)) for label in labels]),
    )


def value_of(signals: list[Signal], name: str, variant: str) -> Signal | None:
    return next((each for each in signals if (each.name, each.variant) == (name, variant)), None)


Made = tuple[str, str, Callable[[], float | tuple[float, float]]]


def _numeric(x: Points, y: Points) -> Iterator[Made]:
    yield "ks", TWO_SAMPLES, lambda: distances.ks(x, y)

    @cache
    def distance() -> float:
        return distances.wasserstein(x, y)

    yield "wasserstein", PLAIN, distance
    yield "wasserstein", BY_POPULATION_SD, lambda: distance() / distances.sd(x, of_population=True)
    yield "wasserstein", BY_SAMPLE_SD, lambda: distance() / distances.sd(x, of_population=False)
    yield "energy", PLAIN, lambda: distances.energy(x, y)
    yield "jensen_shannon", JS_EVIDENTLY, lambda: distances.js(*binning.sturges(x, y), base=NATURAL)
    yield "jensen_shannon", JS_AZURE, lambda: distances.js(*binning.equal(x, y))
    yield "jensen_shannon", JS_NANNYML, lambda: distances.js(*binning.doane(x, y))
    yield "psi", PSI_EVIDENTLY, lambda: distances.psi(*map(binning.filled, binning.sturges(x, y)))
    yield "psi", PSI_AZURE, lambda: distances.psi(*map(binning.smoothed, binning.equal(x, y)))
    yield "psi", PSI_DECILES, lambda: distances.psi(*map(binning.floored, binning.deciles(x, y)))
    yield "kullback_leibler", KL_EVIDENTLY, lambda: distances.kl(*map(binning.filled, binning.sturges(x, y)))
    yield "hellinger", HELLINGER_NANNYML, lambda: distances.hellinger(*binning.doane(x, y))


def _category(x: Floats, y: Floats) -> Iterator[Made]:
    p, q = x / x.sum(), y / y.sum()
    yield "l_infinity", BY_VALUE, lambda: distances.l_infinity(p, q)
    yield "total_variation", BY_VALUE, lambda: distances.total_variation(p, q)
    yield "euclidean", BY_VALUE, lambda: distances.euclidean(p, q)
    yield "jensen_shannon", BY_VALUE_BASE_2, lambda: distances.js(p, q)
    yield "jensen_shannon", BY_VALUE_NATURAL, lambda: distances.js(p, q, base=NATURAL)
    yield "psi", BY_VALUE_FILLED, lambda: distances.psi(binning.filled(p), binning.filled(q))
    yield "psi", BY_VALUE_SMOOTHED, lambda: distances.psi(binning.smoothed(x), binning.smoothed(y))
    yield "kullback_leibler", BY_VALUE_FILLED, lambda: distances.kl(binning.filled(p), binning.filled(q))
    yield "hellinger", BY_VALUE, lambda: distances.hellinger(p, q)
    yield "chi2", CONTINGENCY, lambda: distances.chi2_contingency(x, y, corrected=True)
    yield "chi2", CONTINGENCY_PLAIN, lambda: distances.chi2_contingency(x, y, corrected=False)
    yield "chi2_fit_p", FIT, lambda: distances.chi2_fit(x, y)
    yield "cramers_v", BY_VALUE, lambda: distances.cramers_v(x, y)


def _kept(made: Iterator[Made]) -> Iterator[Signal]:
    """Leave out signals that cannot be computed in floating-point numbers, such as bins over a range of 1e308."""
    for name, variant, compute in made:
        try:
            with np.errstate(all="raise", under="ignore"):
                found = compute()
        except (ValueError, FloatingPointError, ZeroDivisionError):
            continue
        value, p_value = found if isinstance(found, tuple) else (found, None)
        if np.isfinite(value):
            yield Signal(name, variant, value, p_value)
