"""The scoring of tables in this process: damaged or unsuitable tables, failed rows, and resumed runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import save_model
from scoring.conftest import table
from support.processes.servers import environment
from trackside.scorer.batch import main, parts
from trackside.scorer.batch.order import Order, OrderError

SCORER = Path(main.__file__).parents[1]

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "one", 2.0)


class Scorer:
    def __init__(self, model: Path, folder: Path) -> None:
        self.model = model
        self.folder = folder

    def order(self, *names: str, output: str = "out.parquet", **more: Any) -> Order:
        kinds = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl"}
        return Order(
            model=str(self.model),
            model_uri="models:/sum/2",
            job_id="job",
            inputs=[str(self.folder / name) for name in names],
            input_format=kinds[Path(names[0]).suffix],
            output=str(self.folder / output),
            output_format=kinds[Path(output).suffix],
            errors=str(self.folder / "errors.jsonl"),
            parts=str(self.folder / "parts"),
            **more,
        )

    def run(self, *names: str, **more: Any) -> dict[str, Any]:
        return main.run(self.order(*names, **more))

    def refusal(self, *names: str, **more: Any) -> str:
        with pytest.raises(OrderError) as refused:
            self.run(*names, **more)
        assert not (self.folder / "out.parquet").exists()
        return str(refused.value)

    def result(self, output: str = "out.parquet") -> Any:
        import pandas as pd

        return pd.read_parquet(self.folder / output)

    def errors(self) -> list[Any]:
        return [json.loads(line) for line in (self.folder / "errors.jsonl").read_text().splitlines()]


@pytest.fixture
def scorer(model: Path, tmp_path: Path) -> Scorer:
    return Scorer(model, tmp_path)


def test_failed_rows_are_written_to_a_file_with_the_reason(scorer: Scorer) -> None:
    (scorer.folder / "in.csv").write_text("id,a,b\n1,1,2\n2,x,3\n3,4\n4,,1\n5,5,5\n")

    found = scorer.run("in.csv")

    assert (found["rows"], found["failed_rows"]) == (2, 3)
    assert scorer.result()["id"].tolist() == ["1", "5"]
    assert scorer.result()["prediction"].tolist() == [6.0, 20.0]
    reasons = {each["reason"] for each in scorer.errors()}
    of_model = next(reason for reason in reasons if reason.startswith("ValueError: Input X contains NaN."))
    assert reasons - {of_model} == {"line 4 has 2 values in place of 3", "column 'a' is 'x', which is no double"}


def test_unreadable_lines_of_csv_are_counted_also_after_the_last_row(scorer: Scorer) -> None:
    (scorer.folder / "a.csv").write_text("id,a,b\n1,2\n")
    (scorer.folder / "b.csv").write_text("id,a,b\n2,1,2\n")

    found = scorer.run("a.csv", "b.csv", output="out.jsonl")

    (row,) = [json.loads(line) for line in (scorer.folder / "out.jsonl").read_text().splitlines()]
    assert (found["rows"], found["failed_rows"], row["id"], row["trackside_row"]) == (1, 1, 2, 0)
    assert [each["reason"] for each in scorer.errors()] == ["line 2 has 2 values in place of 3"]


def test_lines_that_are_not_json_fail_alone(scorer: Scorer) -> None:
    (scorer.folder / "in.jsonl").write_text('{"a": 1, "b": 2}\nnonsense\n[1]\n\n{"b": 3, "a": 4}\n')

    found = scorer.run("in.jsonl", output="out.jsonl")

    assert (found["rows"], found["failed_rows"]) == (2, 2)
    rows = [json.loads(line) for line in (scorer.folder / "out.jsonl").read_text().splitlines()]
    assert [(row["trackside_row"], round(row["prediction"])) for row in rows] == [(0, 6), (3, 14)]
    assert [each["row"] for each in scorer.errors()] == [1, 2]


def test_columns_and_a_condition_narrow_the_output(scorer: Scorer) -> None:
    table(100).to_parquet(scorer.folder / "in.parquet", row_group_size=30)

    found = scorer.run("in.parquet", where="id >= 95 and b == 1", columns=["id"])

    assert found["rows"] == 5
    assert list(scorer.result().columns) == ["id", "prediction", *parts.ADDED]
    assert scorer.result()["trackside_row"].tolist() == [95, 96, 97, 98, 99]


def test_files_of_a_folder_are_one_table(scorer: Scorer) -> None:
    table(10).to_parquet(scorer.folder / "a.parquet")
    table(5).to_parquet(scorer.folder / "b.parquet")

    scorer.run("a.parquet", "b.parquet")

    assert scorer.result()["trackside_row"].tolist() == list(range(15))


def test_csv_is_written_with_the_values_that_were_read(scorer: Scorer) -> None:
    (scorer.folder / "in.csv").write_text('id,a,b,note\n007,1,2,"a, ""b""\nc"\n')

    scorer.run("in.csv", output="out.csv")

    header, rest = (scorer.folder / "out.csv").read_text().split("\n", 1)
    assert header == "id,a,b,note,prediction,trackside_model,trackside_job,trackside_row"
    assert rest.startswith('007,1,2,"a, ""b""\nc",')


def test_json_lines_of_csv_have_numbers_as_numbers(scorer: Scorer) -> None:
    (scorer.folder / "in.csv").write_text("id,zip,a,b,note\n1,00123,1,2.50,x\n2,10115,1,2,\n")

    scorer.run("in.csv", output="out.jsonl")

    rows = [json.loads(line) for line in (scorer.folder / "out.jsonl").read_text().splitlines()]
    assert [[row[name] for name in ("id", "zip", "a", "b", "note")] for row in rows] == [
        [1, "00123", 1.0, 2.5, "x"],
        [2, "10115", 1.0, 2.0, ""],
    ]
    assert [round(row["prediction"]) for row in rows] == [7, 6]


def test_a_condition_on_csv_compares_the_types_of_the_signature(scorer: Scorer) -> None:
    (scorer.folder / "in.csv").write_text("id,a,b\n007,10,1\n2,9,1\n3,x,1\n4,,1\n5,1e2,1\n")

    found = scorer.run("in.csv", where="a > 9.5 and (id == '007' or id.str.len() == 1)")

    assert (found["rows"], found["failed_rows"]) == (2, 0)
    assert scorer.result()[["id", "a"]].to_numpy().tolist() == [["007", "10"], ["5", "1e2"]]


def test_an_interrupted_run_resumes_and_scores_no_row_twice(scorer: Scorer) -> None:
    table(100).to_parquet(scorer.folder / "in.parquet", row_group_size=10)
    scorer.run("in.parquet")
    whole = scorer.result()
    done = sorted((scorer.folder / "parts").glob("*.arrow"))
    for part in done[5:]:
        part.unlink()
    before = {part: part.stat().st_mtime_ns for part in done[:5]}

    found = scorer.run("in.parquet")

    assert found["rows"] == 100
    assert {part: part.stat().st_mtime_ns for part in done[:5]} == before
    assert scorer.result().equals(whole)


def test_a_killed_process_of_the_pool_costs_no_row(scorer: Scorer, model: Path) -> None:
    table(100).to_parquet(scorer.folder / "in.parquet", row_group_size=10)
    mortal = Scorer(save_mortal(scorer.folder / "mortal", scorer.folder / "died"), scorer.folder)

    found = mortal.run("in.parquet", processes=2)

    assert (scorer.folder / "died").exists()
    assert found["rows"] == 100
    assert scorer.result()["trackside_row"].tolist() == list(range(100))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "in.parquet cannot be read as parquet"),
        (b"PAR1 nonsense PAR1", "in.parquet cannot be read as parquet"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused(scorer: Scorer, content: bytes, words: str) -> None:
    (scorer.folder / "in.parquet").write_bytes(content)

    assert words in scorer.refusal("in.parquet")


def test_a_table_without_rows_is_refused(scorer: Scorer) -> None:
    table(0).to_parquet(scorer.folder / "in.parquet")
    (scorer.folder / "in.csv").write_text("id,a,b\n")

    assert scorer.refusal("in.parquet") == "the input is empty: it has no rows"
    with pytest.raises(OrderError, match="it has no rows"):
        scorer.run("in.csv", output="none.csv")


def test_a_missing_column_of_the_model_is_refused(scorer: Scorer) -> None:
    table(3)[["id", "a"]].to_parquet(scorer.folder / "in.parquet")

    assert "the input lacks 'b', which the model's signature needs" in scorer.refusal("in.parquet")


def test_a_damaged_row_group_is_named(scorer: Scorer) -> None:
    import pyarrow.parquet as pq

    path = scorer.folder / "in.parquet"
    table(3000).to_parquet(path, row_group_size=1000, compression="snappy")
    damaged = pq.read_metadata(path).row_group(1).column(1)
    with path.open("r+b") as file:
        file.seek(damaged.dictionary_page_offset or damaged.data_page_offset)
        file.write(b"\xff" * damaged.total_compressed_size)

    assert "row group 1 of in.parquet cannot be read" in scorer.refusal("in.parquet")


def test_a_table_without_any_row_that_can_be_scored_is_refused(scorer: Scorer) -> None:
    (scorer.folder / "in.csv").write_text("id,a,b\n1,x,1\n2,y,1\n")

    said = scorer.refusal("in.csv")

    assert said == "all 2 rows failed. One of them: column 'a' is 'x', which is no double"


def test_too_many_failed_rows_end_the_run(scorer: Scorer) -> None:
    frame = table(50).assign(a=["x"] * 50)
    frame.to_parquet(scorer.folder / "in.parquet")

    said = scorer.refusal("in.parquet", max_failed_rows=10)

    assert said.startswith("more than 10 rows failed, the most that may. One of them: column 'a' is 'x'")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"columns": ["nope"]}, "--columns names 'nope', which the input lacks"),
        ({"where": "nope > 1"}, "--where is 'nope > 1', which cannot be evaluated"),
        ({"where": "a +"}, "--where is 'a +', which cannot be evaluated"),
        ({"where": "a + b"}, "it gives float64 in place of true or false"),
    ],
)
def test_an_order_that_does_not_fit_the_table_is_refused(scorer: Scorer, more: Any, words: str) -> None:
    table(5).to_parquet(scorer.folder / "in.parquet")

    assert words in scorer.refusal("in.parquet", **more)


def test_a_full_disk_leaves_no_half_written_result(scorer: Scorer) -> None:
    table(5).to_parquet(scorer.folder / "in.parquet")
    order = scorer.order("in.parquet", output="out.csv")
    (scorer.folder / "out.csv.new").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left"):
        main.run(order)

    assert not (scorer.folder / "out.csv").exists()


def save_mortal(folder: Path, died: Path) -> Path:
    """A model whose process is killed in its first prediction."""
    import mlflow

    class Mortal(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # MLflow reads the hints
            import pathlib
            import signal

            mark = pathlib.Path(str(died))
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return model_input["a"]

    mlflow.pyfunc.save_model(folder, python_model=Mortal())
    return folder


def test_the_output_keeps_the_types_of_parquet_also_where_a_unit_has_missing_values(scorer: Scorer) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("a", pa.float64()), ("b", pa.float64()), ("count", pa.int32()), ("at", pa.timestamp("ms"))])
    with pq.ParquetWriter(scorer.folder / "in.parquet", schema) as writer:
        for values in ([1, 2], [3, None]):
            writer.write_table(pa.table([[1.0, 2.0], [1.0, 1.0], values, [0, None]], schema=schema))

    scorer.run("in.parquet")

    found = pq.read_table(scorer.folder / "out.parquet")
    assert found.schema.field("count").type == pa.int32()
    assert found.schema.field("at").type == pa.timestamp("ms")
    assert found["count"].to_pylist() == [1, 2, 3, None]
    assert found["prediction"].to_pylist() == [4.0, 6.0] * 2


def test_numbers_are_scored_without_pandas_and_predicted_as_in_a_frame(scorer: Scorer, tmp_path: Path) -> None:
    """In a separate process, because this one has imported pandas."""
    import mlflow
    import numpy as np
    import pandas as pd

    dice = np.random.default_rng(5)
    frame = pd.DataFrame({"a": dice.normal(size=5000), "b": dice.normal(size=5000) * 1e9})
    frame.to_parquet(tmp_path / "in.parquet", index=False)
    order = tmp_path / "order.json"
    order.write_text(json.dumps(scorer.order("in.parquet").__dict__))
    code = f"""
import sys
sys.path.insert(0, {str(SCORER.parent)!r})
import scorer.__main__
scorer.__main__.mount()
from trackside.scorer.batch import main, quick_imports
assert main.main([{str(order)!r}]) == 0
assert "pandas" not in sys.modules, "it takes a third of a second"
import pandas, scipy.stats, sklearn.linear_model
from sklearn.linear_model import Ridge
assert sklearn.linear_model.Ridge is Ridge and "Ridge" in sklearn.linear_model.__all__
assert scipy.stats.norm.cdf(0) == 0.5
assert list(Ridge().fit(pandas.DataFrame({{"a": [1.0, 2.0]}}), [1.0, 2.0]).feature_names_in_) == ["a"]
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment())

    assert done.returncode == 0, done.stderr
    expected = mlflow.pyfunc.load_model(str(scorer.model)).predict(frame)
    assert scorer.result()["prediction"].tolist() == expected.tolist()
