"""Tables in S3 that jobs read and write, on an S3 server of this machine."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import register
from scoring.conftest import JOBS, score, table
from support.processes.servers import Server, trackside
from support.stores import s3
from trackside.artifacts.blobs import get, put
from trackside.artifacts.cloud import PART_BYTES, CloudBlobs
from trackside.core.errors import NotFound
from trackside.scoring.buckets import Buckets

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

PLACE = "s3://artifacts/tables"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudBlobs]:
    with s3.served() as options:
        monkeypatch.setenv("AWS_ENDPOINT_URL", options["endpoint"])
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        for name in ("region", "access_key_id", "secret_access_key"):
            monkeypatch.setenv(f"AWS_{name.upper()}", options[name])
        yield CloudBlobs.at("s3://artifacts", options)


@pytest.fixture
def scoring(bucket: CloudBlobs, start: Callable[..., Server], model_folders: list[Path]) -> Server:
    server = start("--model-python", sys.executable, "--job-buckets", PLACE)
    register(server.api, model_folders)
    return server


def parquet(rows: Any) -> bytes:
    file = io.BytesIO()
    rows.to_parquet(file, row_group_size=300)
    return file.getvalue()


def test_a_table_in_a_bucket_is_scored_into_the_bucket(scoring: Server, bucket: CloudBlobs) -> None:
    import pandas as pd

    put(bucket, "tables/in.parquet", [[parquet(table(1000))]])
    places = {"input": f"{PLACE}/in.parquet", "output": f"{PLACE}/day 1/out.parquet"}

    job = score(scoring.api, **places)

    assert job["state"] == "succeeded", job["reason"]
    assert job["result"]["output"] == f"{PLACE}/day 1/out.parquet"
    found = pd.read_parquet(io.BytesIO(get(bucket, "tables/day 1/out.parquet")))
    assert found["prediction"].tolist() == [2.0 * (n + 1.0) for n in range(1000)]
    inputs = scoring.api.run(job["job_id"])["inputs"]["dataset_inputs"]
    noted = {each["dataset"]["source"]: each["dataset"]["source_type"] for each in inputs}
    assert noted == {json.dumps({"uri": place}, separators=(",", ":")): "s3" for place in places.values()}

    before = get(bucket, "tables/day 1/out.parquet")
    again = score(scoring.api, **places)
    assert again["state"] == "failed"
    assert again["reason"] == (
        f"output is '{PLACE}/day 1/out.parquet', which already exists; set overwrite to replace it."
    )
    assert get(bucket, "tables/day 1/out.parquet") == before
    replaced = score(scoring.api, **places, overwrite=True, columns=["id"])
    assert replaced["state"] == "succeeded", replaced["reason"]
    assert "a" not in pd.read_parquet(io.BytesIO(get(bucket, "tables/day 1/out.parquet"))).columns


def test_a_folder_is_read_and_failed_rows_lie_beside_the_output(scoring: Server, bucket: CloudBlobs) -> None:
    put(bucket, "tables/in/1.csv", [[b"id,a,b\n0,1,1\n1,none,1\n"]])
    put(bucket, "tables/in/2.csv", [[b"id,a,b\n2,3,1\n"]])
    put(bucket, "tables/in/notes.txt", [[b"no table"]])

    job = score(scoring.api, input=f"{PLACE}/in", input_format="csv", output=f"{PLACE}/out.jsonl")

    assert job["state"] == "succeeded", job["reason"]
    rows = [json.loads(line) for line in get(bucket, "tables/out.jsonl").splitlines()]
    assert [(row["trackside_row"], row["prediction"]) for row in rows] == [(0, 4.0), (2, 8.0)]
    assert job["result"]["errors"] == f"{PLACE}/out.jsonl.failed_rows.jsonl"
    assert b"'none', which is no double" in get(bucket, "tables/out.jsonl.failed_rows.jsonl")

    put(bucket, "tables/in/1.csv", [[b"id,a,b\n0,1,1\n1,1,1\n"]])
    replaced = score(scoring.api, input=f"{PLACE}/in", input_format="csv", output=f"{PLACE}/out.jsonl", overwrite=True)
    assert replaced["result"]["rows"] == 3, replaced["reason"]
    with pytest.raises(NotFound):
        bucket.stat("tables/out.jsonl.failed_rows.jsonl")


def test_missing_and_forbidden_locations_are_reported(scoring: Server, bucket: CloudBlobs) -> None:
    put(bucket, "elsewhere/in.csv", [[b"id,a,b\n0,1,1\n"]])
    put(bucket, "tables/folder.csv/x.csv", [[b"id,a,b\n0,1,1\n"]])

    missing = score(scoring.api, input=f"{PLACE}/no.csv")
    onto_folder = score(scoring.api, input=f"{PLACE}/folder.csv", output=f"{PLACE}/folder.csv", overwrite=False)

    assert (missing["state"], missing["reason"]) == ("failed", f"input is '{PLACE}/no.csv': it does not exist.")
    assert (onto_folder["state"], onto_folder["reason"]) == (
        "failed",
        f"output is '{PLACE}/folder.csv': it is a folder; name a file.",
    )
    for given, message in (
        ({"input": "s3://artifacts/elsewhere/in.csv"}, "below none of the server's --job-buckets"),
        ({"input": f"{PLACE}/../elsewhere/in.csv"}, "it leads upwards"),
        ({"input": f"{PLACE}/in.csv", "output": "gs://artifacts/out.csv"}, "below none of the server's --job-buckets"),
        (
            {"input": f"{PLACE}/in.csv", "output": f"{PLACE}/out/", "engine": "spark", "output_format": "parquet"},
            "Spark writes a folder below the server's --job-folders",
        ),
        (
            {"input": f"{PLACE}/in.csv", "output": "/x/", "engine": "spark", "stream": True, "checkpoint": "/y"},
            "a stream reads a folder below the server's --job-folders",
        ),
    ):
        body = {"kind": "score", "params": {"model": "models:/sum/2", "env": "local", **given}}
        assert message in str(scoring.api.fault(JOBS, body)), given


@pytest.mark.usefixtures("bucket")
def test_a_job_that_is_stopped_while_it_writes_leaves_no_output(tmp_path: Path) -> None:
    source = tmp_path / "out.parquet"
    source.write_bytes(bytes(3 * PART_BYTES))
    target = Buckets([PLACE]).checked("output", f"{PLACE}/stopped.parquet")
    seen = iter(range(20))

    def check() -> None:
        if next(seen) == 19:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        target.put(source, check)

    assert not target.exists()
    target.put(source, lambda: None)
    assert target.exists()


def test_the_command_names_places_in_a_bucket(scoring: Server, bucket: CloudBlobs, tmp_path: Path) -> None:
    put(bucket, "tables/in.csv", [[b"id,a,b\n0,1,1\n"]])

    code, out, err = trackside(
        "score", "models:/sum/2", "--env", "local", "--input", f"{PLACE}/in.csv", "--output", f"{PLACE}/out.csv",
        "--server", scoring.url, cwd=tmp_path,
    )  # fmt: skip

    assert (code, err) == (0, "")
    assert f"scored 1 row with models:/sum/2 to {PLACE}/out.csv" in out
    assert b"4.0,models:/sum/2" in get(bucket, "tables/out.csv")
