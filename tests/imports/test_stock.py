"""Imports of data by the stock client, which reads the same from both sides afterwards."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imports.conftest import Importer, command, tally
from support.links import until
from support.processes.servers import Server, environment
from support.stock.server import stock_server
from support.stores.postgres import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
TESTS = Path(__file__).parents[1]
LARGEST = "1.7976931348623157e+308"


def write(uri: str, cwd: Path, *words: str) -> None:
    client("support.stock.writer", uri, *words, cwd=cwd)


def read(uri: str, cwd: Path) -> Any:
    return json.loads(client("support.stock.reader", uri, cwd=cwd))


def client(module: str, *words: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**environment(MLFLOW_ALLOW_FILE_STORE="true"), "PYTHONPATH": str(TESTS)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(params=["sqlite", "postgresql", "folder", "server", "server with a folder"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """What to import, and where else its files are."""
    folder = tmp_path / "source"
    folder.mkdir()
    match request.param:
        case "sqlite":
            yield f"sqlite:///{folder}/mlflow.db", []
        case "postgresql":
            postgres: Postgres = request.getfixturevalue("postgres")
            name = postgres.create()
            yield postgres.url(name).replace("postgresql:", "postgresql+psycopg:"), []
            postgres.drop(name)
        case "folder":
            yield str(folder / "mlruns"), []
        case "server":
            with stock_server(folder) as url:
                yield url, []
        case _:
            root = folder / "root"
            with stock_server(folder, "--no-serve-artifacts", "--default-artifact-root", str(root)) as url:
                yield url, ["--artifacts", str(root)]


def test_the_stock_client_sees_the_same_on_both_sides(
    server: Server, bring: Importer, source: tuple[str, list[str]], tmp_path: Path
) -> None:
    uri, words = source
    cwd = tmp_path / "source"
    write(uri, cwd, "--runs", "4")

    first = bring(uri, *words, cwd=cwd)
    again = bring(uri, *words, cwd=cwd)
    verified = bring(uri, *words, "--verify", cwd=cwd)

    there, here = read(uri, cwd), read(server.url, cwd)
    assert (first.code, first.report["left_out"], first.report["differences"]) == (0, [], [])
    assert canonical(here) == canonical(there)
    assert len(here["experiments"]["Default"]["runs"]) == 2
    for done in (again, verified):
        assert (done.code, done.report["differences"]) == (0, [])
        for kind, count in (("runs", 7), ("logged_models", 1), ("registered_models", 2), ("model_versions", 2)):
            assert tally(done.report, kind) == (0, 0, count, 0)
        assert done.report["files"] == 0
    assert again.report["points"] == 0


def test_a_repeated_import_copies_what_the_source_has_added(server: Server, bring: Importer, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    write(uri, tmp_path, "--runs", "2")
    bring(uri, cwd=tmp_path)
    client("support.stock.grower", uri, cwd=tmp_path)

    done = bring(uri, cwd=tmp_path)

    assert (done.code, tally(done.report, "runs")) == (0, (1, 2, 3, 0))
    assert tally(done.report, "model_versions") == (1, 1, 1, 0)
    assert canonical(read(server.url, tmp_path)) == canonical(read(uri, tmp_path))


def test_two_thousand_runs_are_imported_completely_after_a_kill(
    server: Server, bring: Importer, tmp_path: Path
) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    write(uri, tmp_path, "--runs", "2000", "--files", "1")
    for runs in (200, 900):
        process = subprocess.Popen(
            [*command(), uri], env=environment(TRACKSIDE_URL=server.url), cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        until(lambda runs=runs: count(server) >= runs, f"{runs} runs to come")  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert count(server) < 2003
    server.kill9()
    server.start()

    done = bring(uri, cwd=tmp_path)
    again = bring(uri, cwd=tmp_path)

    assert (done.code, again.code) == (0, 0)
    assert tally(again.report, "runs") == (0, 0, 2003, 0)
    assert again.report["seconds"] < done.report["seconds"]
    assert count(server) == 2003
    assert canonical(read(server.url, tmp_path)) == canonical(read(uri, tmp_path))


def count(server: Server) -> int:
    api = server.api
    experiments = [
        each["experiment_id"]
        for each in api.post("experiments/search", max_results=100, view_type="ALL")["experiments"]
    ]
    return len(
        api.post("runs/search", experiment_ids=experiments, run_view_type="ALL", max_results=50_000).get("runs", [])
    )


def canonical(seen: Any) -> Any:
    """Without what MLflow's stores do not agree about themselves: infinities, the sign of zero, and which points of a
    logged model its files tell."""
    text = json.dumps(seen, sort_keys=True)
    for one, other in (('"inf"', f'"{LARGEST}"'), ('"-inf"', f'"-{LARGEST}"'), ('"-0.0"', '"0.0"')):
        text = text.replace(one, other)
    found = json.loads(text)
    for experiment in found["experiments"].values():
        for model in experiment["models"].values():
            newest: dict[str, Any] = {}
            for point in model["metrics"]:
                newest[point[0]] = max(point, newest.get(point[0], point))
            model["metrics"] = newest
    return found
