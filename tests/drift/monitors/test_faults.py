"""Killed servers, bad input, late labels."""

from pathlib import Path
from typing import Any

import pytest

from drift.monitors.conftest import (
    DAY,
    INCIDENTS,
    MONDAY,
    MONITORS,
    PER_DAY,
    back_fill,
    create,
    rows,
    run,
    windows,
    write,
)  # fmt: skip
from endpoints.conftest import ENDPOINTS
from support.client import Api
from support.links import until
from support.processes.servers import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_no_window_counts_twice_when_the_server_is_killed_in_a_back_fill(watching: Server, folder: Path) -> None:
    days = 20
    create(watching.api, folder, days)
    path = f"{MONITORS}/watch/run"
    watching.api.post(path, {"start": str(MONDAY), "end": str(MONDAY + days * DAY)})
    until(lambda: len(windows(watching.api)) >= 8, "the first windows")

    watching.kill9()
    watching.restart()
    api = watching.api
    until(lambda: len(windows(api)) == days, "all windows, by the same job")
    until(lambda: api.get("/api/trackside/v1/jobs")["jobs"][0]["state"] == "succeeded", "the job to end")
    back_fill(api, days)

    found = windows(api)
    assert [each["rows"] for each in found] == [PER_DAY] * days
    assert [each["start"] for each in found] == [MONDAY + day * DAY for day in range(days)]
    (incident,) = api.get(f"{INCIDENTS}?name=watch")["incidents"]
    assert (incident["opened_at"], incident["notices"]) == (MONDAY + (days - 2) * DAY, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("no file", "does not exist"),
        ("not a table", "cannot be read as Parquet"),
        ("number as time", "must have timestamps, dates or ISO 8601 text"),
        ("no such column", "has no column 'when'"),
        ("text that is not a time", "has text that is not a time"),
        ("5,000 columns", "has 5001 columns; a monitor compares at most 1000"),
    ],
)
def test_rows_that_cannot_be_compared_fail_the_job_with_a_reason(
    watching: Server, folder: Path, change: str, said: str
) -> None:
    import pyarrow as pa

    table = rows(2)
    timestamp = "when" if change == "no such column" else "time"
    if change == "number as time":
        table = table.set_column(0, "time", table["age"])
    if change == "text that is not a time":
        table = table.set_column(0, "time", pa.array(["soon"] * table.num_rows))
    if change == "5,000 columns":
        table = pa.table(
            {"time": table["time"], **{f"c{each}": table["age"] for each in range(5000)}, "plan": table["plan"]}
        )
    target = write(table, folder / "target.parquet")
    if change == "no file":
        Path(target).unlink()
    if change == "not a table":
        Path(target).write_text("no Parquet")
    baseline = write(rows(5).drop_columns(["time"]), folder / "baseline.parquet")
    wanted = {
        "target": {"table": target, "timestamp": timestamp},
        "baseline": {"table": baseline},
        "is_scheduled": False,
    }
    watching.api.post(MONITORS, {"name": "watch", **wanted})

    job = run(watching.api, state="failed", start=str(MONDAY), end=str(MONDAY + 2 * DAY))

    assert said in job["reason"]
    assert windows(watching.api) == []


def test_a_column_that_the_target_lacks_has_drifted(watching: Server, folder: Path) -> None:
    target = write(rows(2).drop_columns(["plan"]), folder / "target.parquet")
    baseline = write(rows(10, seed=3).drop_columns(["time"]), folder / "baseline.parquet")
    wanted = {"target": {"table": target, "timestamp": "time"}, "baseline": {"table": baseline}, "is_scheduled": False}
    watching.api.post(MONITORS, {"name": "watch", **wanted})

    back_fill(watching.api, 2)

    assert [each["drifted"] for each in windows(watching.api)] == [["plan"], ["plan"]]


def test_a_new_baseline_judges_stored_windows_without_their_rows(watching: Server, folder: Path) -> None:
    api = watching.api
    create(api, folder, 6)
    back_fill(api)
    (folder / "watch-target.parquet").unlink()
    shifted = rows(20, shifted=range(20), seed=4).drop_columns(["time"])

    api.ask("PATCH", f"{MONITORS}/watch", {"baseline": {"table": write(shifted, folder / "new.parquet")}})

    until(
        lambda: [each.get("drifted", []) for each in windows(api)] == [["age"]] * 4 + [["age"], []],
        "the windows to be judged again",
        said=lambda: windows(api),
    )
    assert [each["rows"] for each in windows(api)] == [PER_DAY] * 6


def test_slices_and_the_past_are_compared(watching: Server, folder: Path) -> None:
    api = watching.api
    target = write(rows(8, shifted=range(6, 8)), folder / "target.parquet")
    wanted = {"target": {"table": target, "timestamp": "time"}, "baseline": {"past_windows": 5}, "is_scheduled": False}
    api.post(MONITORS, {"name": "watch", **wanted, "slices": ["plan"], "columns": ["age"], "magnitude": False})

    back_fill(api, 8)

    listed = api.get(f"{MONITORS}/watch/windows")
    assert listed["slices"] == ["plan=free", "plan=pro", "plan=team"]
    assert [each.get("drifted", []) for each in listed["windows"]][-2:] == [["age"], ["age"]]
    free = windows(api, slice="plan%3Dfree")
    assert sum(each["rows"] for each in free) == pytest.approx(8 * PER_DAY * 0.6, rel=0.1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "a b"}, "name is 'a b'"),
        ({"target": {}}, "target must have either endpoint or table"),
        ({"target": {"endpoint": "gone"}}, "Endpoint with name=gone not found"),
        ({"target": {"table": "/etc/passwd", "timestamp": "t"}}, "below none of the server's --job-folders"),
        ({"baseline": {}}, "baseline must have one of"),
        ({"baseline": {"past_windows": 3, "dataset": "x"}}, "it has dataset and past_windows"),
        ({"baseline": {"run": "nope"}}, "which does not exist"),
        ({"baseline": {"dataset": "nope"}}, "no evaluation dataset has this name or id"),
        ({"window": "year"}, "window"),
        ({"timezone": "Mars"}, "timezone is 'Mars'"),
        ({"latency_s": -1}, "latency_s is -1"),
        ({"rules": "mine"}, "rules is 'mine'"),
        ({"columns": ["c"] * 1001}, "columns has 1001 names"),
    ],
)
def test_a_monitor_that_cannot_work_is_refused(
    watching: Server, folder: Path, fields: dict[str, Any], said: str
) -> None:
    target = write(rows(1), folder / "target.parquet")
    wanted = {"name": "watch", "target": {"table": target, "timestamp": "time"}, "baseline": {"past_windows": 2}}

    refused = watching.api.ask("POST", MONITORS, {**wanted, **fields})

    assert (refused.status in (400, 403, 404), said in refused.json["message"]) == (True, True), refused


def test_late_labels_reopen_windows_and_unknown_requests_are_refused(watching: Server) -> None:
    import datetime as dt

    import pyarrow as pa
    from pyarrow import parquet

    api = watching.api
    api.post(ENDPOINTS, {"name": "adder"})
    api.ask("PUT", f"{ENDPOINTS}/adder/request-log", {})
    hour = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=3)
    place = watching.data / "endpoints" / "requests" / "1" / hour.strftime("%Y-%m-%d") / hour.strftime("%H")
    place.mkdir(parents=True)
    size = 200
    table = pa.table(
        {
            "_request_id": [f"r{each}" for each in range(size)],
            "_row": pa.array([0] * size, pa.int32()),
            "_time": pa.array([hour] * size, pa.timestamp("ms", "UTC")),
            "age": [float(each % 50) for each in range(size)],
            "prediction": [each % 2 for each in range(size)],
        }
    )
    parquet.write_table(table, place / "one-1-1.parquet")
    wanted = {"target": {"endpoint": "adder"}, "baseline": {"past_windows": 2}, "window": "hour", "is_scheduled": False}
    api.post(MONITORS, {"name": "watch", **wanted})
    start = int(hour.timestamp() * 1000)
    run(api, start=str(start), end=str(start + 3_600_000))

    labels = f"{ENDPOINTS}/adder/labels"
    unknown = api.ask("PUT", labels, {"labels": {"r1": 1, "nobody": 0}})
    many = api.ask("PUT", labels, {"labels": {"r1": [1, 0]}})
    stored = api.ask("PUT", labels, {"labels": {f"r{each}": (each + (each < 20)) % 2 for each in range(size)}})
    run(api)

    assert (unknown.status, "'nobody'" in unknown.json["message"]) == (400, True)
    assert (many.status, "has 1 rows and 2 labels" in many.json["message"]) == (400, True)
    assert stored.json == {"labels": size, "windows": 1}
    (first,) = [each for each in windows(api) if each["start"] == start]
    assert first["rows"] == size
    result = api.get(f"{MONITORS}/watch/windows/{start}")["result"]
    assert (result["labelled"], result["performance"]["accuracy"]) == (size, 0.9)
    assert "There are no earlier windows for a comparison yet." in result["notes"]
    api.ask("DELETE", f"{ENDPOINTS}/adder")
    assert "not found" in run(api, state="failed", start=str(start))["reason"]


def test_the_params_of_a_job_are_checked(watching: Server, folder: Path) -> None:
    api: Api = watching.api
    create(api, folder)
    path = f"{MONITORS}/watch/run"

    refused = [
        api.ask("POST", path, body).json["message"]
        for body in (
            {"start": "soon"},
            {"end": "2026-01-01"},
            {"start": "2026-02-01", "end": "2026-01-01"},
            {"start": "2100-01-01"},
        )
    ]

    assert [each.split(" ")[0] for each in refused] == ["start", "end", "start", "start"]
    assert "spans more" in run(api, state="failed", start="2000-01-01")["reason"].replace("span more", "spans more")
