"""Compare a drift monitor with Evidently: one window of 1,000,000 rows and 30 columns against an equal baseline.

    python bench/drift/drift.py [--rows N] [--evidently PYTHON]

PYTHON is the interpreter of an environment with evidently, pandas and pyarrow (default $LAB/evidently/bin/python).  Both tools
read two Parquet files in a separate process; wall time, CPU time and peak memory are those of the process, including its start.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from trackside.drift.monitors import exchange
from trackside.drift.monitors.exchange import Answer, File, Order
from trackside.drift.monitors.model import Baseline, Config, Target

DAY_MS = 86_400_000
EVIDENTLY = """
import sys
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
reference, current = (pd.read_parquet(path) for path in sys.argv[1:])
found = Report([DataDriftPreset()]).run(current.drop(columns=["time"]), reference).dict()
print(len(found["metrics"]))
"""


def table(rows: int, seed: int) -> pa.Table:
    """Return 20 columns of numbers and 10 of categories, and the time of each row."""
    dice = np.random.default_rng(seed)
    columns = {"time": pa.array(dice.integers(0, DAY_MS, rows), pa.timestamp("ms"))}
    for number in range(20):
        columns[f"n{number}"] = pa.array(dice.lognormal(size=rows) if number % 2 else dice.normal(size=rows))
    for number in range(10):
        columns[f"c{number}"] = pa.array([f"v{each}" for each in range(2 + 5 * number)]).take(
            pa.array(dice.integers(0, 2 + 5 * number, rows))
        )
    return pa.table(columns)


def measure(words: list[str]) -> tuple[float, float, float]:
    """Return wall time, CPU time (s) and peak memory (MB) of a process.  Raise SystemExit if it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env={**os.environ, "DO_NOT_TRACK": "1"})
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"{words[0]} ended with status {status}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--evidently", default=f"{os.environ.get('LAB', '.')}/evidently/bin/python")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        target, baseline = folder / "target.parquet", folder / "baseline.parquet"
        parquet.write_table(table(words.rows, 1), target)
        parquet.write_table(table(words.rows, 2).drop_columns(["time"]), baseline)
        config = Config(target=Target(table=str(target), timestamp="time"), baseline=Baseline(table=str(baseline)))
        order = Order(
            config=config, windows=[(0, DAY_MS)], judged=[0], files=[File(str(target))], baseline_files=[str(baseline)]
        )
        (folder / exchange.ORDER).write_bytes(msgspec.msgpack.encode(order))
        ours = measure([sys.executable, "-m", "trackside.drift.monitors.child", str(folder)])
        answer = msgspec.msgpack.decode((folder / exchange.RESULT).read_bytes(), type=Answer)
        assert answer.windows[0].rows == words.rows
        stored = len(answer.windows[0].sums)
        theirs = measure([words.evidently, "-c", EVIDENTLY, str(baseline), str(target)])
    for name, (wall, processor, memory) in (("Trackside", ours), ("Evidently", theirs)):
        print(f"{name:10} {wall:8.1f} s  {processor:8.1f} s of processor  {memory:8.0f} MB")
    print(f"ratio      {theirs[0] / ours[0]:8.1f}    {theirs[1] / ours[1]:8.1f}  (stored sums: {stored / 1e6:.2f} MB)")


if __name__ == "__main__":
    main()
