"""Monitors of tables from creation to incidents, with real jobs and their child processes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drift.monitors.conftest import DAY, INCIDENTS, MONDAY, MONITORS, PER_DAY, back_fill, create, rows, windows, write
from support.processes.servers import Server, trackside


def test_a_shifted_column_opens_one_incident(watching: Server, folder: Path) -> None:
    api = watching.api
    create(api, folder)

    job = back_fill(api)

    found = windows(api)
    assert [each["start"] for each in found] == [MONDAY + day * DAY for day in range(6)]
    assert [each["rows"] for each in found] == [PER_DAY] * 6
    assert [each.get("drifted", []) for each in found] == [[], [], [], [], ["age"], ["age"]]
    assert job["result"]["drifted"] == ["age"]
    (incident,) = api.get(f"{INCIDENTS}?name=watch")["incidents"]
    assert (incident["column"], incident["subject"], incident["opened_at"]) == ("age", "drift", MONDAY + 4 * DAY)
    assert incident["value"] >= incident["threshold"]
    result = api.get(f"{MONITORS}/watch/windows/{MONDAY + 5 * DAY}")["result"]
    age = next(each for each in result["columns"] if each["found"]["name"] == "age")
    assert {each["name"] for each in age["found"]["signals"]} >= {"ks", "wasserstein", "psi", "jensen_shannon"}


@pytest.mark.slow
def test_calls_with_the_python_clients_names_and_with_azures_names_do_the_same(
    watching: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trackside_mlflow import Workspace
    from trackside_mlflow.datadrift import DataDriftDetector

    for variable in ("TRACKSIDE_TOKEN", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    workspace = Workspace.get("default", url=watching.url)
    target = write(rows(4, shifted=range(2, 4)), folder / "target.parquet")
    baseline = write(rows(10, seed=2).drop_columns(["time"]), folder / "baseline.parquet")

    detector = DataDriftDetector.create_from_datasets(
        workspace, "old", baseline, (target, "time"), feature_list=["age"]
    )
    first = datetime.fromtimestamp(MONDAY / 1000, UTC)
    detector.backfill(first, first + timedelta(days=4)).wait(300)
    results, metrics = detector.get_output()
    monitor = workspace.monitors.get("old")
    monitor.update(rules="azure-v2")
    detector.disable_schedule()

    assert [each["has_drift"] for each in results] == [False, False, True, True]
    assert all(0 <= each["drift_coefficient"] <= 1 for each in results)
    assert results[2]["drift_contribution"] == {"age": 1.0}
    assert "wasserstein" in {each["name"] for each in metrics[0]["column_metrics"]["age"]}
    assert (detector.state, detector.frequency, [each.name for each in DataDriftDetector.list(workspace)]) == (
        "Disabled",
        "Day",
        ["old"],
    )
    detector.delete()
    assert list(workspace.monitors) == []


@pytest.mark.slow
def test_the_commands_show_what_the_calls_answer(watching: Server, folder: Path, tmp_path: Path) -> None:
    create(watching.api, folder)
    back_fill(watching.api)

    def monitor(*words: str) -> str:
        code, said, complaints = trackside("monitor", *words, "--server", watching.url, cwd=tmp_path)
        assert code == 0, complaints
        return said

    shown = monitor("show", "watch")
    assert "2025-06-06 00:00:00Z" in shown
    assert shown.count("  age") >= 2
    assert "watch" in monitor("list")
    assert "age" in monitor("incidents", "--open", "--monitor", "watch")
    written = monitor("report", "watch", "--html", "report.html")
    page = (tmp_path / "report.html").read_text()
    assert written == f"wrote {len(page.encode())} bytes to report.html\n"
    assert page.startswith("<!doctype html>")
    assert "Histograms of age" in page
    assert "<script" not in page
    assert json.loads(monitor("run", "watch", "--json")).keys() == {"result", "windows", "incidents"}
    assert json.loads(monitor("show", "watch", "--json")).keys() == {"monitor", "windows", "incidents"}
    assert "next window" in monitor("resume", "watch")
    assert "paused" in monitor("pause", "watch")
    assert "deleted" in monitor("delete", "watch")
    assert monitor("list") == ""
