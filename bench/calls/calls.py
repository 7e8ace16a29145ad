"""Measure requests that the shared benchmark does not cover, compared with `mlflow server` and FastTrackML.

    make bench-calls                                        # full durability; ARGS in BENCH_ARGS
    python bench/calls/calls.py --bench ../shared/bench [--systems mlflow-sqlite-w1,fml-sqlite] [--rounds 3]
        [--seconds 1.2] [--connections 1,8] [--durability full|relaxed] [--only runs/get,...]

All servers run at the same time with fresh SQLite stores; only one of them is under load at a time, and the systems take turns
within a round.  A figure is the median of the rounds in answered calls per second.  A system without a call shows "n/a".  The
exit code is 1 if a ratio is below 4x of mlflow or 1.5x of FastTrackML.
"""

import argparse
import itertools
import json
import os
import shutil
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
WANTED = {"mlflow": 4.0, "fml": 1.5}  # times faster, by the beginning of the system's name
RUNS, MODELS, FILES = 200, 200, 50  # what the reads find

Requests = Callable[[], bytes]


class Seeded(NamedTuple):
    """The contents of a server before its calls are measured."""

    api: Any
    experiment: str
    name: str
    runs: list[str]
    logged_models: list[str]
    registered: str
    source: str


class Row(NamedTuple):
    call: str
    prepare: Callable[[Seeded], Requests]


def seed(api: Any) -> Seeded:
    name = f"calls-{uuid.uuid4().hex[:8]}"
    experiment = api.experiment(name)
    runs = [api.run(experiment, f"run-{n}") for n in range(RUNS)]
    for run_id in runs:
        points = [{"key": f"m{i}", "value": i, "timestamp": 1, "step": 0} for i in range(10)]
        params = [{"key": f"p{i}", "value": str(i)} for i in range(10)]
        api.call("POST", "runs/log-batch", {"run_id": run_id, "metrics": points, "params": params, "tags": []})
    logged = [_logged_model(api, experiment, n) for n in range(MODELS)]
    registered = f"model-{uuid.uuid4().hex[:8]}"
    answer, _ = api.call("GET", f"runs/get?run_id={runs[0]}")
    source = f"{answer['run']['info']['artifact_uri']}/m"
    try:
        api.call("POST", "registered-models/create", {"name": registered})
        api.call("POST", "model-versions/create", {"name": registered, "source": source, "run_id": runs[0]})
    except RuntimeError:
        registered = ""  # FastTrackML has no registry
    return Seeded(api, experiment, name, runs, [m for m in logged if m], registered, source)


def _logged_model(api: Any, experiment: str, n: int) -> str:
    try:
        made, _ = api.call("POST", "logged-models", {"experiment_id": experiment, "name": f"m{n}"})
    except RuntimeError:
        return ""
    model_id: str = made["model"]["info"]["model_id"]
    return model_id


def _post(path: str, body: Callable[[Seeded, int], dict[str, Any]]) -> Callable[[Seeded], Requests]:
    def prepare(s: Seeded) -> Requests:
        numbers = itertools.count()
        return lambda: bytes(s.api.req("POST", path, body(s, next(numbers))))

    return prepare


def _get(path: Callable[[Seeded, int], str]) -> Callable[[Seeded], Requests]:
    def prepare(s: Seeded) -> Requests:
        numbers = itertools.count()
        return lambda: bytes(s.api.req("GET", path(s, next(numbers))))

    return prepare


def _run(s: Seeded, n: int) -> str:
    return s.runs[n % len(s.runs)]


def _alternately(s: Seeded, n: int) -> str:
    return "runs/delete" if n % 2 == 0 else "runs/restore"


def _delete_restore(s: Seeded) -> Requests:
    numbers = itertools.count()
    run_id = s.api.run(s.experiment)

    def make() -> bytes:
        return bytes(s.api.req("POST", _alternately(s, next(numbers)), {"run_id": run_id}))

    return make


ROWS = [
    Row("experiments/create", _post("experiments/create", lambda s, n: {"name": f"e-{uuid.uuid4().hex}"})),
    Row("runs/set-tag", _post("runs/set-tag", lambda s, n: {"run_id": _run(s, n), "key": "k", "value": str(n)})),
    Row(
        "runs/log-parameter",
        _post("runs/log-parameter", lambda s, n: {"run_id": _run(s, n), "key": uuid.uuid4().hex, "value": "1"}),
    ),
    Row("runs/delete-restore", _delete_restore),
    Row("logged-models/create", _post("logged-models", lambda s, n: {"experiment_id": s.experiment, "name": f"n{n}"})),
    Row(
        "model-versions/create",
        _post("model-versions/create", lambda s, n: {"name": s.registered, "source": s.source, "run_id": s.runs[0]}),
    ),
    Row(
        "registered-models/alias",
        _post("registered-models/alias", lambda s, n: {"name": s.registered, "alias": f"a{n % 20}", "version": "1"}),
    ),
    Row("runs/get", _get(lambda s, n: f"runs/get?run_id={_run(s, n)}")),
    Row("experiments/get-by-name", _get(lambda s, n: f"experiments/get-by-name?experiment_name={s.name}")),
    Row(
        "logged-models/search",
        _post("logged-models/search", lambda s, n: {"experiment_ids": [s.experiment], "max_results": 50}),
    ),
    Row("artifacts/list", _get(lambda s, n: f"artifacts/list?run_id={s.runs[0]}")),
]


def measure(bench: Any, server: Any, row: Row, seeded: Seeded, connections: int, seconds: float) -> float | None:
    makers = [row.prepare(seeded) for _ in range(connections)]
    status, _, _, _ = seeded.api.c.raw(makers[0]())
    if status != 200:
        return None
    result = bench.loadgen.run(server.port, makers, seconds)
    return (len(result.lat) - result.errors) / result.secs if len(result.lat) > result.errors else None


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--bench", type=Path, default=ROOT.parent / "shared" / "bench")
    words.add_argument("--systems", default="mlflow-sqlite-w1,fml-sqlite")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--seconds", type=float, default=1.2)
    words.add_argument("--connections", default="1,8")
    words.add_argument("--durability", choices=("full", "relaxed"), default="full")
    words.add_argument("--only", default="", help="calls, by commas")
    options = words.parse_args()
    command = f"{sys.executable} -m trackside.cli.main server --port {{port}} --data {{dir}} --durability {options.durability}"
    os.environ.setdefault("SUT_CMD", command)
    sys.path.insert(0, str(options.bench))
    import bench  # noqa: PLC0415  # its folder is an argument

    only = set(filter(None, options.only.split(",")))
    names = ["ours", *options.systems.split(",")]
    work = tempfile.mkdtemp(prefix="calls-")
    servers = {name: bench.Server(name, work) for name in names}
    try:
        seeded = {}
        for name, server in servers.items():
            server.start()
            seeded[name] = seed(bench.Api(server))
            _files(bench, server, seeded[name])
        rows = [row for row in ROWS if not only or row.call in only]
        cases = [(row, int(c)) for row in rows for c in options.connections.split(",")]
        found = dict(_figures(bench, servers, seeded, cases, options.rounds, options.seconds))
    finally:
        for server in servers.values():
            server.drop()
        shutil.rmtree(work, ignore_errors=True)
    return report(names, cases, found)


def _files(bench: Any, server: Any, seeded: Seeded) -> None:
    """Put files into the folder of the first run, where the server's artifact root is on this machine."""
    answer, _ = seeded.api.call("GET", f"runs/get?run_id={seeded.runs[0]}")
    uri = answer["run"]["info"]["artifact_uri"]
    if uri.startswith("mlflow-artifacts:"):
        path = uri.removeprefix("mlflow-artifacts:").strip("/")
        for n in range(FILES):
            target = f"{server.base}/api/2.0/mlflow-artifacts/artifacts/{path}/file-{n}.txt"
            seeded.api.c.raw(bench.build("PUT", target, b"x" * 100, server.port, b"application/octet-stream"))
    else:
        folder = Path(uri.removeprefix("file://"))
        folder.mkdir(parents=True, exist_ok=True)
        for n in range(FILES):
            (folder / f"file-{n}.txt").write_bytes(b"x" * 100)


def _figures(
    bench: Any,
    servers: dict[str, Any],
    seeded: dict[str, Seeded],
    cases: list[tuple[Row, int]],
    rounds: int,
    seconds: float,
) -> Iterator[tuple[tuple[str, int, str], float | None]]:
    for row, connections in cases:
        taken: dict[str, list[float | None]] = {name: [] for name in servers}
        for _ in range(rounds):
            for name, server in servers.items():
                if not taken[name] or taken[name][-1] is not None:
                    taken[name].append(measure(bench, server, row, seeded[name], connections, seconds))
        for name, values in taken.items():
            good = [value for value in values if value is not None]
            yield (row.call, connections, name), statistics.median(good) if good else None


def report(names: list[str], cases: list[tuple[Row, int]], found: dict[tuple[str, int, str], float | None]) -> int:
    print(f"| call | connections | {' | '.join(names)} | {' | '.join(f'ours / {name}' for name in names[1:])} |")
    print(f"|---|---|{'---|' * (2 * len(names) - 1)}")
    low = 0
    for row, connections in cases:
        values = {name: found[row.call, connections, name] for name in names}
        ratios = []
        for name in names[1:]:
            ours, other = values["ours"], values[name]
            if not ours or not other:
                ratios.append("n/a")
                continue
            wanted = next((least for start, least in WANTED.items() if name.startswith(start)), 0.0)
            low += ours / other < wanted
            ratios.append(f"{ours / other:.2f}x" + (f" (wanted {wanted:g}x)" if ours / other < wanted else ""))
        shown = [f"{value:,.0f}/s" if value else "n/a" for value in values.values()]
        print(f"| {row.call} | {connections} | {' | '.join(shown)} | {' | '.join(ratios)} |")
    print(json.dumps({f"{call} c{c} {name}": value for (call, c, name), value in found.items()}), file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
