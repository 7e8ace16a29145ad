"""Measure traces on SQLite and PostgreSQL, compared with a stock `mlflow server`: ingest, lists, filters, disk.

    LAB=FOLDER python bench/traces/traces.py [--traces 2000] [--rows fill,newest,...] [--systems ours,stock,ours-pg,stock-pg]
        [--seconds 3] [--large 100000] [--listed 1000000] [--results FILE] [--data FOLDER]

FOLDER/mlf is an environment with mlflow 3.  A trace has 10 spans with 1 kB of inputs and 1 kB of outputs each: 23.5 kB of
OTLP.  All servers run at the same time with one process each, on a PostgreSQL that the script starts, and are called in turn.

Figures are stored in `--results`; an existing row is not measured again, so an interrupted run can be continued with `--data` and
`--results`.  The exit code is 1 if a target is missed (only checked with 2,000 traces or more).

Rows: `fill` stores the traces for the reads, if there are none yet, and measures the disk; `newest`, `text` and
`span-name` search them; `otlp1` and `otlp20` send 1 and 20 traces per request on one connection; `client` traces with MLflow's
own client until its flush, and `client-limit`, a part of that row, does so with a server that stores nothing
(trace_parts/empty_server), which is the limit of any server; `log-metric` logs metrics on one connection while another one sends
60 traces per second, and without them, in turn.  `large` searches only Trackside: the text in `--large` traces, then the newest
100 of `--listed`.  Those traces are copies of the stored ones, made by SQL; the copies beyond `--large` have no spans.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from trace_parts import copies, empty_server, load, machines  # found by the path above
from trace_parts.machines import System

ROWS = ("fill", "newest", "text", "span-name", "otlp1", "otlp20", "client", "log-metric", "large")
SYSTEMS = ("ours", "stock", "ours-pg", "stock-pg")
ENOUGH = 2_000  # targets are checked from this number of traces on
PACE = 60  # traces per second during the logging of metrics
ROUNDS = 3
# Targets: the least ratio to stock MLflow, or the greatest value.
TIMES = {"client": 10.0, "otlp1": 10.0, "otlp20": 12.0, "newest": 5.0}
AT_MOST = {
    "text": 300.0,
    "span-name": 50.0,
    "disk": 15.0,
    "large-text": 10_000.0,
    "log-metric": 20.0,
    "large-newest": 1.5,
}
UNITS = {
    "client": "traces/s",
    "client-limit": "traces/s",
    "otlp1": "traces/s",
    "otlp20": "traces/s",
    "newest": "ms",
    "text": "ms",
    "span-name": "ms",
    "disk": "kB/trace",
    "large-text": "ms",
    "large-newest": "times newest",
    "log-metric": "% slower",
}


class Results:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.exists() else {}

    def has(self, row: str, system: str) -> bool:
        return system in self._found.get(row, {})

    def get(self, row: str, system: str) -> float | None:
        return self._found.get(row, {}).get(system)

    def put(self, row: str, system: str, value: float) -> None:
        self._found.setdefault(row, {})[system] = value
        self._path.write_text(json.dumps(self._found, indent=1))
        print(f"  {row:13} {system:9} {value:10.4g} {UNITS.get(row, '')}", flush=True)


def fill(system: System, given: argparse.Namespace, results: Results) -> None:
    experiment = system.experiment("read")
    before = system.disk_bytes()
    load.fill(system.port, experiment, given.traces)
    if not system.is_stock:  # at its end the server moves SQLite's WAL into the database file
        system.restart()
    results.put("disk", system.name, (system.disk_bytes() - before) / given.traces / 1000)


def newest(system: System, given: argparse.Namespace, results: Results) -> None:
    ask = load.search(system.port, system.experiment("read"), "", 100)
    results.put("newest", system.name, load.median_ms(ask, 20, warm=2))


def text(system: System, given: argparse.Namespace, results: Results) -> None:
    ask = load.search(system.port, system.experiment("read"), f"trace.text ILIKE '%{load.NEEDLE}%'", 100)
    results.put("text", system.name, load.median_ms(ask, given.slow_repeats if system.is_stock else 5))


def span_name(system: System, given: argparse.Namespace, results: Results) -> None:
    ask = load.search(system.port, system.experiment("read"), "span.name = 'nowhere'", 100)
    results.put("span-name", system.name, load.median_ms(ask, given.slow_repeats if system.is_stock else 20))


def otlp(count: int) -> Callable[[System, argparse.Namespace, Results], None]:
    def measure(system: System, given: argparse.Namespace, results: Results) -> None:
        results.put(
            f"otlp{count}", system.name, load.otlp(system.port, system.experiment("ingest"), count, given.seconds)
        )

    return measure


def client(system: System, given: argparse.Namespace, results: Results) -> None:
    python = given.lab / "mlf" / "bin" / "python"
    most = 120 if system.is_stock else 1_200  # a part of the flush takes the same time for few and for many traces
    if not system.is_stock:
        with empty_server.running() as port:
            results.put("client-limit", system.name, load.client(python, port, min(most, given.traces)))
    results.put("client", system.name, load.client(python, system.port, min(most, given.traces)))


def log_metric(system: System, given: argparse.Namespace, results: Results) -> None:
    """Measure in alternating rounds with and without traces; the figure compares the medians."""
    rates: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for is_busy in (False, True):
            rates[is_busy].append(load.log_metric(system, given.seconds / 2, PACE if is_busy else 0))
    idle, busy = (statistics.median(rates[each]) for each in (False, True))
    results.put("log-metric", system.name, max(0.0, 100 * (1 - busy / idle)))


def large(system: System, given: argparse.Namespace, results: Results) -> None:
    """Measure searches in many traces.  The server is stopped while traces are copied."""
    usual = results.get("newest", system.name)
    experiment = system.experiment("read")
    with system.stopped():
        copies.make(system.store, experiment, given.large, with_spans=True)
    ask = load.search(system.port, experiment, f"trace.text ILIKE '%{load.NEEDLE}%'", 100)
    results.put("large-text", system.name, load.median_ms(ask, 1, warm=0))
    with system.stopped():
        copies.make(system.store, experiment, given.listed, with_spans=False)
    ask = load.search(system.port, experiment, "", 100)
    took = load.median_ms(ask, 20, warm=2)
    results.put("large-newest", system.name, took / usual if usual else float("nan"))
    results.put("large", system.name, given.listed)


MEASURE = {
    "newest": newest,
    "text": text,
    "span-name": span_name,
    "otlp1": otlp(1),
    "otlp20": otlp(20),
    "client": client,
    "log-metric": log_metric,
    "large": large,
}


def verdicts(results: Results, systems: list[str], *, checked: bool) -> int:
    missed = 0
    print(f"\n{'':13}" + "".join(f"{name:>12}" for name in systems) + f"  {'wanted':>12}")
    for row, unit in UNITS.items():
        values = {name: results.get(row, name) for name in systems}
        if all(value is None for value in values.values()):
            continue
        notes = []
        for name in (each for each in systems if each.startswith("ours")):
            mine, theirs = values[name], results.get(row, name.replace("ours", "stock"))
            if mine is None:
                continue
            if row in AT_MOST and mine > AT_MOST[row]:
                notes.append(f"{name} MISSES")
            if row in TIMES and theirs is not None:
                times = theirs / mine if unit == "ms" else mine / theirs
                notes.append(f"{name} {times:.1f}x" + ("" if times >= TIMES[row] else " MISSES"))
        missed += sum("MISSES" in note for note in notes)
        wanted = f"{TIMES[row]:g}x" if row in TIMES else f"<= {AT_MOST[row]:g}" if row in AT_MOST else ""
        cells = "".join(f"{'-' if value is None else format(value, '.4g'):>12}" for value in values.values())
        print(f"{row:13}{cells}  {wanted:>12}  {unit}  {'; '.join(notes)}")
    return 1 if missed and checked else 0


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--lab", type=Path, default=Path(os.environ.get("LAB", ".bench")))
    words.add_argument("--traces", type=int, default=ENOUGH)
    words.add_argument("--rows", default=",".join(ROWS))
    words.add_argument("--systems", default=",".join(SYSTEMS))
    words.add_argument("--seconds", type=float, default=3.0)
    words.add_argument("--large", type=int, default=100_000)
    words.add_argument("--listed", type=int, default=1_000_000)
    words.add_argument("--slow-repeats", type=int, default=1, help="of searches by stock, which take a minute each")
    words.add_argument("--results", type=Path)
    words.add_argument("--data", type=Path, help="a folder for all stores (default: one that is removed)")
    given = words.parse_args()
    rows, systems = given.rows.split(","), given.systems.split(",")
    for chosen, known in ((rows, ROWS), (systems, SYSTEMS)):
        if strange := set(chosen) - set(known):
            words.error(f"{', '.join(sorted(strange))}: must be of {', '.join(known)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        results = Results(given.results or folder / "results.json")
        with machines.running(systems, folder, given.lab) as started:
            for row in (each for each in ROWS if each in rows or each == "fill"):
                for system in started:
                    if row == "large" and system.is_stock:
                        continue
                    if row == "fill" and load.is_empty(system.port, system.experiment("read")):
                        fill(system, given, results)
                    elif row != "fill" and not results.has(row, system.name):
                        MEASURE[row](system, given, results)
        return verdicts(results, systems, checked=given.traces >= ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
