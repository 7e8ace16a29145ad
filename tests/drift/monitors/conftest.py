"""A server that may read a folder of tables, and tables with times to compare."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring.conftest import ended
from support.client import Api
from support.processes.servers import Server

MONITORS = "/api/trackside/v1/drift-monitors"
INCIDENTS = "/api/trackside/v1/drift-incidents"
HOUR, DAY = 3_600_000, 86_400_000
MONDAY = 1_748_822_400_000  # 2 June 2025
PER_DAY = 300


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that jobs may use."""
    made = tmp_path / "tables"
    made.mkdir()
    return made


@pytest.fixture
def watching(start: Callable[..., Server], folder: Path) -> Server:
    return start("--job-folders", str(folder))


def rows(days: int, *, first: int = MONDAY, shifted: range = range(0), per_day: int = PER_DAY, seed: int = 1) -> Any:
    """Return rows with a time: `age` moves by one standard deviation on the shifted days, `plan` and `calm` never do."""
    import pyarrow as pa

    dice = np.random.default_rng(seed)
    size = days * per_day
    day: Any = np.repeat(np.arange(days), per_day)
    times = first + day * DAY + dice.integers(0, DAY, size)
    age = dice.normal(40, 10, size) + 10 * np.isin(day, list(shifted))
    plans = np.array(["free", "pro", "team"])[dice.choice(3, size, p=[0.6, 0.3, 0.1])]
    return pa.table(
        {
            "time": pa.array(times, pa.timestamp("ms", "UTC")),
            "age": age,
            "plan": plans,
            "calm": dice.normal(size=size),
        }
    )


def write(table: Any, path: Path) -> str:
    from pyarrow import parquet

    parquet.write_table(table, path)
    return str(path)


def create(api: Api, folder: Path, days: int = 6, *, name: str = "watch", **more: Any) -> str:
    """Create a monitor of a table whose last two days are shifted."""
    target = write(rows(days, shifted=range(days - 2, days)), folder / f"{name}-target.parquet")
    baseline = write(rows(20, seed=2).drop_columns(["time"]), folder / f"{name}-baseline.parquet")
    wanted = {"target": {"table": target, "timestamp": "time"}, "baseline": {"table": baseline}, "is_scheduled": False}
    api.post(MONITORS, {"name": name, **wanted, **more})
    return name


def run(api: Api, name: str = "watch", *, state: str = "succeeded", **times: str) -> Any:
    """Run a monitor and return the job when it has ended."""
    job = ended(api, api.post(f"{MONITORS}/{name}/run", times)["job"]["job_id"])
    assert job["state"] == state, job
    return job


def back_fill(api: Api, days: int = 6, name: str = "watch") -> Any:
    return run(api, name, start=str(MONDAY), end=str(MONDAY + days * DAY))


def windows(api: Api, name: str = "watch", **more: str) -> Any:
    query = "&".join(f"{key}={value}" for key, value in more.items())
    return api.get(f"{MONITORS}/{name}/windows?{query}").get("windows", [])
