"""Comparisons of tables: rules, defined results for what cannot be compared, the command and its report."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from drift.conftest import pair
from support.processes.servers import trackside
from trackside.cli.main import main
from trackside.drift import comparison, magnitude, rules, tables
from trackside.drift.comparison import Comparison

DICE = np.random.default_rng(11)


def compare(reference: dict[str, Any], current: dict[str, Any], rule_set: str = "default") -> Comparison:
    return comparison.compare(
        tables.of_arrow("reference", pa.table(reference)), tables.of_arrow("current", pa.table(current)), rule_set
    )


def test_the_default_rules_find_a_shift_of_a_third_of_a_sd_and_no_noise() -> None:
    reference = {f"n{i}": DICE.normal(size=10_000) for i in range(5)} | {"c": DICE.choice(["a", "b"], 10_000)}
    same = {f"n{i}": DICE.normal(size=2_000) for i in range(5)} | {"c": DICE.choice(["a", "b"], 2_000)}
    moved = {**same, "n3": DICE.normal(0.3, size=2_000), "c": DICE.choice(["a", "b"], 2_000, p=[0.6, 0.4])}

    assert compare(reference, same).drifted_columns == []
    assert compare(reference, moved).drifted_columns == ["n3", "c"]


def test_few_rows_raise_the_threshold() -> None:
    found = compare({"x": DICE.normal(size=50)}, {"x": DICE.normal(size=50)})

    assert found.columns[0].verdict.threshold == pytest.approx(2.07 * (2 / 50) ** 0.5)


def test_evidentlys_table_has_drifted_with_half_of_its_columns() -> None:
    verdicts = [rules.Verdict(True), rules.Verdict(False), rules.Verdict(False)]

    assert not rules.of_table("evidently", verdicts)
    assert rules.of_table("evidently", verdicts[:2])
    assert rules.of_table("default", verdicts)


def test_azure_treats_integers_with_few_values_as_categories() -> None:
    reference, current = {"x": DICE.integers(0, 5, 2000)}, {"x": DICE.integers(0, 5, 2000)}

    assert compare(reference, current, "azure-v2").columns[0].verdict.signal == "jensen_shannon"
    floats = {"x": reference["x"].astype(float)}
    assert compare(floats, floats, "azure-v2").columns[0].verdict.signal == "wasserstein"


def test_nannyml_alerts_above_the_reference_s_own_chunks() -> None:
    reference = DICE.normal(size=2000)

    stable = compare({"x": reference}, {"x": DICE.normal(size=200)}, "nannyml").columns[0].verdict
    moved = compare({"x": reference}, {"x": DICE.normal(1.5, size=200)}, "nannyml").columns[0].verdict

    assert (stable.drifted, moved.drifted, stable.threshold) == (False, True, moved.threshold)


@pytest.mark.slow
def test_the_magnitude_names_the_features_that_the_classifier_uses() -> None:
    reference = {"x": DICE.normal(size=2000), "y": DICE.normal(size=2000), "c": DICE.choice(["a", "b"], 2000)}
    current = {"x": DICE.normal(2, size=1500), "y": DICE.normal(size=1500), "c": DICE.choice(["a", "b"], 1500)}

    moved, same = compare(reference, current, "azure-v1"), compare(reference, reference, "azure-v1")

    assert moved.magnitude is not None
    assert same.magnitude is not None
    assert moved.drifted
    assert moved.magnitude.value > 0.5
    assert next(iter(moved.magnitude.contributions)) == "x"
    assert (same.drifted, same.magnitude.value < 0.1) == (False, True)
    few = compare({"x": [1.0] * 49}, {"x": [1.0] * 80}, "azure-v1")
    assert (few.magnitude, few.drifted, len(few.notes)) == (None, False, 1)
    assert magnitude.LEAST_ROWS == 50


def test_incomparable_columns_have_a_defined_result(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, Any, bool, str]] = [
        ([1.0, 2.0, 3.0], [None, None], True, "no values in the current table"),
        ([None, None], [1.0, 2.0], True, "no values in the reference"),
        ([None, None], [None], False, "no values in both tables"),
        ([1.0, 2.0], ["a", "b"], True, "the type is string, and double in the reference"),
        ([float("inf")], [1.0], True, "no values in the reference"),
        ([float("nan")], [float("nan")], False, "no values in both tables"),
        ([[1], [2]], [[1], [2]], False, "columns of type list<item: int64> are not compared"),
    ]
    for reference, current, drifted, reason in cases:
        for rule_set in rules.NAMES:
            with subtests.test(reference=reference, current=current, drifted=drifted, reason=reason, rule_set=rule_set):
                found = compare({"x": pa.array(reference)}, {"x": pa.array(current)}, rule_set)

                assert [(each.verdict.drifted, each.verdict.reason) for each in found.columns] == [(drifted, reason)]


def test_extreme_numbers_give_a_result(subtests: pytest.Subtests) -> None:
    cases: list[list[Any]] = [
        [1.0],
        [2.5, 2.5],
        [1e308, -1e308],
        [0.0, 5e-324],
        [float("inf"), 1.0, None],
        [2**62, -(2**62)],
    ]
    for values in cases:
        for rule_set in rules.NAMES:
            with subtests.test(values=values, rule_set=rule_set):
                found = compare({"x": pa.array(values)}, {"x": pa.array([*values, values[0]])}, rule_set)

                assert [each.name for each in found.columns] == ["x"]
                json.dumps([each.value for each in found.columns[0].signals], allow_nan=False)


def test_a_column_without_a_signal_is_not_called_stable() -> None:
    found = compare({"x": [1.0, 2.0]}, {"x": [1.0, 2.0], "new": [1.0, 2.0]})

    assert {each.name: each.verdict.word for each in found.columns} == {"x": "stable", "new": "not judged"}


def test_a_column_of_one_table_alone_is_reported() -> None:
    found = compare({"gone": [1.0], "x": [1.0]}, {"x": [1.0], "new": [1.0]})

    assert {each.name: (each.verdict.drifted, each.verdict.reason) for each in found.columns if each.name != "x"} == {
        "gone": (True, "the column is missing in the current table"),
        "new": (False, "the column is missing in the reference"),
    }


def test_quality_has_nulls_range_and_categories() -> None:
    found = compare(
        {"n": [1.0, 2.0, None, 4.0], "c": ["a", "b", "b", "z"]},
        {"n": [0.0, 2.0, 9.0, None], "c": ["a", "new", "new", None]},
    )
    number, category = (each.quality for each in found.columns)

    assert number is not None
    assert category is not None
    assert (number.null_share_reference, number.null_share_current, number.out_of_range_share) == (0.25, 0.25, 0.5)
    assert (category.new_categories, category.new_category_share) == (["new"], 0.5)
    assert category.missing_categories == ["b", "z"]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for name in ("numeric_shift", "no_shift"):
        reference, current = pair(name)
        csv.write_csv(reference, tmp_path / f"{name}_reference.csv")
        parquet.write_table(current, tmp_path / f"{name}_current.parquet")
    return tmp_path


@pytest.fixture
def command(written: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command in this process, which has imported Arrow and SciPy; a process of its own takes a second to do so."""

    def run(*words: str) -> tuple[int, str, str]:
        with contextlib.chdir(written):
            code = main(["drift", "compare", *words])
        return code, *capsys.readouterr()

    return run


def test_the_command_exits_with_3_on_drift_and_writes_json_and_html(
    written: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    tables = ("numeric_shift_reference.csv", "numeric_shift_current.parquet")
    moved = trackside("drift", "compare", *tables, "--json", "--html", "r.html", cwd=written)
    same = command("no_shift_reference.csv", "no_shift_current.parquet")
    chosen = command(*tables, "--columns", "score")

    found = json.loads(moved[1])
    assert (moved[0], same[0], chosen[0]) == (3, 0, 0)
    assert (found["drifted_columns"], found["rows_reference"]) == (["age"], 1000)
    assert same[1].splitlines()[-1] == "no drift: 0 of 7 columns, rules default"
    page = (written / "r.html").read_text("utf-8")
    assert page.count("<svg") == 4
    assert "<script" not in page


def test_an_unreadable_source_is_reported_in_one_line(
    written: Path, command: Callable[..., tuple[int, str, str]], subtests: pytest.Subtests
) -> None:
    cases: list[tuple[list[str], str]] = [
        (["none.csv", "bad.csv"], "none.csv does not exist"),
        (["bad.parquet", "bad.parquet"], "bad.parquet cannot be read as Parquet"),
        (["bad.csv", "bad.csv"], "bad.csv cannot be read as CSV"),
        (["twice.csv", "twice.csv"], "twice.csv has the column 'a' more than once"),
        (["empty.csv", "empty.csv"], "empty.csv has no rows"),
        (["no_shift_reference.csv", "no_shift_reference.csv", "--columns", "b"], "--columns names 'b'"),
        (["no_shift_reference.csv", "no_shift_reference.csv", "--html", "no/r.html"], "--html is 'no/r.html'"),
        ([".", "."], "empty.parquet cannot be read as Parquet"),
    ]
    (written / "bad.parquet").write_bytes(b"PAR1 and no more")
    (written / "bad.csv").write_bytes(b'a,b\n1\n"')
    (written / "twice.csv").write_text("a,a\n1,2\n")
    (written / "empty.csv").write_text("a,b\n")

    for words, message in cases:
        with subtests.test(words=words, message=message):
            if words == [".", "."]:
                (written / "bad.parquet").rename(written / "empty.parquet")

            code, said, complained = command(*words)

            assert (code, said, len(complained.splitlines())) == (2, "", 1)
            assert message in complained


def test_markup_in_names_and_values_is_text_in_the_report() -> None:
    from trackside.drift import report

    evil = "<script>alert(1)</script>"
    one = tables.of_arrow(evil, pa.table({evil: [evil, "b"]}))
    other = tables.of_arrow("current", pa.table({evil: ["c<i>", "b"]}))

    page = report.html(comparison.compare(one, other), one.sums(), other.sums())

    assert "<script" not in page
    assert "<i>" not in page
