"""The stock client and a link on one Databricks workspace read each other's data.  That the stock client works also shows that
the emulated workspace matches the real API."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.databricks.workspace import TOKEN, USER, Databricks
from support.links import add, check, link, log, put_file, settle, until
from support.processes.servers import Server, environment
from support.registry import Registry

pytestmark = pytest.mark.slow
LINK = "lakehouse"
TESTS = Path(__file__).parents[2]
MIB = 1 << 20


def stock(databricks: Databricks, home: Path, module: str, *words: str) -> str:
    """What a program of the stock client says, whose environment leads to that workspace."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, *words],
        capture_output=True,
        text=True,
        cwd=home,
        env={
            **environment(
                HOME=str(home),
                DATABRICKS_HOST=databricks.url,
                DATABRICKS_TOKEN=TOKEN,
                MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=str(MIB),
                MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE=str(5 * MIB),
                MLFLOW_DATABRICKS_ENDPOINT_HTTP_RETRY_TIMEOUT="5",  # a failure shows at once
            ),
            "PYTHONPATH": str(TESTS),
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def seen(text: str) -> Any:
    """What the stock client sees, but for what a store says of itself: when it made a copy, and its tags for that."""
    found = json.loads(text, object_hook=lambda each: {k: v for k, v in each.items() if k != "times"})
    found["experiments"].pop("Default", None)
    return found


def test_runs_of_the_stock_client_on_the_remote_are_pulled_unchanged(
    server: Server, databricks: Databricks, tmp_path: Path
) -> None:
    stock(databricks, tmp_path, "support.stock.databricks")
    here = server.api.new_workspace("north")
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="pull", registry=True)
    until(lambda: link(here, LINK)["mirrored"].get("model_version") == 2, "both versions to come")
    until(lambda: check(here, LINK) == [], "the rest to come")

    there = seen(stock(databricks, tmp_path, "support.stock.reader", "databricks"))
    ours = seen(stock(databricks, tmp_path, "support.stock.reader", f"{server.url}/ws/north"))
    assert {"PUT 1", "PUT 2", "PUT 3"} <= set(databricks.store.asked)
    assert len(there["experiments"]["/Shared/by hand"]["runs"]) == 2
    assert len(there["registered"]["forest"]["versions"]) == 2
    assert flat(ours) == flat(there)
    assert log(here, LINK) == []


def test_the_stock_client_reads_pushed_runs_on_the_remote(
    server: Server, databricks: Databricks, tmp_path: Path
) -> None:
    here = server.api.new_workspace("north")
    experiment = here.new_experiment("/Shared/pushed", tags=[{"key": "team", "value": "blue"}])
    run = here.new_run(experiment, run_name="child", user_id="ann", start_time=7)
    points = [{"key": "m", "value": i / 7, "timestamp": i, "step": i} for i in range(700)]
    here.post("runs/log-batch", run_id=run, metrics=points)
    params = [{"key": f"p{i}", "value": str(i)} for i in range(100)]
    here.post("runs/log-batch", run_id=run, params=params, tags=[{"key": "k", "value": "v"}])
    dataset = {"name": "iris", "digest": "d1", "source_type": "http", "source": "{}", "schema": "s"}
    here.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": [{"key": "k", "value": "v"}]}])
    put_file(here, run, "model/MLmodel", b"flavors: {}")
    put_file(here, run, "model/data/ü.bin", bytes(range(256)) * 300_000)  # three parts
    model = here.post("logged-models", experiment_id=experiment, name="m", source_run_id=run)["model"]["info"]
    here.ask("PATCH", f"/api/2.0/mlflow/logged-models/{model['model_id']}", {"status": "LOGGED_MODEL_READY"})
    place = model["artifact_uri"].removeprefix("mlflow-artifacts:/")
    here.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/MLmodel", b"flavors: {}")
    here.post("runs/update", run_id=run, status="KILLED", end_time=11)
    registry = Registry(here)
    registry.new_model("iris", description="flowers", tags=[{"key": "team", "value": "blue"}])
    registry.new_version("iris", source=f"{here.run(run)['info']['artifact_uri']}/model", run_id=run)
    registry.move(1, "Staging", name="iris")
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, registry=True)
    settle(here, LINK)

    ours = seen(stock(databricks, tmp_path, "support.stock.reader", f"{server.url}/ws/north"))
    there = seen(stock(databricks, tmp_path, "support.stock.reader", "databricks"))
    copy = databricks.run_of(run)["info"]["run_id"]
    assert {"PUT 1", "PUT 2", "PUT 3"} <= set(databricks.store.asked)
    ids = {copy: run, next(iter(databricks.models.models)): model["model_id"]}
    assert flat(named(there, ids)) == flat(of_robot(ours))


def named(found: Any, ids: dict[str, str]) -> Any:
    """What was seen of copies, with the ids of what they are copies of, and without the tags that say so."""
    text = json.dumps(found)
    for theirs, ours in ids.items():
        text = text.replace(theirs, ours)
    plain = json.loads(text, object_hook=lambda each: {k: v for k, v in each.items() if "trackside." not in k})
    plain["experiments"] = {
        path: each for path, each in plain["experiments"].items() if not path.startswith("/Shared/trackside/")
    }
    return plain


def of_robot(found: Any) -> Any:
    """The same runs, as if the token's owner had made them."""
    for experiment in found["experiments"].values():
        for run in experiment["runs"].values():
            run["info"]["user_id"] = run["tags"]["mlflow.user"] = USER
    return found


def flat(found: Any, above: str = "") -> dict[str, Any]:
    """By path, so that a difference is short to read."""
    if not isinstance(found, dict) or not found:
        return {above: found}
    return {path: value for key in found for path, value in flat(found[key], f"{above} | {key}").items()}
