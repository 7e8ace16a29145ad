"""Windows that the server computes by itself, clocks that jump, and baselines that come from runs and datasets."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drift.monitors.conftest import DAY, HOUR, MONDAY, MONITORS, PER_DAY, back_fill, rows, windows, write
from support import evaluation_datasets as datasets
from support.clocks import Clock
from support.links import until
from support.processes.servers import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_scheduled_monitor_computes_each_window_once_and_a_clock_that_jumps_leaves_no_future_ones(
    start: Callable[..., Server], folder: Path, tmp_path: Path
) -> None:
    clock = Clock(tmp_path / "clock")
    api = start("--job-folders", str(folder), clock=clock).api
    now = time.time_ns() // 1_000_000
    today = now // DAY * DAY
    target = write(rows(5, first=today - 3 * DAY), folder / "target.parquet")
    baseline = write(rows(20, seed=2).drop_columns(["time"]), folder / "baseline.parquet")
    wanted = {"target": {"table": target, "timestamp": "time"}, "baseline": {"table": baseline}, "latency_s": 0}
    api.post(MONITORS, {"name": "watch", **wanted})

    def move(days: float) -> None:
        clock.move(int(today + days * DAY + HOUR - now))

    def seen() -> list[tuple[int, int]]:
        return [((each["start"] - today) // DAY, each["rows"]) for each in windows(api)]

    move(1)
    until(lambda: seen() == [(0, PER_DAY)], "the window of today", said=seen)
    move(40)
    until(lambda: (39, 0) in seen(), "windows of a time that the clock said", said=seen)
    move(1)
    until(lambda: api.get(f"{MONITORS}/watch")["monitor"]["next_at"] == today + 2 * DAY, "the next window", said=seen)
    move(2)

    until(lambda: seen() == [(0, PER_DAY), (1, PER_DAY)], "no future windows, and the window of tomorrow", said=seen)


def test_a_window_is_computed_after_its_latency_for_late_rows(
    start: Callable[..., Server], folder: Path, tmp_path: Path
) -> None:
    import pyarrow as pa

    clock = Clock(tmp_path / "clock")
    now = time.time_ns() // 1_000_000
    today = now // DAY * DAY
    clock.move(today + 12 * HOUR - now)
    api = start("--job-folders", str(folder), clock=clock).api
    on_time = rows(1, first=today)
    target = write(on_time, folder / "target.parquet")
    baseline = write(rows(20, seed=2).drop_columns(["time"]), folder / "baseline.parquet")
    wanted = {"target": {"table": target, "timestamp": "time"}, "baseline": {"table": baseline}}
    api.post(MONITORS, {"name": "hasty", **wanted, "latency_s": 0})
    api.post(MONITORS, {"name": "patient", **wanted, "latency_s": 6 * 3600})

    def seen(name: str) -> list[tuple[int, int]]:
        return [((each["start"] - today) // DAY, each["rows"]) for each in windows(api, name)]

    due = api.get(f"{MONITORS}/patient")["monitor"]["next_at"]
    clock.move(today + DAY + 5 * HOUR - now)  # the day is over, the latency is not
    until(lambda: seen("hasty") == [(0, PER_DAY)], "the window without latency", said=lambda: seen("hasty"))
    early = seen("patient")
    write(pa.concat_tables([on_time, rows(1, first=today, per_day=50, seed=3)]), folder / "target.parquet")
    clock.move(today + DAY + 7 * HOUR - now)
    until(lambda: seen("patient") == [(0, PER_DAY + 50)], "the late rows too", said=lambda: seen("patient"))

    assert (due, early) == (today + DAY + 6 * HOUR, [])
    assert seen("hasty") == [(0, PER_DAY)]


def test_a_baseline_is_the_dataset_that_a_run_logged(watching: Server, folder: Path) -> None:
    api = watching.api
    run = api.new_run()
    uri = api.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"]
    write(rows(20, seed=2).drop_columns(["time"]), folder / "train.parquet")
    path = uri.removeprefix("mlflow-artifacts:/")
    stored = api.ask(
        "PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/train.parquet", (folder / "train.parquet").read_bytes()
    )
    source = f'{{"uri": "{uri}/train.parquet"}}'
    dataset = {"name": "train", "digest": "1", "source_type": "local", "source": source}
    api.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset}])
    target = write(rows(4, shifted=range(2, 4)), folder / "target.parquet")
    wanted = {"target": {"table": target, "timestamp": "time"}, "is_scheduled": False}

    unnamed = api.ask("POST", MONITORS, {"name": "w", **wanted, "baseline": {"run": run, "dataset": "other"}})
    api.post(MONITORS, {"name": "watch", **wanted, "baseline": {"run": run}})
    back_fill(api, 4)

    assert stored.status == 200
    assert (unnamed.status, "choose one of the datasets" in unnamed.json["message"]) == (400, True)
    assert [each.get("drifted", []) for each in windows(api)] == [[], [], ["age"], ["age"]]


def test_a_baseline_is_an_evaluation_dataset(watching: Server, folder: Path) -> None:
    api = watching.api
    dataset = datasets.new_id(api, "seen")
    ages = rows(10, seed=2)["age"].to_pylist()
    datasets.upsert(api, dataset, *({"inputs": {"age": age, "row": at}} for at, age in enumerate(ages)))
    target = write(rows(4, shifted=range(2, 4)), folder / "target.parquet")
    wanted = {"target": {"table": target, "timestamp": "time"}, "baseline": {"dataset": "seen"}, "columns": ["age"]}
    api.post(MONITORS, {"name": "watch", **wanted, "is_scheduled": False})

    back_fill(api, 4)

    assert [each.get("drifted", []) for each in windows(api)] == [[], [], ["age"], ["age"]]
    assert [each["start"] for each in windows(api)] == [MONDAY + day * DAY for day in range(4)]
