"""Scoring of tables by jobs: the result, what fails, and what is refused."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import register
from scoring.conftest import JOBS, score, table
from support.links import until
from support.processes.ports import free_port
from support.processes.servers import TRACKSIDE, Server, environment

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


def test_a_table_is_scored_by_row_group_and_its_lineage_is_recorded(scoring: Server, tables: Path) -> None:
    import pandas as pd

    table(1000).to_parquet(tables / "in.parquet", row_group_size=300)

    job = score(scoring.api, input=str(tables / "in.parquet"), output=str(tables / "out.parquet"))

    assert job["state"] == "succeeded", job["reason"]
    found = pd.read_parquet(tables / "out.parquet")
    assert list(found.columns) == ["id", "a", "b", "prediction", "trackside_model", "trackside_job", "trackside_row"]
    assert found["prediction"].tolist() == [2.0 * (n + 1.0) for n in range(1000)]
    assert found["trackside_row"].tolist() == list(range(1000))
    assert set(found["trackside_model"]) == {"models:/sum/2"}
    assert set(found["trackside_job"]) == {job["job_id"]}
    run = scoring.api.run(job["job_id"])
    assert run["info"]["status"] == "FINISHED"
    assert scoring.api.latest(job["job_id"])["rows"][2] == 1000.0
    assert scoring.api.tags(job["job_id"])["trackside.run_type"] == "score"
    contexts = {each["dataset"]["name"]: each["tags"][0]["value"] for each in run["inputs"]["dataset_inputs"]}
    assert contexts == {"in.parquet": "scoring", "out.parquet": "scored"}
    again = scoring.api.fault(JOBS, {"kind": "score", "params": job["params"]})
    assert again[1] == "RESOURCE_ALREADY_EXISTS"


def test_a_result_that_replaces_another_one_removes_its_failed_rows(scoring: Server, tables: Path) -> None:
    source, output, failed = tables / "in.csv", tables / "out.csv", tables / "out.csv.failed_rows.jsonl"
    source.write_text("id,a,b\n1,1,1\n2,none,1\n")
    places = {"input": str(source), "output": str(output)}
    first = score(scoring.api, **places)
    assert (first["result"]["failed_rows"], failed.exists()) == (1, True)
    source.write_text("id,a,b\n1,1,1\n2,2,1\n")

    second = score(scoring.api, **places, overwrite=True)

    assert (second["result"]["rows"], second["result"]["failed_rows"]) == (2, 0), second["reason"]
    assert output.exists()
    assert not failed.exists()


def test_the_command_waits_for_a_restarted_server(
    start: Callable[..., Server], model_folders: list[Path], tables: Path, tmp_path: Path
) -> None:
    server = start("--model-python", sys.executable, "--job-folders", str(tables), "--port", str(free_port()))
    register(server.api, model_folders)
    (tmp_path / "in.csv").write_text("id,a,b\n1,1,1\n")
    server.api.ask("PATCH", "/api/trackside/v1/job-queue", {"is_paused": True})
    words = [
        "score",
        "models:/sum/2",
        "--env",
        "local",
        "--input",
        "in.csv",
        "--output",
        "out.csv",
        "--server",
        server.url,
    ]
    command = subprocess.Popen(
        [*TRACKSIDE, *words], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: server.api.get(JOBS).get("jobs"), "the job to be queued")

    server.kill9()
    server.start()
    server.api.ask("PATCH", "/api/trackside/v1/job-queue", {"is_paused": False})

    out, err = command.communicate()
    assert (command.returncode, err) == (0, "")
    assert out.startswith("scored 1 row with models:/sum/2 to out.csv")
    assert (tmp_path / "out.csv").exists()


def test_a_stream_starts_before_its_folder_has_a_file(scoring: Server, tables: Path) -> None:
    """Without an interval it has nothing to do, and starts no Spark.  `tests/spark` has one that waits."""
    incoming = tables / "incoming"
    incoming.mkdir()
    (incoming / ".upload.parquet").write_bytes(b"half of it")
    stream: dict[str, Any] = {
        "engine": "spark",
        "input": str(incoming),
        "input_format": "parquet",
        "output": str(tables / "out"),
        "stream": True,
        "checkpoint": str(tables / "checkpoint"),
    }

    job = score(scoring.api, **stream)
    file = {"model": "models:/sum/2", **stream, "input": str(incoming / ".upload.parquet")}
    of_file = scoring.api.fault(JOBS, {"kind": "score", "params": file})
    missing = scoring.api.fault(JOBS, {"kind": "score", "params": {**file, "input": str(tables / "none")}})

    assert (job["state"], job["result"]["rows"]) == ("succeeded", 0), job["reason"]
    assert "is a file; a stream reads a folder to which files are added" in of_file[2]
    assert "does not exist" in missing[2]
