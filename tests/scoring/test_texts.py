"""CSV that becomes JSON lines: which values are numbers, and which stay text."""

import json
from pathlib import Path
from typing import Any

import pytest

from trackside.scorer.batch import parts
from trackside.scorer.batch.inputs import BLOCK_BYTES
from trackside.scorer.batch.order import Order

SIGNATURE = [
    {"type": "long", "name": "age"},
    {"type": "double", "name": "income", "required": False},
    {"type": "boolean", "name": "member"},
    {"type": "string", "name": "code"},
]


def lines(folder: Path, csv: str, *, signature: Any = None, inputs: list[str] | None = None, **more: Any) -> list[Any]:
    """The columns of a CSV file as the output has them."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    (folder / "in.csv").write_text(csv, "utf-8")
    (folder / "model").mkdir(exist_ok=True)
    described = {"signature": {"inputs": json.dumps(signature)}} if signature else {"flavors": {}}
    (folder / "model" / "MLmodel").write_text(json.dumps(described), "utf-8")
    names = csv.partition("\n")[0].split(",")
    options = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    pq.write_table(pa_csv.read_csv(folder / "in.csv", convert_options=options), folder / "part.parquet")
    order = Order(
        model=str(folder / "model"),
        model_uri="models:/m/1",
        job_id="job",
        inputs=inputs or [str(folder / "in.csv")],
        input_format="csv",
        output=str(folder / "out.jsonl"),
        output_format="jsonl",
        errors=str(folder / "errors.jsonl"),
        parts=str(folder / "parts"),
        **more,
    )
    parts.join_files([folder / "part.parquet"], order)
    return [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]


def column(folder: Path, *values: str, **more: Any) -> list[Any]:
    return [row["x"] for row in lines(folder, "\n".join(["x,other", *(f"{value},-" for value in values)]), **more)]


def test_a_column_of_numbers_becomes_numbers(tmp_path: Path, subtests: pytest.Subtests) -> None:
    cases: list[tuple[list[str], list[Any]]] = [
        (["1", "-2", "0"], [1, -2, 0]),
        (["1.10", "2", "-.5", "3.", "1e-3", "6.02E23"], [1.1, 2, -0.5, 3, 0.001, 6.02e23]),
        (["999999999999999"], [999_999_999_999_999]),
        (["1", "", "3"], [1, None, 3]),
        (["1.5", ""], [1.5, None]),
    ]
    for texts, expected in cases:
        with subtests.test(texts=texts, expected=expected):
            assert column(tmp_path, *texts) == expected


def test_a_column_with_one_other_value_stays_text(tmp_path: Path, subtests: pytest.Subtests) -> None:
    cases: list[list[str]] = [
        ["00123", "10000"],  # ids
        ["12345678901234567890", "1"],
        ["1000000000000000"],  # many readers of JSON round it
        ["1", "n/a"],
        ["+1"],
        ["1;5"],
        ["0x10"],
        ["1_000"],
        ["nan"],
        ["inf"],
        ["1e100"],
        ["2026-01-31"],
        ["true", "false"],
        ["", ""],
        [" 1"],
        ["\u0661"],  # a digit of another script
    ]
    for texts in cases:
        with subtests.test(texts=texts):
            assert column(tmp_path, *texts) == texts


def test_the_signature_decides_for_the_columns_that_it_names(tmp_path: Path) -> None:
    csv = "age,income,member,code,note\n007,1e3,TRUE,001,x\n 8.0,,0,2,y\n9007199254740993,2.5,false,3,z\n"

    found = lines(tmp_path, csv, signature=SIGNATURE)

    assert [row["age"] for row in found] == [7, 8, 9007199254740993]
    assert [row["income"] for row in found] == [1000.0, None, 2.5]
    assert [row["member"] for row in found] == [True, False, False]
    assert [row["code"] for row in found] == ["001", "2", "3"]
    assert [row["note"] for row in found] == ["x", "y", "z"]


def test_a_value_far_from_the_others_decides_for_its_column_too(tmp_path: Path) -> None:
    count = 2 * BLOCK_BYTES // 1000
    rows = "".join(f"1,{'-' * 1000}\n" for _ in range(count))

    found = lines(tmp_path, f"x,other\n{rows}01,-\n", columns=["x"])

    assert [row["x"] for row in found] == ["1"] * count + ["01"]


def test_columns_outside_of_the_output_are_not_checked(tmp_path: Path) -> None:
    (row,) = lines(tmp_path, "x,y\n1,2\n", columns=["x"])

    assert row["x"] == 1


def test_a_column_may_have_any_name(tmp_path: Path) -> None:
    (row,) = lines(tmp_path, "self,\u202ekwargs,\U0001f600\n1,2,3\n")

    assert [row["self"], row["\u202ekwargs"], row["\U0001f600"]] == [1, 2, 3]


def test_a_file_without_a_readable_line_does_not_change_column_types(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("x,other\n1,2,3\n", "utf-8")

    found = lines(tmp_path, "x,other\n1,-\n", inputs=[str(tmp_path / "bad.csv"), str(tmp_path / "in.csv")])

    assert [row["x"] for row in found] == [1]
