"""Folders `mlruns` that stock mlflow 1.30, 2.22 and 3.17 wrote are imported, each by the same command."""

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests

from trackside_mlflow import Workspace

pytestmark = pytest.mark.slow  # the first run installs the clients


class Server(Protocol):
    url: str


class Client(Protocol):
    def run(self, script: str, *arguments: str | Path, **variables: str | Path) -> str: ...


def test_a_folder_of_any_release_comes_as_its_client_reads_it(client: Client, server: Server, tmp_path: Path) -> None:
    written = json.loads(client.run("folder.py", tmp_path / "mlruns"))
    uri = Workspace.create(f"folder-{uuid.uuid4().hex[:8]}", url=server.url).get_mlflow_tracking_uri()

    done = bring(tmp_path / "mlruns", server, uri.rpartition("/")[2])
    again = bring(tmp_path / "mlruns", server, uri.rpartition("/")[2])

    assert done["left_out"] == []
    assert {run_id: seen(uri, run_id) for run_id in written["runs"]} == written["runs"]
    assert again["runs"] == {"new": 0, "changed": 0, "same": len(written["runs"]), "failed": 0}
    assert done["model_versions"]["new"] == int(written["has_registry"])
    text = requests.get(
        f"{uri}/get-artifact", params={"run_uuid": written["parent"], "path": "deep/er/hello ü.txt"}, timeout=120
    )
    assert text.text == "hello"
    assert seen(uri, written["child"])["tags"]["mlflow.parentRunId"] == written["parent"]


def bring(folder: Path, server: Server, workspace: str) -> Any:
    words = ["import", str(folder), "--json", "--server", server.url, "--workspace", workspace]
    done = subprocess.run(
        [sys.executable, "-m", "trackside.cli.main", *words], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def seen(uri: str, run_id: str) -> Any:
    def get(call: str, **arguments: str) -> Any:
        answer = requests.get(f"{uri}/api/2.0/mlflow/{call}", params=arguments, timeout=120)
        assert answer.ok, answer.text
        return answer.json()

    run = get("runs/get", run_id=run_id)["run"]
    info, data = run["info"], run["data"]
    last = {each["key"]: each["value"] for each in data.get("metrics", [])}
    named = [info[name] for name in ("user_id", "status", "start_time")]
    return {
        "experiment": get("experiments/get", experiment_id=info["experiment_id"])["experiment"]["name"],
        "info": [*named, info.get("end_time"), info["lifecycle_stage"]],
        "params": {each["key"]: each["value"] for each in data.get("params", [])},
        "tags": {each["key"]: each["value"] for each in data.get("tags", [])},
        "points": {key: len(get("metrics/get-history", run_id=run_id, metric_key=key)["metrics"]) for key in last},
        "last": {key: "nan" if value == "NaN" else repr(value) for key, value in last.items()},
    }
