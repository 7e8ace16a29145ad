"""Measure the time of each engine of `trackside score` for a table, compared with hand-written `mlflow.pyfunc.spark_udf`.

    python bench/serving/scoring.py --python PYTHON [--rows 1000000] [--models linear,forest] [--skip-spark]

PYTHON has pyspark and mlflow (`constraints/engines.txt`).  The table has 10 columns of doubles in row groups of 131,072 rows; the
models are a linear regression and a random forest of 50 trees of depth 10.  Each engine writes the table with the predictions
as Parquet.  All use two cores: `local[2]`, or two processes.

`udf` is the stock client's code.  A figure is for the whole process, from its start to its end; `udf` has two more, for its first
action and for the same action again with a running session and a loaded model.  Memory is the peak of one process, and of all
together, where shared memory counts once.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow.models import infer_signature
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

COLUMNS = [f"c{i}" for i in range(10)]
SCORER = Path(__file__).parents[2] / "src" / "trackside" / "scorer"
GROUP = 131_072
LOOK_S = 0.5
MARK = "\x1etrackside "
UDF = """
import sys, time
import mlflow
from pyspark.sql import SparkSession
model, table, out, *columns = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false").config("spark.driver.host", "127.0.0.1").getOrCreate()
)
spark.range(1).count()
for number in (1, 2):
    began = time.monotonic()
    predict = mlflow.pyfunc.spark_udf(spark, model, env_manager="local", result_type="double")
    frame = spark.read.parquet(table).withColumn("prediction", predict(*columns))
    frame.write.mode("overwrite").parquet(out)
    print("took", number, time.monotonic() - began, flush=True)
spark.stop()
"""


class Figure(NamedTuple):
    seconds: float
    first: float  # 0: not measured
    again: float  # 0: not repeated
    largest_mb: float
    all_mb: float


def main() -> None:
    words = _words()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        table = write_table(folder / "in.parquet", words.rows)
        for name in words.models.split(","):
            model = save(folder / name, name)
            found = {}
            engines = ["local"] if words.skip_spark else ["local", "spark", "udf"]
            for engine in engines:
                if engine == "udf":
                    found[engine] = by_hand(folder, model, table, words.python)
                else:
                    found[engine] = by_trackside(folder, model, table, words.python, engine)
                say(name, words.rows, engine, found[engine])
            if not words.skip_spark:
                check_equal(folder)
                compare(name, found)


def write_table(path: Path, rows: int) -> Path:
    dice = np.random.default_rng(7)
    schema = pa.schema([(name, pa.float64()) for name in COLUMNS])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, GROUP):
            count = min(GROUP, rows - start)
            writer.write_table(pa.table({name: dice.normal(size=count) for name in COLUMNS}, schema=schema))
    return path


def save(folder: Path, kind: str) -> Path:
    dice = np.random.default_rng(3)
    frame = pd.DataFrame(dice.normal(size=(2000, len(COLUMNS))), columns=COLUMNS)
    target = frame["c0"] * 2 + frame["c1"] ** 2
    model = LinearRegression() if kind == "linear" else RandomForestRegressor(50, max_depth=10, random_state=3)
    model.fit(frame, target)
    signature = infer_signature(frame, model.predict(frame))
    mlflow.sklearn.save_model(
        model, folder, signature=signature, serialization_format="cloudpickle", pip_requirements=[]
    )
    return folder


def by_trackside(folder: Path, model: Path, table: Path, python: str, engine: str) -> Figure:
    work = folder / f"work-{engine}"
    work.mkdir(exist_ok=True)
    parts = work / f"parts-{model.name}"
    order = {
        "model": str(model),
        "model_uri": f"models:/{model.name}/1",
        "job_id": "bench",
        "inputs": [str(table)],
        "input_format": "parquet",
        "output": str(folder / f"{engine}.parquet") if engine == "local" else f"{parts}/files/",
        "output_format": "parquet",
        "errors": str(work / "errors.jsonl"),
        "parts": str(parts),
        "processes": 2,
        "engine": engine,
    }
    file = work / "order.json"
    file.write_text(json.dumps(order))
    began = time.monotonic()

    def hear(line: str) -> None:
        if line.startswith(MARK) and "error" in line:
            sys.exit(line)

    largest, together = watched([python, str(SCORER), "batch", str(file)], hear)
    return Figure(time.monotonic() - began, 0, 0, largest, together)


def by_hand(folder: Path, model: Path, table: Path, python: str) -> Figure:
    script = folder / "udf.py"
    script.write_text(UDF)
    took: list[float] = []

    def hear(line: str) -> None:
        if line.startswith("took "):
            took.append(float(line.split()[2]))

    command = [python, str(script), str(model), str(table), str(folder / "udf.parquet"), *COLUMNS]
    began = time.monotonic()
    largest, together = watched(command, hear)
    return Figure(time.monotonic() - began - took[1], took[0], took[1], largest, together)


def watched(command: list[str], hear: Any) -> tuple[float, float]:
    """Run a command, and return the peak memory in MB of one of its processes and of all together."""
    names = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
    }
    names |= {"PYSPARK_PYTHON": command[0], "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONWARNINGS": "ignore"}
    names |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    peak = [0.0, 0.0]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=names) as process:
        stop = threading.Event()

        def look() -> None:
            while not stop.wait(LOOK_S):
                sizes = [_pss_mb(pid) for pid in _tree(process.pid)]
                peak[0], peak[1] = max(peak[0], *sizes, 0.0), max(peak[1], sum(sizes))

        watcher = threading.Thread(target=look)
        watcher.start()
        assert process.stdout is not None
        for line in process.stdout:
            hear(line.rstrip("\n"))
        stop.set()
        watcher.join()
    if process.returncode:
        sys.exit(f"{command[:3]} ended with {process.returncode}")
    return peak[0], peak[1]


def _tree(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        try:
            for task in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _pss_mb(pid: int) -> float:
    """Return the memory of a process, with shared memory divided among the processes that share it."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def check_equal(folder: Path) -> None:
    """Compare the sorted predictions of all three."""
    spark = next((folder / "work-spark").glob("parts-*/files"), None)
    places = [folder / "local.parquet", folder / "udf.parquet", *([spark] if spark else [])]
    found = [np.sort(pq.read_table(place, columns=["prediction"])["prediction"].to_numpy()) for place in places]
    same = all(np.array_equal(found[0], each) for each in found[1:])
    print(f"predictions are identical: {same}")
    if spark:
        subprocess.run(["rm", "-r", str(spark)], check=True)


def say(name: str, rows: int, engine: str, figure: Figure) -> None:
    again = f" (its action {figure.first:.1f} s, again {figure.again:.1f} s)" if figure.again else ""
    memory = f"{figure.largest_mb:.0f} MB in one process, {figure.all_mb:.0f} MB in all"
    print(f"{name}, {rows:,} rows, {engine}: {figure.seconds:.1f} s{again}, {memory}", flush=True)


def compare(name: str, found: dict[str, Figure]) -> None:
    udf = found["udf"]
    local, spark = found["local"].seconds, found["spark"].seconds
    print(
        f"{name}: local {udf.seconds / local:.1f}x as fast as udf, {udf.first / local:.1f}x its action and"
        f" {udf.again / local:.1f}x the same again; spark takes {spark / udf.seconds:.2f} of udf",
        flush=True,
    )


def _words() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--models", default="linear,forest")
    parser.add_argument("--skip-spark", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
