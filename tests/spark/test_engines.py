"""One table scored by each engine through the server's jobs: equal predictions and failed rows, without duplicates."""

import json
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import wait_for
from scoring.conftest import JOBS
from scoring.conftest import table as rows_of
from support.client import Api
from support.processes.servers import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def score(api: Api, **params: Any) -> Any:
    """Start a job and return it when it has ended.  Spark takes its time to start: the limit is that of the test."""
    asked = {"model": "models:/sum/2", "env": "local", "processes": 2, **params}
    job_id = api.post(JOBS, {"kind": "score", "params": asked})["job"]["job_id"]

    def ended() -> Any:
        job = api.get(f"{JOBS}/{job_id}")["job"]
        return job if job["state"] not in ("queued", "running") else None

    return wait_for(ended)


def predictions(path: Path) -> dict[int, float]:
    import pandas as pd

    found = pd.read_parquet(path)
    return dict(zip(found["id"].tolist(), found["prediction"].tolist(), strict=True))


def test_all_engines_give_the_same_predictions_and_failed_rows(summing: Server, tables: Path) -> None:
    frame = rows_of(2000)
    frame.loc[7, "a"] = float("nan")  # a linear regression refuses it
    (tables / "same").mkdir()
    frame[:900].to_parquet(tables / "same" / "one file.parquet", row_group_size=300, index=False)
    frame[900:].to_parquet(tables / "same" / "two.parquet", row_group_size=500, index=False)

    jobs = {
        engine: score(
            summing.api,
            engine=engine,
            input=str(tables / "same"),
            input_format="parquet",
            output=str(tables / f"{engine}.parquet"),
        )
        for engine in ("local", "spark", "ray")
    }

    assert {name: (job["state"], job["reason"]) for name, job in jobs.items()} == dict.fromkeys(jobs, ("succeeded", ""))
    found = {name: predictions(tables / f"{name}.parquet") for name in jobs}
    assert found["local"] == {n: 2.0 * (n + 1.0) for n in range(2000) if n != 7}
    assert found["spark"] == found["local"]
    assert found["ray"] == found["local"]
    failures = [json.loads((tables / f"{name}.parquet.failed_rows.jsonl").read_text()) for name in jobs]
    assert [(each["row"], each["reason"]) for each in failures] == [(7, failures[0]["reason"])] * 3
    numbers = [sorted(rows(tables / f"{name}.parquet")) for name in jobs]
    assert numbers == [[n for n in range(2000) if n != 7]] * 3


def test_files_of_csv_may_have_their_columns_in_another_order(summing: Server, tables: Path) -> None:
    """Spark by itself reads the columns of CSV by their position."""
    (tables / "orders").mkdir()
    (tables / "orders" / "first.csv").write_text("id,a,b\n0,10.0,1.0\n")
    (tables / "orders" / "second.csv").write_text('\ufeffb,"id",a\r\n2.0,1,20.0\r\n', "utf-8")

    job = score(
        summing.api,
        engine="spark",
        input=str(tables / "orders"),
        input_format="csv",
        output=str(tables / "orders.parquet"),
        output_format="parquet",
    )

    assert (job["state"], job["reason"]) == ("succeeded", "")
    found = {int(number): value for number, value in predictions(tables / "orders.parquet").items()}
    assert found == {0: 22.0, 1: 44.0}


def rows(path: Path) -> list[int]:
    import pandas as pd

    found: list[int] = pd.read_parquet(path)["trackside_row"].tolist()
    return found


def test_a_cluster_writes_a_folder_and_a_condition_is_sql(summing: Server, tables: Path, master: str) -> None:
    rows_of(1000).to_parquet(tables / "cluster.parquet", index=False)

    job = score(
        summing.api,
        engine="spark",
        spark_master=master,
        spark_conf={"spark.executor.memory": "600m"},
        input=str(tables / "cluster.parquet"),
        output=f"file://{tables}/cluster/",
        where="id % 2 = 0 AND id < 100",
    )

    assert job["state"] == "succeeded", job["reason"]
    assert job["result"]["output"] == f"{tables}/cluster/"
    assert predictions(tables / "cluster") == {n: 2.0 * (n + 1.0) for n in range(0, 100, 2)}
    assert all(path.suffix == ".parquet" for path in (tables / "cluster").iterdir())


def test_a_query_of_spark_connect_is_scored(summing: Server, tables: Path, connect: str) -> None:
    job = score(
        summing.api,
        engine="spark",
        spark_master=connect,
        input="SELECT id, CAST(id AS DOUBLE) AS a, 1.0D AS b FROM range(50)",
        input_format="sql",
        output=str(tables / "query.parquet"),
    )

    assert job["state"] == "succeeded", job["reason"]
    assert predictions(tables / "query.parquet") == {n: 2.0 * (n + 1.0) for n in range(50)}


def test_a_stream_scores_each_file_once(summing: Server, tables: Path) -> None:
    incoming, output = tables / "incoming", tables / "streamed"
    incoming.mkdir()
    stream: dict[str, Any] = {
        "engine": "spark",
        "input": str(incoming),
        "input_format": "parquet",
        "output": output.as_uri(),
        "stream": True,
        "checkpoint": str(tables / "checkpoint"),
    }
    rows_of(300).to_parquet(incoming / "monday.parquet", index=False)
    first = score(summing.api, **stream)
    more = rows_of(400)[300:]
    more.loc[350, "a"] = float("nan")
    more.to_parquet(incoming / "tuesday.parquet", index=False)

    second = score(summing.api, **stream)

    assert (first["state"], second["state"]) == ("succeeded", "succeeded"), (first["reason"], second["reason"])
    assert (first["result"]["rows"], second["result"]["rows"], second["result"]["failed_rows"]) == (300, 99, 1)
    assert first["result"]["output"] == second["result"]["output"] == f"{output}/"
    assert predictions(output) == {n: 2.0 * (n + 1.0) for n in range(400) if n != 350}
    (failed,) = output.glob("batch-*/_failed_rows.jsonl")
    assert json.loads(failed.read_text())["file"] == "tuesday.parquet"


def test_a_stream_with_an_interval_waits_for_its_first_file_and_runs_until_it_is_cancelled(
    summing: Server, tables: Path
) -> None:
    incoming, api = tables / "arriving", summing.api
    incoming.mkdir()
    params = {
        "model": "models:/sum/2",
        "env": "local",
        "engine": "spark",
        "input_format": "parquet",
        "stream": True,
        "input": str(incoming),
        "output": (tables / "arrived").as_uri(),
        "checkpoint": str(tables / "place"),
        "interval_s": 1,
    }
    path = f"{JOBS}/{api.post(JOBS, {'kind': 'score', 'params': params})['job']['job_id']}"

    def waiting(rows: int) -> Any:
        job = api.get(path)["job"]
        assert job["state"] in ("queued", "running"), job["reason"]
        progress = job["progress"]
        is_there = (progress["done"], progress.get("message")) == (rows, "Waiting for new files.")
        return progress if is_there else None

    wait_for(lambda: waiting(0))
    rows_of(300).to_parquet(tables / "monday.parquet", index=False)
    (tables / "monday.parquet").rename(incoming / "monday.parquet")
    first = wait_for(lambda: waiting(300))
    rows_of(200).to_parquet(incoming / "tuesday.parquet", index=False)
    second = wait_for(lambda: waiting(500))
    api.post(f"{path}/cancel")

    assert "total" not in first | second
    assert wait_for(lambda: api.get(path)["job"]["state"] == "cancelled")


def test_a_spark_master_that_the_operator_does_not_allow_is_refused(summing: Server, tables: Path) -> None:
    rows_of(3).to_parquet(tables / "refused.parquet", index=False)
    given = {"model": "models:/sum/2", "input": str(tables / "refused.parquet"), "engine": "spark"}

    fault = summing.api.fault(JOBS, {"kind": "score", "params": {**given, "spark_master": "sc://10.0.0.1:15002"}})

    assert fault[1] == "PERMISSION_DENIED"
    assert "which is none of the server's --spark-masters" in fault[2]
