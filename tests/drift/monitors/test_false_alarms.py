"""The rate of false alerts of the default rule in a year without drift, and the rate of detected shifts: seeded simulations.

30 columns (20 numeric of six kinds, 10 categorical of 2 to 50 values) have daily windows of 1,000 rows.  The rule judges the last
two windows together, as `evaluation.judge` does.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from trackside.drift import rules, sums
from trackside.drift.sums import ColumnSums

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
ROWS, DAYS = 1000, 365
Dice = np.random.Generator
KINDS: dict[str, Callable[[Dice, int], np.ndarray]] = {
    "normal": lambda dice, n: dice.normal(size=n),
    "lognormal": lambda dice, n: dice.lognormal(size=n),
    "uniform": lambda dice, n: dice.uniform(size=n),
    "t5": lambda dice, n: dice.standard_t(5, size=n),
    "exponential": lambda dice, n: dice.exponential(size=n),
    "poisson": lambda dice, n: dice.poisson(4, size=n).astype(float),
}
NUMERIC = [list(KINDS)[at % len(KINDS)] for at in range(20)]
SIZES = [2, 3, 5, 8, 10, 15, 20, 30, 40, 50]


def numbers(values: np.ndarray) -> ColumnSums:
    points = sums.compressed(sums.of_numbers(values))
    return ColumnSums(name="c", kind="numeric", type="double", rows=len(values), points=points)


def categories(counts: np.ndarray) -> ColumnSums:
    labels = {f"v{at}": int(count) for at, count in enumerate(counts) if count}
    return ColumnSums(name="c", kind="category", type="string", rows=int(counts.sum()), labels=labels)


def alerts(reference: ColumnSums, windows: list[ColumnSums]) -> int:
    """Return how often a column goes over its threshold, each time once until it is below again."""
    before, found = False, 0
    for one, other in pairwise(windows):
        verdict = rules.pooled(reference, sums.merged([one, other]))
        is_over = verdict is not None and verdict.drifted
        found += is_over and not before
        before = is_over
    return found


def test_a_year_of_thirty_stable_columns_raises_less_than_one_alert_a_quarter() -> None:
    dice = np.random.default_rng(2026)
    found = 0
    for kind in NUMERIC:
        reference = numbers(KINDS[kind](dice, 10_000))
        found += alerts(reference, [numbers(KINDS[kind](dice, ROWS)) for _ in range(DAYS)])
    for size in SIZES:
        shares = dice.dirichlet(np.full(size, 5.0))
        reference = categories(dice.multinomial(10_000, shares))
        found += alerts(reference, [categories(dice.multinomial(ROWS, shares)) for _ in range(DAYS)])

    assert found == 0  # the published figure of the rule


def test_a_day_effect_of_three_hundredths_of_a_standard_deviation_raises_four_alerts_a_year_at_most() -> None:
    dice = np.random.default_rng(7)
    found = 0
    for _ in range(20):
        effects = dice.normal(0, 0.03, DAYS + 28)
        days = [numbers(dice.normal(effect, 1, ROWS)) for effect in effects]
        found += alerts(sums.merged(days[:28]), days[28:])

    assert found <= 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_shift_of_three_tenths_of_a_standard_deviation_is_found_within_two_windows(kind: str) -> None:
    dice = np.random.default_rng(11)
    trials, found = 200, 0
    for _ in range(trials):
        reference = KINDS[kind](dice, 10_000)
        shift = 0.3 * reference.std()
        window = numbers(KINDS[kind](dice, 2 * ROWS) + shift)
        verdict = rules.pooled(numbers(reference), window)
        found += verdict is not None and verdict.drifted

    assert found / trials >= 0.98


def test_a_share_that_moves_by_ten_points_is_found_within_two_windows() -> None:
    dice = np.random.default_rng(13)
    found = 0
    for size in SIZES * 20:
        shares = dice.dirichlet(np.full(size, 5.0))
        moved = shares * 0.9
        moved[int(np.argmin(shares))] += 0.1
        reference = categories(dice.multinomial(10_000, shares))
        verdict = rules.pooled(reference, categories(dice.multinomial(2 * ROWS, moved)))
        found += verdict is not None and verdict.drifted

    assert found / (20 * len(SIZES)) >= 0.98


def test_weekends_that_differ_raise_two_alerts_a_quarter_at_most_and_a_shift_is_still_found() -> None:
    """Days are moved by 0.05 sd, weekends by 0.1 sd.  The baseline has four weeks; a day is compared with the same weekdays."""
    dice = np.random.default_rng(17)
    quarters, columns, length, weeks = 2, 30, 92, 28
    found = hits = shifts = 0
    for _ in range(quarters * columns):
        effects = dice.normal(0, 0.05, weeks + length) + 0.1 * (np.arange(weeks + length) % 7 > 4)
        days = [numbers(dice.normal(effect, 1, ROWS)) for effect in effects]
        of_day = [sums.merged(days[day:weeks:7]) for day in range(7)]
        same = [sums.merged([of_day[day - 1], of_day[day]]) for day in range(7)]  # of the window and the one before it
        before = False
        for at in range(weeks + 1, weeks + length):
            verdict = rules.pooled(same[at % 7], sums.merged(days[at - 1 : at + 1]))
            is_over = verdict is not None and verdict.drifted
            found += is_over and not before
            before = is_over
        at = int(dice.integers(weeks + 1, weeks + length))
        moved = [numbers(dice.normal(effects[day] + 0.3, 1, ROWS)) for day in (at - 1, at)]
        verdict = rules.pooled(same[at % 7], sums.merged(moved))
        hits += verdict is not None and verdict.drifted
        shifts += 1

    assert found / quarters <= 2
    assert hits / shifts >= 0.95
