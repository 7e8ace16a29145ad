"""Orders of the child process: signals of quality, performance and attribution, and windows that are judged from their sums."""

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from msgspec.structs import replace

from drift.conftest import DATA
from drift.monitors.conftest import DAY, MONDAY, write
from trackside.drift.monitors import child, outcomes, profiles
from trackside.drift.monitors.evaluation import Result
from trackside.drift.monitors.exchange import Answer, File, Judged, Known, Order
from trackside.drift.monitors.model import Baseline, Config, Score, Target
from trackside.drift.monitors.rows import Refused

ROWS = 1000
TABLE = Config(target=Target(table="t", timestamp="time"), baseline=Baseline(table="b"), magnitude=False)


def table(seed: int, *, days: int = 1, first: int = MONDAY, rows: int = ROWS, **columns: Any) -> pa.Table:
    """Return rows of some days, the columns `a` and `b` of normal numbers, and others as given."""
    dice = np.random.default_rng(seed)
    size = days * rows
    times = first + np.repeat(np.arange(days), rows) * DAY + dice.integers(0, DAY, size)
    made = {
        "time": pa.array(times, pa.timestamp("ms", "UTC")),
        "a": dice.normal(size=size),
        "b": dice.normal(size=size),
    }
    return pa.table({**made, **columns})


def days(count: int, first: int = MONDAY) -> list[tuple[int, int]]:
    return [(first + day * DAY, first + (day + 1) * DAY) for day in range(count)]


def work(
    folder: Path, config: Config, target: pa.Table | None, reference: pa.Table | None, count: int = 1, **more: Any
) -> Answer:
    """Judge the first days of the target."""
    order = Order(
        config=config,
        windows=[] if target is None else days(count),
        judged=[start for start, _ in days(count)],
        files=[] if target is None else [File(write(target, folder / "target.parquet"))],
        baseline_files=[] if reference is None else [write(reference, folder / "baseline.parquet")],
    )
    return child.work(replace(order, **more))


def known(answer: Answer) -> list[Known]:
    return [Known(each.slice, each.start, each.end, each.sums, each.result.decode()) for each in answer.windows]


def result(judged: Judged) -> Result:
    return msgspec.json.decode(judged.result, type=Result)


def over(judged: Judged) -> set[tuple[str, str]]:
    return {(each.column, each.subject) for each in judged.scores if each.is_over}


def score(judged: Judged, subject: str) -> Score:
    return next(each for each in judged.scores if each.subject == subject)


def test_nulls_infinities_values_out_of_range_and_new_categories_are_counted_by_column(tmp_path: Path) -> None:
    dice = np.random.default_rng(5)
    flat = dice.uniform(0, 1, ROWS)
    baseline = table(1, days=10).append_column("plan", pa.array(["free", "pro"] * 5 * ROWS))
    baseline = baseline.append_column("flat", pa.array(dice.uniform(0, 1, 10 * ROWS)))
    holes = [None if at < 200 else float(at % 7) for at in range(ROWS)]
    far = np.where(np.arange(ROWS) < 100, 5.0, flat)
    far[900:] = np.inf
    baseline = baseline.append_column("holes", pa.array([float(at % 7) for at in range(10 * ROWS)]))
    target = table(2, plan=["gold" if at < 70 else "free" if at % 2 else "pro" for at in range(ROWS)], flat=far)
    target = target.append_column("holes", pa.array(holes))

    (judged,) = work(tmp_path, TABLE, target, baseline.drop_columns(["time"])).windows

    quality = {key for key in over(judged) if key[1] != "drift"}
    assert quality == {("plan", "new_categories"), ("flat", "out_of_range"), ("flat", "infinite"), ("holes", "nulls")}
    assert score(judged, "nulls").value == 0.2
    assert score(judged, "out_of_range").value == pytest.approx(0.1, abs=0.005)
    assert score(judged, "infinite").value == 0.1
    assert score(judged, "new_categories").value == 0.07


def test_values_of_another_type_in_a_request_log_are_type_errors(tmp_path: Path) -> None:
    config = Config(target=Target(endpoint="iris"), baseline=Baseline(table="b"))
    misfits = [["a"] if at < 150 else [] for at in range(ROWS)]
    requests = table(2).rename_columns(["_time", "a", "b"])
    numbers = [None if at < 150 else value for at, value in enumerate(requests["a"].to_pylist())]
    requests = requests.set_column(1, "a", pa.array(numbers)).append_column("_misfits", pa.array(misfits))

    (judged,) = work(tmp_path, config, requests, table(1, days=10).drop_columns(["time"])).windows

    assert [key for key in over(judged) if key[1] != "drift"] == [("a", "type_errors")]
    assert score(judged, "type_errors").value == 0.15


def test_a_deployment_is_compared_without_the_requests_of_others(tmp_path: Path) -> None:
    config = Config(target=Target(endpoint="iris", deployment="blue"), baseline=Baseline(past_windows=5))
    requests = table(3, days=3).rename_columns(["_time", "a", "b"])
    shifted = np.where(np.arange(3 * ROWS) % 2, 5.0, 0.0) + requests["a"].to_numpy()
    requests = requests.set_column(1, "a", pa.array(shifted))
    requests = requests.append_column("_deployment", pa.array(["blue", "green"] * (3 * ROWS // 2)))

    first, second, third = work(tmp_path, config, requests, None, 3).windows

    assert [each.rows for each in (first, second, third)] == [ROWS // 2] * 3
    assert result(first).notes == ["There are no earlier windows for a comparison yet."]
    assert (result(third).reference, result(third).rows_reference) == ("1 windows of the past", ROWS // 2)
    assert over(third) == set()
    assert max(abs(each.mean or 0.0) for each in result(third).columns) < 1  # those of green are around 5


@pytest.mark.slow
def test_a_change_of_the_deciding_features_is_attribution_drift(tmp_path: Path) -> None:
    config = replace(TABLE, attribution=True)
    baseline, target = table(1, days=5), table(2, days=2)
    by_a = pa.array((baseline["a"].to_numpy() > 0).astype(int))
    kinds = np.where(np.arange(2 * ROWS) < ROWS, target["a"].to_numpy() > 0, target["b"].to_numpy() > 0)
    target = target.append_column("prediction", pa.array(kinds.astype(int)))

    same, other = work(
        tmp_path, config, target, baseline.append_column("prediction", by_a).drop_columns(["time"]), 2
    ).windows

    assert ("", "attribution") not in over(same)
    assert ("", "attribution") in over(other)
    assert next(iter(result(same).importances)) == "a"
    assert next(iter(result(other).importances)) == "b"


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_worse_model_is_a_loss_of_performance(tmp_path: Path, task: str) -> None:
    config = replace(TABLE, task=task)
    dice = np.random.default_rng(4)

    def judged_by(rows: pa.Table, share: float, spread: float) -> pa.Table:
        size = rows.num_rows
        if task == "regression":
            truth = rows["a"].to_numpy()
            made = {"prediction": truth + dice.normal(0, spread, size), "label": truth}
        else:
            truth = (rows["a"].to_numpy() > 0).astype(int)
            made = {"prediction": np.where(np.arange(size) % 100 < share * 100, 1 - truth, truth), "label": truth}
        for name, values in made.items():
            rows = rows.append_column(name, pa.array(values))
        return rows

    baseline = judged_by(table(1, days=5), 0.1, 1.0).drop_columns(["time"])

    (good,) = work(tmp_path, config, judged_by(table(2), 0.1, 1.0), baseline).windows
    (bad,) = work(tmp_path, config, judged_by(table(3), 0.3, 1.5), baseline).windows

    assert (("", "performance") in over(good), ("", "performance") in over(bad)) == (False, True)
    assert result(bad).labelled == ROWS


def test_without_labels_the_performance_is_estimated_from_scores_that_the_baseline_calibrates(tmp_path: Path) -> None:
    config = replace(TABLE, score="score")
    dice = np.random.default_rng(8)

    def scored(rows: pa.Table, *, hard: bool) -> tuple[pa.Table, float]:
        """Scores that are too sure of themselves: the chance is their square root.  `hard` cases are near one half."""
        chance = dice.uniform(0.4, 0.6, rows.num_rows) if hard else dice.uniform(0, 1, rows.num_rows)
        truth = (dice.uniform(0, 1, rows.num_rows) < chance).astype(int)
        prediction = (chance >= 0.5).astype(int)
        for name, values in {"score": chance**2, "prediction": prediction, "label": truth}.items():
            rows = rows.append_column(name, pa.array(values))
        return rows, float((truth == prediction).mean())

    baseline, _ = scored(table(1, days=20), hard=False)
    target, realised = scored(table(2, rows=5000), hard=True)

    (judged,) = work(tmp_path, config, target.drop_columns(["label"]), baseline.drop_columns(["time"])).windows

    found = result(judged)
    assert (found.performance, found.labelled) == ({}, 0)
    assert found.performance_reference["accuracy"] > 0.7
    assert found.estimated["accuracy"] == pytest.approx(realised, abs=0.03)


def read(part: str) -> tuple[np.ndarray, list[int], list[int]]:
    with (DATA / "cbpe.csv").open() as file:
        rows = [each for each in csv.DictReader(file) if each["part"] == part]
    scores = np.array([float(each["score"]) for each in rows])
    return scores, [int(each["pred"]) for each in rows], [int(each["y"]) for each in rows]


@pytest.mark.parametrize("part", ["same", "shift"])
def test_estimated_performance_equals_nannyml(part: str) -> None:
    expected = json.loads((DATA / "cbpe_expected.json").read_text())[part]
    scores, predictions, labels = read("ref")
    calibration = outcomes.calibrate(scores, labels, predictions)
    assert calibration is not None
    scores, predictions, labels = read(part)

    halves = [
        outcomes.of_rows(predictions[at], scores[at], labels[at], is_regression=False)
        for at in (slice(0, 333), slice(333, None))
    ]
    found = outcomes.merged(halves)

    estimated, realised = outcomes.estimated(found, calibration), outcomes.realised(found, calibration.positive)
    assert estimated["accuracy"] == pytest.approx(expected["nannyml_estimated"]["accuracy"], abs=1e-12)
    assert estimated["f1"] == pytest.approx(expected["nannyml_estimated"]["f1"], abs=1e-12)
    assert estimated["roc_auc"] == pytest.approx(expected["nannyml_estimated"]["roc_auc"], abs=1e-8)
    for name in ("accuracy", "f1", "roc_auc"):
        assert realised[name] == pytest.approx(expected["realised"][name], abs=1e-12)


def test_windows_merge_from_their_sums_as_if_all_rows_were_read(tmp_path: Path) -> None:
    target = table(7, days=8)
    whole = work(tmp_path, replace(TABLE, window="week"), target, table(1, days=10).drop_columns(["time"]))
    daily = work(tmp_path, TABLE, target, table(1, days=10).drop_columns(["time"]), 8)

    from trackside.drift import distances, sums

    merged = sums.merged_tables([profiles.decode(each.sums).table for each in daily.windows[:7]])
    week = child.work(
        Order(
            config=TABLE,
            windows=[(MONDAY, MONDAY + 7 * DAY)],
            judged=[MONDAY],
            files=[File(str(tmp_path / "target.parquet"))],
            baseline=whole.baseline,
        )
    )
    read = profiles.decode(week.windows[0].sums).table

    assert merged.rows == read.rows == 7 * ROWS
    for name in ("a", "b"):
        one, other = merged.columns[name].points, read.columns[name].points
        assert one.size == other.size == 7 * ROWS
        assert (one.values[0], one.values[-1]) == (other.values[0], other.values[-1])
        assert distances.ks_statistic(one, other) < 2 / sums.KEPT_POINTS


def test_a_baseline_of_the_past_needs_no_rows_of_its_windows(tmp_path: Path) -> None:
    config = replace(TABLE, baseline=Baseline(past_windows=6))
    before = work(tmp_path, config, table(7, days=6), None, 6)
    moved = table(8, first=MONDAY + 6 * DAY)
    moved = moved.set_column(1, "a", pa.array(moved["a"].to_numpy() + 1))

    (judged,) = work(
        tmp_path,
        config,
        moved,
        None,
        windows=[(MONDAY + 6 * DAY, MONDAY + 7 * DAY)],
        judged=[MONDAY + 6 * DAY],
        known=known(before),
    ).windows

    assert over(judged) == {("a", "drift"), ("a", "out_of_range")} or over(judged) == {("a", "drift")}
    assert result(judged).rows_reference == 5 * ROWS  # the window before is pooled with this one


@pytest.mark.parametrize("columns", [["age"], ["a", "age"]])
@pytest.mark.parametrize("baseline", [Baseline(past_windows=2), Baseline(since=MONDAY, until=MONDAY + DAY)])
def test_a_chosen_column_that_neither_the_target_nor_its_past_has_is_refused(
    tmp_path: Path, baseline: Baseline, columns: list[str]
) -> None:
    config = replace(TABLE, baseline=baseline, columns=columns)

    with pytest.raises(Refused, match="columns names 'age', which neither the target nor its windows of the past have"):
        work(tmp_path, config, table(7, days=2), None, 2)


def test_a_chosen_column_that_only_the_past_or_only_the_window_has_is_compared(tmp_path: Path) -> None:
    config = replace(TABLE, baseline=Baseline(past_windows=2), columns=["a"])
    day: dict[str, Any] = {
        "windows": [(MONDAY + DAY, MONDAY + 2 * DAY)],
        "judged": [MONDAY + DAY],
        "known": known(work(tmp_path, config, table(7), None)),
    }

    (gone,) = work(tmp_path, config, table(8, first=MONDAY + DAY).drop_columns(["a"]), None, **day).windows
    (new,) = work(tmp_path, replace(config, columns=["b"]), table(8, first=MONDAY + DAY), None, **day).windows

    assert (gone.rows, new.rows) == (ROWS, ROWS)


def test_shifted_predictions_drift_without_drift_of_the_features(tmp_path: Path) -> None:
    dice = np.random.default_rng(6)
    config = replace(TABLE, prediction="answer")
    baseline = table(1, days=10, answer=dice.normal(0, 1, 10 * ROWS), plan=["a", "b"] * 5 * ROWS)
    target = table(
        2, days=2, answer=np.append(dice.normal(0, 1, ROWS), dice.normal(0.5, 1, ROWS)), plan=["a", "b"] * ROWS
    )

    same, moved = work(tmp_path, config, target, baseline.drop_columns(["time"]), 2).windows

    assert over(same) == set()
    assert {key for key in over(moved) if key[1] == "drift"} == {("answer", "drift")}
    assert {each.found.name: each.role for each in result(moved).columns} == {
        "a": "feature", "b": "feature", "plan": "feature", "answer": "prediction",
    }  # fmt: skip


def test_classes_that_are_predicted_more_often_are_prediction_drift(tmp_path: Path) -> None:
    baseline = table(1, days=10, prediction=["yes" if at % 10 else "no" for at in range(10 * ROWS)])
    target = table(2, prediction=["yes" if at % 10 > 2 else "no" for at in range(ROWS)])

    (judged,) = work(tmp_path, TABLE, target, baseline.drop_columns(["time"])).windows

    assert [key for key in over(judged) if key[1] == "drift"] == [("prediction", "drift")]
    found = next(each for each in judged.scores if each.column == "prediction" and each.subject == "drift")
    assert found.signal == "l_infinity"
    assert found.value == pytest.approx(0.2)


@pytest.mark.slow
def test_another_baseline_judges_sums_and_computes_what_it_can_without_rows(tmp_path: Path) -> None:
    config = replace(TABLE, attribution=True, magnitude=True)
    baseline = table(1, days=5)
    baseline = baseline.append_column("prediction", pa.array((baseline["a"].to_numpy() > 0).astype(int)))
    other = table(9, days=5)
    other = other.append_column("prediction", pa.array((other["b"].to_numpy() > 0).astype(int)))
    other = other.set_column(1, "a", pa.array(other["a"].to_numpy() + 1))
    target = table(2)
    target = target.append_column("prediction", pa.array((target["a"].to_numpy() > 0).astype(int)))
    first = work(tmp_path, config, target, baseline.drop_columns(["time"]))

    changed = replace(config, baseline=Baseline(table="other"))
    (again,) = work(tmp_path, changed, None, other.drop_columns(["time"]), known=known(first)).windows
    (same,) = work(tmp_path, config, None, None, known=known(first), baseline=first.baseline).windows

    assert ("a", "drift") not in over(first.windows[0])
    assert {("a", "drift"), ("", "attribution")} <= over(again)
    assert (again.rows, result(again).magnitude) == (ROWS, None)
    assert "No magnitude: it needs the rows of the window. Back-fill the window to compute it." in result(again).notes
    assert result(same).magnitude == result(first.windows[0]).magnitude
    assert over(same) == over(first.windows[0])


@pytest.mark.slow
def test_the_first_rule_set_of_azure_keeps_its_alert_when_a_window_is_judged_again(tmp_path: Path) -> None:
    config = replace(TABLE, rules="azure-v1")
    target = table(2)
    target = target.set_column(1, "a", pa.array(target["a"].to_numpy() + 2))
    first = work(tmp_path, config, target, table(1, days=5).drop_columns(["time"]))

    (again,) = work(tmp_path, config, None, None, known=known(first), baseline=first.baseline).windows

    assert over(first.windows[0]) >= {("", "magnitude")}
    assert score(again, "magnitude") == score(first.windows[0], "magnitude")


@pytest.mark.parametrize(
    ("columns", "baseline", "said"),
    [
        ([], {"x": [1.0], "y": [2.0]}, "no column in common: the baseline has 'x', 'y'; the target has 'a', 'b'"),
        (["a", "age"], {"a": [1.0]}, "columns names 'age', which neither the baseline nor the target has"),
        ([], {f"c{at}": [1.0] for at in range(1001)}, "has 1001 columns; a monitor compares at most 1000"),
        ([], {}, "the baseline has no rows"),
    ],
)
def test_a_baseline_that_does_not_fit_is_refused_with_its_columns(
    tmp_path: Path, columns: list[str], baseline: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        work(tmp_path, replace(TABLE, columns=columns), table(1), pa.table(baseline))


@pytest.mark.slow
def test_of_five_thousand_columns_those_that_were_chosen_are_compared(tmp_path: Path) -> None:
    wide: dict[str, Any] = {f"c{at}": np.zeros(ROWS) for at in range(5000)}
    baseline = table(1, **wide).drop_columns(["time"])

    (judged,) = work(tmp_path, replace(TABLE, columns=["a", "c7"]), table(2, **wide), baseline).windows

    assert [each.found.name for each in result(judged).columns] == ["a", "c7"]
