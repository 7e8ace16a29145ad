"""Delta and Iceberg tables that jobs read and write, with the real libraries."""

import base64
import json
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import register, wait_for
from scoring.conftest import JOBS
from support.client import Api
from support.processes.servers import Server
from support.processes.venvs import environment
from support.stores import s3
from trackside.artifacts.blobs import put
from trackside.artifacts.cloud import CloudBlobs

pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]

LAKES = ["delta", "iceberg"]
PLACE = "s3://artifacts/tables"
CREATE = """
import sys
import pyarrow as pa
place, first, rows = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
ids = list(range(first, first + rows))
table = pa.table({"id": ids, "a": [float(n) for n in ids], "b": [1.0] * rows, "part": [str(n % 2) for n in ids]})
"""
DELTA = f"""{CREATE}
from deltalake import write_deltalake
write_deltalake(place, table, mode="append", partition_by=["part"] if sys.argv[5:] else None)
"""
ICEBERG = f"""{CREATE}
from pyiceberg.catalog.sql import SqlCatalog
catalog = SqlCatalog("own", uri=f"sqlite:///{{place}}.db", warehouse=place)
catalog.create_namespace_if_not_exists("own")
made = catalog.create_table_if_not_exists("own.table", table.schema, location=place)
made.append(table)
if sys.argv[5:]:
    for old, new in (("a", "old"), ("b", "a"), ("old", "b")):
        with made.update_schema() as update:
            update.rename_column(old, new)
"""
READ = """
import json, os, sys
kind, place = sys.argv[1:]
names = {name: name.upper().replace("-", "_") for name in ("region", "access-key-id", "secret-access-key")}
names["endpoint"] = "ENDPOINT_URL"
of_bucket = {f"s3.{name}": os.environ[f"AWS_{given}"] for name, given in names.items()} if place.startswith("s3:") else {}
if kind == "delta":
    from deltalake import DeltaTable
    table = DeltaTable(place)
    found, version = table.to_pyarrow_table(), table.version()
else:
    from pyiceberg.table import StaticTable
    table = StaticTable.from_metadata(place, of_bucket)
    found, version = table.scan().to_arrow(), len(table.metadata.snapshots)
print(json.dumps({"rows": found.to_pylist(), "version": version}), flush=True)
os._exit(0)  # threads of deltalake that still run when the interpreter ends abort the process now and then
"""


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python that has deltalake, pyiceberg and a stock mlflow."""
    return environment("lakes")


@pytest.fixture(scope="module")
def bucket() -> Iterator[CloudBlobs]:
    with s3.served() as options, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", options["endpoint"])
        patch.setenv("AWS_ALLOW_HTTP", "true")
        for name in ("region", "access_key_id", "secret_access_key"):
            patch.setenv(f"AWS_{name.upper()}", options[name])
        yield CloudBlobs.at("s3://artifacts", options)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that jobs may use."""
    return tmp_path_factory.mktemp("lakes")


@pytest.fixture(scope="module")
def scoring(
    bucket: CloudBlobs, folders: Path, model_folders: list[Path], python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    options = ("--model-python", str(python), "--job-folders", str(folders), "--job-buckets", PLACE)
    server = Server(tmp_path_factory.mktemp("lake-server") / "data", (*options, "--durability", "relaxed")).start()
    try:
        register(server.api, model_folders)
        yield server
    finally:
        server.stop()


@pytest.fixture
def tables(folders: Path, tmp_path: Path) -> Path:
    """A folder of the test's own."""
    folder = folders / tmp_path.name
    folder.mkdir()
    return folder


def score(api: Api, **params: Any) -> Any:
    """Start a job and return it when it has ended, within the limit of the test."""
    asked = {"model": "models:/sum/2", "env": "local", "processes": 1, **params}
    return ended_job(api, api.post(JOBS, {"kind": "score", "params": asked})["job"]["job_id"])


def ended_job(api: Api, job_id: str) -> Any:
    def ended() -> Any:
        job = api.get(f"{JOBS}/{job_id}")["job"]
        return job if job["state"] not in ("queued", "running") else None

    return wait_for(ended)


def run(python: Path, code: str, *words: object) -> str:
    done = subprocess.run([python, "-c", code, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def add(python: Path, kind: str, place: Path, first: int, rows: int, *more: str) -> None:
    run(python, DELTA if kind == "delta" else ICEBERG, kind, place, first, rows, *more)


def read(python: Path, kind: str, place: Path | str) -> Any:
    return json.loads(run(python, READ, kind, place))


def predictions(found: Any) -> dict[int, float]:
    return {row["id"]: row["prediction"] for row in found["rows"]}


def sums(numbers: Any) -> dict[int, float]:
    return {n: 2.0 * (n + 1.0) for n in numbers}


@pytest.mark.parametrize("kind", LAKES)
def test_a_table_is_scored_into_a_table_in_one_commit(scoring: Server, tables: Path, python: Path, kind: str) -> None:
    place, out = tables / "in", tables / "out"
    add(python, kind, place, 0, 300)
    add(python, kind, place, 300, 200)
    given = {"input": str(place), "input_format": kind, "output": f"{out}/", "output_format": kind}

    first = score(scoring.api, **given)
    refused = scoring.api.fault(JOBS, {"kind": "score", "params": {"model": "models:/sum/2", **given}})
    second = score(scoring.api, **given, append=True, where="id < 10")
    third = score(scoring.api, **given, overwrite=True, columns=["id"])

    assert [(job["state"], job["reason"]) for job in (first, second, third)] == [("succeeded", "")] * 3
    assert (first["result"]["rows"], second["result"]["rows"]) == (500, 10)
    assert refused[1] == "RESOURCE_ALREADY_EXISTS"
    assert "append to add to them" in refused[2]
    check_lineage(scoring, first["job_id"], kind, place, out)
    found = read(python, kind, out)
    assert predictions(found) == sums(range(500))
    assert set(found["rows"][0]) == {"id", "prediction", "trackside_model", "trackside_job", "trackside_row"}
    assert {row["trackside_job"] for row in found["rows"]} == {third["job_id"]}
    assert sorted(row["trackside_row"] for row in found["rows"]) == list(range(500))


def check_lineage(scoring: Server, run_id: str, kind: str, place: Path, out: Path) -> None:
    """Check that the run names the versions that were read and written."""
    inputs = scoring.api.run(run_id)["inputs"]["dataset_inputs"]
    noted = {each["tags"][0]["value"]: each["dataset"] for each in inputs}
    sources = {context: json.loads(each["source"]) for context, each in noted.items()}
    if kind == "delta":
        assert {each["source_type"] for each in noted.values()} == {"delta_table"}
        assert sources["scoring"] == {"path": str(place), "delta_table_version": 1}
        assert sources["scored"] == {"path": str(out), "delta_table_version": 0}
    else:
        assert {each["uri"] for each in sources.values()} == {str(place), str(out)}
        assert all(each["iceberg_snapshot_id"].isdigit() for each in sources.values())
    assert json.loads(noted["scoring"]["profile"]) == {"num_rows": 500}


@pytest.mark.parametrize("kind", LAKES)
def test_a_table_whose_files_do_not_hold_its_columns_is_read_by_its_log(
    scoring: Server, tables: Path, python: Path, kind: str
) -> None:
    place = tables / "in"
    add(python, kind, place, 0, 100, "partitioned or renamed")

    job = score(scoring.api, input=str(place), input_format=kind, output=str(tables / "out.parquet"))

    assert job["state"] == "succeeded", job["reason"]
    import pandas as pd

    found = pd.read_parquet(tables / "out.parquet")
    assert dict(zip(found["id"].tolist(), found["prediction"].tolist(), strict=True)) == sums(range(100))
    assert found["part"].tolist() == [str(n % 2) for n in found["id"]]
    if kind == "iceberg":
        assert set(found["a"]) == {1.0}


def test_rows_that_a_deletion_vector_removes_are_not_scored(scoring: Server, tables: Path, python: Path) -> None:
    place = tables / "in"
    add(python, "delta", place, 0, 10)
    delete(place, [2, 7])

    job = score(scoring.api, input=str(place), input_format="delta", output=str(tables / "out.parquet"))

    assert job["state"] == "succeeded", job["reason"]
    import pandas as pd

    assert sorted(pd.read_parquet(tables / "out.parquet")["id"]) == [0, 1, 3, 4, 5, 6, 8, 9]


@pytest.mark.parametrize("kind", LAKES)
def test_a_table_in_a_bucket_is_scored_into_a_table_in_the_bucket(
    scoring: Server, bucket: CloudBlobs, tables: Path, python: Path, kind: str
) -> None:
    add(python, kind, tables / "in", 0, 50)
    name = tables.name
    for path in tables.rglob("*"):
        if path.is_file():
            put(bucket, f"tables/{name}/{path.relative_to(tables)}", [[path.read_bytes()]])
    output = {"output": f"{PLACE}/{name}/out", "output_format": kind}
    asked = {"input": f"{PLACE}/{name}/in", "input_format": kind, **output}

    made = score(scoring.api, **asked)
    refused = score(scoring.api, **asked)
    added = score(scoring.api, **asked, append=True)
    assert [(job["state"], job["reason"]) for job in (made, added)] == [("succeeded", "")] * 2
    both = read(python, kind, f"{PLACE}/{name}/out")
    replaced = score(scoring.api, **asked, overwrite=True, columns=["id"])

    assert (replaced["state"], replaced["reason"]) == ("succeeded", "")
    assert refused["reason"] == (
        f"output is '{PLACE}/{name}/out', which already exists; set overwrite to replace its rows, or append to add to them."
    )
    assert sorted(row["id"] for row in both["rows"]) == sorted([*range(50), *range(50)])
    assert {row["trackside_job"] for row in both["rows"]} == {made["job_id"], added["job_id"]}
    found = read(python, kind, f"{PLACE}/{name}/out")
    assert predictions(found) == sums(range(50))
    assert {row["trackside_job"] for row in found["rows"]} == {replaced["job_id"]}
    assert "a" not in found["rows"][0]
    noted = scoring.api.run(made["job_id"])["inputs"]["dataset_inputs"]
    sources = {each["tags"][0]["value"]: json.loads(each["dataset"]["source"]) for each in noted}
    assert (sources["scored"].get("path") or sources["scored"]["uri"]) == f"{PLACE}/{name}/out"


@pytest.mark.parametrize("kind", LAKES)
def test_a_commit_to_a_bucket_is_made_on_what_another_writer_has_committed(
    scoring: Server, tables: Path, python: Path, kind: str
) -> None:
    (tables / "in.csv").write_text("id,a,b\n1,1,1\n")
    name = tables.name
    params = {"input": str(tables / "in.csv"), "output": f"{PLACE}/{name}/out", "output_format": kind, "append": True}
    score(scoring.api, **params)
    body = {"kind": "score", "params": {"model": "models:/sum/2", "env": "local", "processes": 1, **params}}

    jobs = [scoring.api.post(JOBS, body)["job"]["job_id"] for _ in range(3)]
    ended = [ended_job(scoring.api, job_id) for job_id in jobs]

    assert [(job["state"], job["reason"]) for job in ended] == [("succeeded", "")] * 3
    found = read(python, kind, f"{PLACE}/{name}/out")
    assert len(found["rows"]) == 4
    assert len({row["trackside_job"] for row in found["rows"]}) == 4


def test_a_folder_of_a_bucket_that_is_not_a_table_is_refused_as_output(
    scoring: Server, bucket: CloudBlobs, tables: Path
) -> None:
    (tables / "in.csv").write_text("id,a,b\n1,1,1\n")
    put(bucket, f"tables/{tables.name}/out/note.txt", [[b"no table"]])
    output = {"output": f"{PLACE}/{tables.name}/out", "output_format": "delta", "overwrite": True}

    job = score(scoring.api, input=str(tables / "in.csv"), **output)

    assert job["state"] == "failed"
    assert "which is a folder with files and no Delta table" in job["reason"]
    assert [each.path for each in bucket.walk(f"tables/{tables.name}/out")] == ["note.txt"]


@pytest.mark.parametrize("kind", LAKES)
def test_a_folder_that_is_not_a_table_is_refused(scoring: Server, tables: Path, kind: str, python: Path) -> None:
    (tables / "in").mkdir()
    (tables / "in" / "note.txt").write_text("no table")
    (tables / "some.parquet").write_bytes(b"")
    add(python, "delta", tables / "table", 0, 3)

    missing = score(scoring.api, input=str(tables / "in"), input_format=kind)
    taken = score(
        scoring.api,
        input=str(tables / "table"),
        input_format="delta",
        output=str(tables / "in"),
        output_format=kind,
        overwrite=True,
    )
    fault = scoring.api.fault(
        JOBS,
        {
            "kind": "score",
            "params": {"model": "models:/sum/2", "input": str(tables / "some.parquet"), "input_format": kind},
        },
    )

    name = kind.capitalize()
    assert f"which is no {name} table" in missing["reason"]
    assert f"which is a folder with files and no {name} table" in taken["reason"]
    assert "a table in format delta or iceberg is a folder" in fault[2]
    assert [each.name for each in (tables / "in").iterdir()] == ["note.txt"]


@pytest.mark.parametrize("kind", LAKES)
def test_a_table_that_names_files_outside_of_its_folder_is_refused(
    scoring: Server, tables: Path, tmp_path: Path, python: Path, kind: str
) -> None:
    place = tables / "in"
    add(python, kind, tmp_path / "elsewhere", 0, 5)
    if kind == "delta":
        (place / "_delta_log").mkdir(parents=True)
        log = tmp_path / "elsewhere" / "_delta_log" / f"{0:020d}.json"
        actions = [json.loads(line) for line in log.read_text().splitlines()]
        for action in actions:
            if "add" in action:
                action["add"]["path"] = f"file://{tmp_path}/elsewhere/{action['add']['path']}"
        (place / "_delta_log" / log.name).write_text("\n".join(map(json.dumps, actions)))
    else:
        (place / "metadata").mkdir(parents=True)
        newest = max((tmp_path / "elsewhere" / "metadata").glob("*.metadata.json"))
        text = newest.read_text().replace(f'"location":"{tmp_path}/elsewhere"', f'"location":"{place}"')
        (place / "metadata" / newest.name).write_text(text)

    job = score(scoring.api, input=str(place), input_format=kind)

    assert job["state"] == "failed"
    assert "which is outside of its folder" in job["reason"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"append": True, "output": "out.parquet"}, "append needs an output in format delta or iceberg"),
        (
            {"output_format": "delta"},
            "output is empty; a table in format delta is a folder below the server's --job-folders",
        ),
        ({"output": "out", "output_format": "delta", "append": True, "overwrite": True}, "either extended or replaced"),
        ({"output": "out", "output_format": "orc"}, "it must be one of parquet, csv, jsonl, delta, iceberg"),
    ],
)
def test_an_order_that_does_not_fit_a_table_format_is_refused(
    scoring: Server, tables: Path, more: Any, words: str
) -> None:
    (tables / "in.csv").write_text("id,a,b\n1,1,1\n")
    if "output" in more:
        more = {**more, "output": str(tables / more["output"])}

    fault = scoring.api.fault(
        JOBS, {"kind": "score", "params": {"model": "models:/sum/2", "input": str(tables / "in.csv"), **more}}
    )

    assert words in fault[2]


def delete(place: Path, rows: list[int]) -> None:
    """Remove rows of a table of one file by a deletion vector, as Spark does: a commit with an inline bitmap."""
    log = place / "_delta_log"
    actions = [json.loads(line) for line in (log / f"{0:020d}.json").read_text().splitlines()]
    added = next(action["add"] for action in actions if "add" in action)
    bitmap = struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16) + struct.pack(f"<{len(rows)}H", *rows)
    data = struct.pack("<IQI", 1681511377, 1, 0) + bitmap
    padded = data + b"\0" * (-len(data) % 4)
    vector = {
        "storageType": "i",
        "pathOrInlineDv": z85(padded),
        "sizeInBytes": len(data),
        "cardinality": len(rows),
    }
    features = {
        "readerFeatures": ["deletionVectors"],
        "writerFeatures": ["deletionVectors", "appendOnly", "invariants"],
    }
    commit = [
        {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, **features}},
        {"remove": {"path": added["path"], "deletionTimestamp": 0, "dataChange": True}},
        {"add": {**added, "deletionVector": vector}},
    ]
    (log / f"{1:020d}.json").write_text("\n".join(map(json.dumps, commit)) + "\n")


def z85(data: bytes) -> str:
    """Encode as ZeroMQ's Z85, which has the alphabet of RFC 1924 in another order."""
    of_b85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
    of_z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    return base64.b85encode(data).decode().translate(str.maketrans(of_b85, of_z85))
