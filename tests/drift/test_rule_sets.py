"""The rule sets of other tools against what these tools do: recomputed here from their documentation with numpy and scipy alone,
or as `expected.json` has it from the tools themselves."""

import json
from typing import Any

import numpy as np
import pytest
import scipy  # its parts are imported where they are used: they take a second

from drift.conftest import DATA, pair
from trackside.drift import comparison, magnitude, rules, tables
from trackside.drift.comparison import ColumnResult

EXPECTED = json.loads((DATA / "expected.json").read_text())
NAMES = ("numeric_shift", "categorical_shift", "no_shift")
CHUNKS, SDS = 10, 3


def results(name: str, rule_set: str) -> dict[str, ColumnResult]:
    reference, current = (tables.of_arrow(side, table) for side, table in zip("rc", pair(name), strict=True))
    return {each.name: each for each in comparison.compare(reference, current, rule_set).columns}


def columns(name: str) -> dict[str, tuple[Any, Any]]:
    reference, current = pair(name)
    return {each: (reference[each].to_numpy(), current[each].to_numpy()) for each in reference.column_names}


def shares(labels: list[Any], values: Any) -> Any:
    return np.array([(values == label).mean() for label in labels])


def js_of_categories(reference: np.ndarray, current: np.ndarray) -> float:
    labels = sorted({*reference.tolist(), *current.tolist()})
    return float(scipy.spatial.distance.jensenshannon(shares(labels, reference), shares(labels, current), base=2))


def js_of_numbers(reference: np.ndarray, current: np.ndarray) -> float:
    """NannyML: Doane's bins of the reference, and one for what lies outside of them."""
    edges = np.histogram_bin_edges(reference.astype(float), bins="doane")  # bins of integers would be whole numbers
    found: list[Any] = []
    for side in (reference, current):
        inside = np.histogram(side, edges)[0] / len(side)
        found.append(np.append(inside, max(0.0, 1 - inside.sum())))
    return float(scipy.spatial.distance.jensenshannon(*found, base=2))


def test_azure_v2_alerts_from_a_tenth_of_its_distances_on(subtests: pytest.Subtests) -> None:
    for name in NAMES:
        with subtests.test(name=name):
            found = results(name, "azure-v2")

            for column, (reference, current) in columns(name).items():
                is_number = reference.dtype.kind in "if"
                is_category = not is_number or (
                    reference.dtype.kind == "i" and len(set(reference)) < 0.05 * len(reference)
                )
                if is_category:
                    value = js_of_categories(reference, current)
                else:
                    value = scipy.stats.wasserstein_distance(reference, current) / reference.std(ddof=1)
                verdict = found[column].verdict
                assert verdict.value == pytest.approx(value, abs=1e-9), column
                assert verdict.threshold == 0.1
                assert verdict.drifted == (value >= 0.1), column
            assert {each for each in found if found[each].verdict.drifted}.isdisjoint({"flag"})


def test_nannyml_alerts_three_standard_deviations_above_the_chunks_of_the_reference(subtests: pytest.Subtests) -> None:
    for name in NAMES:
        with subtests.test(name=name):
            found = results(name, "nannyml")

            for column, (reference, current) in columns(name).items():
                distance = js_of_numbers if found[column].kind == "numeric" else js_of_categories
                own = np.array([distance(reference, chunk) for chunk in np.array_split(reference, CHUNKS)])
                value, threshold = distance(reference, current), own.mean() + SDS * own.std()
                verdict = found[column].verdict
                assert verdict.value == pytest.approx(value, abs=1e-9), column
                assert verdict.threshold == pytest.approx(threshold, abs=1e-9), column
                assert verdict.drifted == (value > threshold), column


def test_evidently_finds_a_table_drifted_with_half_of_its_columns(subtests: pytest.Subtests) -> None:
    for name in NAMES:
        with subtests.test(name=name):
            reference, current = (tables.of_arrow(side, table) for side, table in zip("rc", pair(name), strict=True))
            expected = [value["evidently"]["drifted"] for key, value in EXPECTED.items() if key.startswith(f"{name}/")]

            found = comparison.compare(reference, current, "evidently")

            assert sorted(found.drifted_columns) == sorted(
                key.partition("/")[2] for key, value in EXPECTED.items()
                if key.startswith(f"{name}/") and value["evidently"]["drifted"]
            )  # fmt: skip
            assert found.drifted == (sum(expected) >= 0.5 * len(expected))


@pytest.mark.slow
def test_azure_v1_does_not_alert_for_five_columns_that_moved_by_a_third(subtests: pytest.Subtests) -> None:
    """Thirty columns of 1,000 rows: means of seeded trials."""
    cases: list[tuple[int, float, float, float]] = [
        (0, 0.0, 0.0, 0.1),
        (1, 0.3, 0.0, 0.15),
        (5, 0.3, 0.05, 0.2),
        (1, 1.0, 0.2, 0.5),
    ]
    for moved, by, low, high in cases:
        with subtests.test(moved=moved, by=by, low=low, high=high):
            found = []
            for seed in range(3):
                dice = np.random.default_rng(seed)
                reference = {f"n{at}": dice.normal(size=1000) for at in range(30)}
                current = {f"n{at}": dice.normal(by if at < moved else 0.0, size=1000) for at in range(30)}
                import pyarrow as pa

                one, other = tables.of_arrow("r", pa.table(reference)), tables.of_arrow("c", pa.table(current))
                pairs = {name: (one.columns[name], other.columns[name]) for name in reference}
                judged = magnitude.magnitude(pairs, one.rows, other.rows)
                assert judged is not None
                found.append(judged.value)

            mean = float(np.mean(found))
            assert low <= mean <= high, found
            assert (mean > rules.V1_MAGNITUDE) == (by == 1.0)
