"""Faults during scoring on a real server: messages, and no incomplete results."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import register, save_model, wait_for
from scoring.conftest import JOBS, score, table
from support.links import until
from support.processes.ports import free_port
from support.processes.servers import Server

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]

ROWS, GROUP_ROWS = 60_000, 20  # thousands of units, so that the job goes on while a test looks


@pytest.fixture
def lasting(tables: Path) -> dict[str, Any]:
    """The parameters of a job that scores many units."""
    table(ROWS).to_parquet(tables / "in.parquet", row_group_size=GROUP_ROWS)
    places = {"input": str(tables / "in.parquet"), "output": str(tables / "out.parquet")}
    return {"model": "models:/sum/2", "env": "local", "processes": 2, **places}


def begin(server: Server, params: dict[str, Any]) -> str:
    job_id: str = server.api.post(JOBS, {"kind": "score", "params": params})["job"]["job_id"]
    return job_id


def wait_for_rows(server: Server, job_id: str) -> None:
    until(lambda: server.api.get(f"{JOBS}/{job_id}")["job"]["progress"]["done"] > 0, "rows to be scored")


def ended(server: Server, job_id: str) -> Any:
    """Return the job when it has ended, within the limit of the test: thousands of units take long on a busy machine."""

    def job() -> Any:
        found = server.api.get(f"{JOBS}/{job_id}")["job"]
        return found if found["state"] not in ("queued", "running") else None

    return wait_for(job)


def check_whole(output: Path, job_id: str) -> None:
    import pandas as pd

    found = pd.read_parquet(output)
    assert found["trackside_row"].tolist() == list(range(ROWS))
    assert found["prediction"].tolist() == [2.0 * (n + 1.0) for n in range(ROWS)]
    assert set(found["trackside_job"]) == {job_id}


def test_a_killed_server_loses_no_row_and_scores_none_twice(
    start: Callable[..., Server], model_folders: list[Path], tables: Path, lasting: dict[str, Any]
) -> None:
    options = ("--model-python", sys.executable, "--job-folders", str(tables), "--port", str(free_port()))
    server = start(*options)
    register(server.api, model_folders)
    job_id = begin(server, lasting)
    wait_for_rows(server, job_id)

    server.kill9()
    assert [path.name for path in tables.iterdir()] == ["in.parquet"]
    server.start()

    job = ended(server, job_id)
    assert (job["state"], job["attempt"], job["result"]["rows"]) == ("succeeded", 2, ROWS), job["reason"]
    check_whole(tables / "out.parquet", job_id)
    assert sorted(path.name for path in tables.iterdir()) == ["in.parquet", "out.parquet"]


def test_a_cancelled_job_leaves_no_output_and_resumes_when_it_is_retried(
    scoring: Server, tables: Path, lasting: dict[str, Any]
) -> None:
    job_id = begin(scoring, lasting)
    wait_for_rows(scoring, job_id)

    scoring.api.post(f"{JOBS}/{job_id}/cancel", {})
    cancelled = ended(scoring, job_id)

    assert (cancelled["state"], scoring.api.run(job_id)["info"]["status"]) == ("cancelled", "KILLED")
    assert [path.name for path in tables.iterdir()] == ["in.parquet"]
    scoring.api.post(f"{JOBS}/{job_id}/retry", {})
    retried = ended(scoring, job_id)
    assert (retried["state"], scoring.api.run(job_id)["info"]["status"]) == ("succeeded", "FINISHED")
    check_whole(tables / "out.parquet", job_id)


def test_a_job_that_is_cancelled_at_once_leaves_no_output(
    scoring: Server, tables: Path, lasting: dict[str, Any]
) -> None:
    jobs = [begin(scoring, lasting) for _ in range(3)]  # two run at once, and the third waits
    for job_id in reversed(jobs):
        scoring.api.post(f"{JOBS}/{job_id}/cancel", {})

    assert [ended(scoring, job_id)["state"] for job_id in jobs] == ["cancelled"] * 3
    assert [path.name for path in tables.iterdir()] == ["in.parquet"]


def test_an_input_that_cannot_be_scored_is_named(scoring: Server, tables: Path) -> None:
    good = table(900)
    good.to_parquet(tables / "damaged.parquet", row_group_size=300)
    content = bytearray((tables / "damaged.parquet").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    (tables / "damaged.parquet").write_bytes(content)
    (tables / "empty.csv").touch()
    good.drop(columns="b").to_parquet(tables / "lacks.parquet")
    good.assign(a="x").to_parquet(tables / "text.parquet")
    (tables / "there.parquet").write_bytes(b"of somebody else")

    def reason(name: str) -> str:
        job = score(scoring.api, input=str(tables / name), output=str(tables / f"out-{name}"))
        assert job["state"] == "failed"
        assert scoring.api.run(job["job_id"])["info"]["status"] == "FAILED"
        return str(job["reason"])

    def refusal(**places: str) -> Any:
        return scoring.api.fault(JOBS, {"kind": "score", "params": {"model": "models:/sum/2", **places}})

    assert "of damaged.parquet cannot be read" in reason("damaged.parquet")
    assert reason("empty.csv") == "the input is empty: it has no columns and no rows."
    assert "the input lacks 'b', which the model's signature needs; it has 'id', 'a'" in reason("lacks.parquet")
    assert reason("text.parquet") == "all 900 rows failed. One of them: column 'a' is 'x', which is no double."
    missing = refusal(input=str(tables / "no.parquet"))
    assert missing == (404, "RESOURCE_DOES_NOT_EXIST", f"input is '{tables}/no.parquet', which does not exist.")
    taken = refusal(input=str(tables / "lacks.parquet"), output=str(tables / "there.parquet"))
    assert taken[1:] == (
        "RESOURCE_ALREADY_EXISTS",
        f"output is '{tables}/there.parquet', which already exists; set overwrite to replace it.",
    )
    assert not list(tables.glob("out-*"))
    assert (tables / "there.parquet").read_bytes() == b"of somebody else"


def test_a_model_fails_with_the_installers_message_if_its_environment_fails(
    start: Callable[..., Server], tables: Path, tmp_path: Path
) -> None:
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    folder = save_model(tmp_path / "model", 2.0)
    (folder / "requirements.txt").write_text(f"{tmp_path}/nowhere-1.0-py3-none-any.whl\n")
    server = start("--job-folders", str(tables))
    register(server.api, [folder])
    table(3).to_parquet(tables / "in.parquet")

    job = score(
        server.api,
        model="models:/sum/1",
        env="uv",
        input=str(tables / "in.parquet"),
        output=str(tables / "out.parquet"),
    )

    assert job["state"] == "failed"
    assert job["reason"].startswith("The environment cannot be built. `uv pip` says:")
    assert "nowhere" in job["reason"]
    assert [path.name for path in tables.iterdir()] == ["in.parquet"]
