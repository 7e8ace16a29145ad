"""Simulate how often the rule sets alert on data without drift, and how often they detect a shift.

    python bench/drift/drift_alarms.py [--days 92] [--trials 50] [--seed 2026]

30 columns (20 numeric of six kinds, 10 categorical of 2 to 50 values) have daily windows of 1,000 rows.  There are four
scenarios: independent rows, with a reference of 10,000 or of 1,000 rows; each day shifted by a normal effect of 0.03 sd, with a
reference of 28 days; the same with 0.05 sd, and weekends shifted by 0.1 sd.  With day effects all columns are normal.

An alert is a column over its threshold in a window.  The default rule judges two windows together, against the same weekdays
where the reference has 28 days; the others judge each window alone.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec.structs import replace

from trackside.drift import rules, signals, sums
from trackside.drift.sums import ColumnSums

ROWS, REFERENCE_DAYS = 1000, 28
OTHERS = ("azure-v2", "evidently", "nannyml")
Dice = np.random.Generator
Draw = Callable[[Dice, int, float], ColumnSums]  # with a shift, in standard deviations
NUMERIC: dict[str, Callable[[Dice, int, float], Any]] = {
    "normal": lambda dice, n, shift: dice.normal(shift, size=n),
    "lognormal": lambda dice, n, shift: dice.lognormal(size=n) + 2.16 * shift,
    "uniform": lambda dice, n, shift: dice.uniform(size=n) + 0.289 * shift,
    "t5": lambda dice, n, shift: dice.standard_t(5, size=n) + 1.29 * shift,
    "exponential": lambda dice, n, shift: dice.exponential(size=n) + shift,
    "poisson": lambda dice, n, shift: dice.poisson(4 + 2 * shift, size=n).astype(float),  # values stay integers
}
SIZES = (2, 3, 5, 8, 10, 15, 20, 30, 40, 50)


def numeric(kind: str) -> Draw:
    def draw(dice: Dice, size: int, shift: float) -> ColumnSums:
        points = sums.compressed(sums.of_numbers(NUMERIC[kind](dice, size, shift)))
        return ColumnSums(name="c", kind="numeric", type="double", rows=size, points=points)

    return draw


def category(shares: Any) -> Draw:
    """Return categorical values.  A shift moves at most a third of the shift in probability mass to the rarest value."""

    def draw(dice: Dice, size: int, shift: float) -> ColumnSums:
        moved = shares * (1 - abs(shift) / 3)
        moved[int(np.argmin(shares))] += abs(shift) / 3
        counts = dice.multinomial(size, moved / moved.sum())
        labels = {f"v{at}": int(count) for at, count in enumerate(counts) if count}
        return ColumnSums(name="c", kind="category", type="string", rows=size, labels=labels)

    return draw


def columns(dice: Dice) -> list[Draw]:
    kinds = list(NUMERIC)
    return [numeric(kinds[at % len(kinds)]) for at in range(20)] + [
        category(dice.dirichlet(np.full(size, 5.0))) for size in SIZES
    ]


def chunked(dice: Dice, draw: Draw, size: int, effects: list[float] | None = None) -> ColumnSums:
    """Return a reference of ten chunks, or of one chunk for each of the days whose effects are given."""
    if effects is None:
        parts = [draw(dice, size // 10, 0.0) for _ in range(10)]
    else:
        parts = [draw(dice, ROWS, effect) for effect in effects]
    whole = sums.merged(parts)
    return replace(whole, chunks=tuple(parts))


def others(reference: ColumnSums, window: ColumnSums) -> dict[str, bool]:
    found = (
        signals.numeric(reference.points, window.points)
        if reference.kind == "numeric"
        else signals.category(reference, window)
    )
    return {name: rules.RULES[name](reference, window, found).drifted for name in OTHERS}


def pooled(reference: ColumnSums, one: ColumnSums, other: ColumnSums) -> bool:
    verdict = rules.pooled(reference, sums.merged([one, other]))
    return verdict is not None and verdict.drifted


def alarms(world: str, days: int, seed: int) -> dict[str, int]:
    """Count the alerts of `days` windows of 30 columns."""
    dice = np.random.default_rng(seed)
    found = dict.fromkeys(("default", *OTHERS), 0)
    spread = {"day effect .03 sd": 0.03, ".05 sd + weekend .1 sd": 0.05}.get(world)
    weekend = 0.1 if "weekend" in world else 0.0
    for draw in columns(dice) if spread is None else [numeric("normal")] * 30:
        if spread is None:
            reference = chunked(dice, draw, 1000 if world.endswith("1,000") else 10_000)
            windows = [draw(dice, ROWS, 0.0) for _ in range(days)]
            same = dict.fromkeys(range(7), reference)
        else:
            effects = [dice.normal(0, spread) + weekend * (day % 7 > 4) for day in range(REFERENCE_DAYS + days)]
            made = [draw(dice, ROWS, effect) for effect in effects]
            reference, windows = chunked(dice, draw, 0, effects[:REFERENCE_DAYS]), made[REFERENCE_DAYS:]
            by_day = [sums.merged(made[day:REFERENCE_DAYS:7]) for day in range(7)]
            same = {day: sums.merged([by_day[(day - 1) % 7], by_day[day]]) for day in range(7)}
        for at, window in enumerate(windows):
            for name, is_over in others(reference, window).items():
                found[name] += is_over
            found["default"] += at > 0 and pooled(same[at % 7], windows[at - 1], window)
    return found


def detected(trials: int, seed: int) -> dict[str, tuple[float, float]]:
    """Return the shares of trials in which a shift of 0.3 sd, or of up to ten points of mass, is detected within two windows:
    numeric, categorical."""
    dice = np.random.default_rng(seed)
    found = {name: [0, 0] for name in ("default", *OTHERS)}
    counts = [0, 0]
    for at, draw in enumerate(columns(dice)):
        is_category = int(at >= 20)
        for _ in range(trials):
            counts[is_category] += 1
            reference = chunked(dice, draw, 10_000)
            one, other = draw(dice, ROWS, 0.3), draw(dice, ROWS, 0.3)
            hits = [others(reference, each) for each in (one, other)]
            for name in OTHERS:
                found[name][is_category] += any(each[name] for each in hits)
            found["default"][is_category] += pooled(reference, one, other)
    return {name: (hits[0] / counts[0], hits[1] / counts[1]) for name, hits in found.items()}


WORLDS = ("iid, reference of 10,000", "iid, reference of 1,000", "day effect .03 sd", ".05 sd + weekend .1 sd")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=92)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seed", type=int, default=2026)
    given = parser.parse_args()
    counted = {world: alarms(world, given.days, given.seed) for world in WORLDS}
    shares = detected(given.trials, given.seed + 1)
    print(f"Alerts of 30 columns in {given.days} days; share of shifts that are found (numeric; categorical)\n")
    print(f"| rules | {' | '.join(WORLDS)} | found |")
    print(f"|---{'|---:' * len(WORLDS)}|---|")
    for name in ("default", *OTHERS):
        row = " | ".join(str(counted[world][name]) for world in WORLDS)
        print(f"| {name} | {row} | {shares[name][0]:.3f}; {shares[name][1]:.3f} |")


if __name__ == "__main__":
    main()
