"""Tables of Spark's catalog as output: written once and atomically by a job."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import save_model
from scoring.conftest import JOBS
from spark.conftest import run, variables
from spark.test_engines import score
from support.processes.servers import Server
from trackside.scorer.batch import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SCORER = Path(main.__file__).parents[1]
QUERY = "SELECT id, CAST(id AS DOUBLE) AS a, 1.0D AS b FROM range(50)"
LOOK = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
for text in sys.argv[3:]:
    spark.sql(text).collect()
names = [row["tableName"] for row in spark.sql("SHOW TABLES").collect()]
tables = sorted(name for name in names if name.startswith(("trackside_", sys.argv[2])))
found = {"tables": tables}
if sys.argv[2] in tables:
    frame = spark.table(sys.argv[2])
    found["columns"] = frame.columns
    found["rows"] = sorted([row["id"], row["prediction"], row["trackside_job"]] for row in frame.collect())
    shown = spark.sql(f"SHOW TBLPROPERTIES {sys.argv[2]}").collect()
    found["properties"] = {row["key"]: row["value"] for row in shown if row["key"].startswith("trackside.")}
print(json.dumps(found))
"""


class Catalog:
    """The catalog of a Spark Connect server, seen by a session of its own."""

    def __init__(self, python: Path, folder: Path, url: str) -> None:
        self._python = python
        self._folder = folder
        self.url = url

    def look(self, table: str, *statements: str) -> Any:
        """Run statements, and return the rows and properties of a table and the names of the tables that jobs made."""
        return json.loads(run(self._python, self._folder, "-c", LOOK, self.url, table, *statements).splitlines()[-1])

    def score(self, job_id: str, table: str, **more: Any) -> tuple[int, dict[str, Any]]:
        """Run the process of a job, as the server does.  Return its exit code and its last report."""
        folder = self._folder / "work"
        folder.mkdir(exist_ok=True)
        model = self._folder / "model"
        order = {
            "model": str(model if model.exists() else save_model(model, 2.0)),
            "model_uri": "models:/sum/2",
            "job_id": job_id,
            "inputs": [QUERY],
            "input_format": "sql",
            "output": table,
            "output_format": "table",
            "errors": str(folder / "errors.jsonl"),
            "parts": str(folder / "parts"),
            "engine": "spark",
            "address": self.url,
            **more,
        }
        (folder / "order.json").write_text(json.dumps(order))
        done = subprocess.run(
            [self._python, SCORER, "batch", folder / "order.json"],
            cwd=folder,
            env=variables(self._python, self._folder / "spark-local"),
            capture_output=True,
            text=True,
            check=False,
        )
        reports = [line.removeprefix(main.MARK) for line in done.stdout.split("\n") if line.startswith(main.MARK)]
        assert reports, done.stdout + done.stderr
        return done.returncode, json.loads(reports[-1])


@pytest.fixture
def catalog(python: Path, tmp_path: Path, connect: str) -> Catalog:
    return Catalog(python, tmp_path, connect)


def sums(numbers: Any, job_id: str) -> list[list[Any]]:
    return [[n, 2.0 * (n + 1.0), job_id] for n in numbers]


def test_a_job_creates_a_table_and_replaces_one_only_on_request(
    summing: Server, catalog: Catalog, tables: Path
) -> None:
    order = {
        "engine": "spark",
        "spark_master": catalog.url,
        "input": QUERY,
        "input_format": "sql",
        "output": "scored_sums",
        "output_format": "table",
    }
    made = score(summing.api, **order)
    of_first = catalog.look("scored_sums")
    refused = score(summing.api, **order)
    after_refusal = catalog.look("scored_sums")
    bad = "SELECT id, IF(id = 7, CAST('NaN' AS DOUBLE), 1.0D) AS a, 1.0D AS b FROM range(9)"

    replaced = score(summing.api, **{**order, "input": bad, "overwrite": True})

    assert (made["state"], made["result"]["rows"], made["result"]["output"]) == ("succeeded", 50, "scored_sums")
    assert of_first["rows"] == sums(range(50), made["job_id"])
    assert of_first["columns"] == ["id", "a", "b", "prediction", "trackside_model", "trackside_job", "trackside_row"]
    assert of_first["properties"] == {
        "trackside.job": made["job_id"],
        "trackside.model": "models:/sum/2",
        "trackside.rows": "50",
        "trackside.failed_rows": "0",
    }
    assert (refused["state"], refused["reason"]) == (
        "failed",
        "output is the table 'scored_sums', which already exists; set overwrite to replace it.",
    )
    assert after_refusal == of_first
    assert replaced["state"] == "succeeded", replaced["reason"]
    found = catalog.look("scored_sums")
    assert found["rows"] == [[n, 4.0, replaced["job_id"]] for n in range(9) if n != 7]
    assert found["tables"] == ["scored_sums"]
    assert replaced["result"]["errors"] == f"runs:/{replaced['result']['run_id']}/failed_rows.jsonl"
    outputs = summing.api.run(made["job_id"])["inputs"]["dataset_inputs"]
    assert ["spark", '{"uri":"scored_sums"}'] in [
        [each["dataset"]["source_type"], each["dataset"]["source"]] for each in outputs
    ]


def test_a_repeated_job_writes_no_row_twice(catalog: Catalog) -> None:
    bad = [QUERY.replace("1.0D", "IF(id = 7, CAST('NaN' AS DOUBLE), 1.0D)")]
    code, first = catalog.score("aa11", "again", inputs=bad)
    assert (code, first["result"]["rows"], first["result"]["failed_rows"]) == (0, 49, 1)
    errors = catalog._folder / "work" / "errors.jsonl"
    noted = errors.read_text()
    errors.unlink()  # as for an attempt on another server
    before = catalog.look("again")

    code, second = catalog.score("aa11", "again", inputs=bad)

    assert (code, second) == (0, first)
    assert errors.read_text() == noted
    assert catalog.look("again") == before


def test_a_killed_attempt_does_not_block_the_next_one(catalog: Catalog) -> None:
    catalog.score("bb11", "replaced_by_cc", inputs=["SELECT id, 1.0D AS a, 1.0D AS b FROM range(3)"])
    staged = "CREATE TABLE trackside_cc11_staged_0000 (id BIGINT) USING parquet"
    between = "ALTER TABLE replaced_by_cc RENAME TO trackside_cc11_replaced_0000"

    killed = catalog.look("replaced_by_cc", staged, between)
    code, report = catalog.score("cc11", "replaced_by_cc")
    refused = catalog.look("replaced_by_cc")
    again, _ = catalog.score("cc11", "replaced_by_cc", overwrite=True)

    assert killed["tables"] == ["trackside_cc11_replaced_0000", "trackside_cc11_staged_0000"]
    assert (code, "which already exists" in report["error"]) == (1, True), "the table that was being replaced is back"
    assert [row[2] for row in refused["rows"]] == ["bb11"] * 3
    assert again == 0
    found = catalog.look("replaced_by_cc")
    assert (found["rows"], found["tables"]) == (sums(range(50), "cc11"), ["replaced_by_cc"])


def test_a_job_that_fails_leaves_no_table(catalog: Catalog) -> None:
    bad = "SELECT id, CAST('NaN' AS DOUBLE) AS a, 1.0D AS b FROM range(50) UNION ALL SELECT 1, 1.0D, 1.0D"

    code, report = catalog.score("dd11", "never_made", inputs=[bad], max_failed_rows=3)

    assert code == 1
    assert "more than 3 rows failed, the most that may" in report["error"]
    assert catalog.look("never_made") == {"tables": []}


def test_a_view_and_a_catalog_that_ends_with_the_session_are_refused(catalog: Catalog) -> None:
    catalog.look("some_view", "CREATE VIEW some_view AS SELECT 1 AS id, 1 AS prediction, 1 AS trackside_job")

    of_view = catalog.score("ee11", "some_view", overwrite=True)
    of_session = catalog.score("ff11", "lost", address="local[1]")

    assert of_view == (1, {"error": "output is 'some_view', which is a view; name a table."})
    assert of_session[0] == 1
    assert "the catalog of local[1] ends with the session: set spark_conf" in of_session[1]["error"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"engine": "local"}, "an output_format of table needs engine spark"),
        ({}, "spark_master is 'local': tables and queries are those of a cluster"),
        ({"output": "a`; DROP TABLE b"}, "a table is named TABLE, SCHEMA.TABLE or CATALOG.SCHEMA.TABLE"),
        ({"append": True}, "append needs an output in format delta or iceberg"),
    ],
)
def test_an_invalid_order_of_a_table_is_refused(summing: Server, tables: Path, more: Any, words: str) -> None:
    (tables / "few.csv").write_text("id,a,b\n1,1,1\n")
    given = {"model": "models:/sum/2", "input": str(tables / "few.csv"), "engine": "spark"}
    table = {"output": "scored", "output_format": "table"}

    fault = summing.api.fault(JOBS, {"kind": "score", "params": {**given, **table, **more}})

    assert words in fault[2]
