"""Values that batch scoring writes are read back as they were, in every format."""

import csv
import json
import random
import struct
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from trackside.scorer.batch import parts
from trackside.scorer.batch.order import Order

FRACTIONS = [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, 1e22, -0.0, 123456789.12345679, 2.0**53 + 2]


def written(folder: Path, table: Any, kind: str) -> Path:
    import pyarrow.parquet as pq

    pq.write_table(table, folder / "part.parquet")
    order = Order(
        model=str(folder),
        model_uri="models:/m/1",
        job_id="job",
        inputs=[],
        input_format="parquet",
        output=str(folder / f"out.{kind}"),
        output_format=kind,
        errors=str(folder / "errors.jsonl"),
        parts=str(folder / "parts"),
    )
    assert parts.join_files([folder / "part.parquet"], order) == table.num_rows
    return folder / f"out.{kind}"


def json_lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def any_fractions(count: int) -> list[float]:
    numbers = random.Random(7)
    found = [struct.unpack("d", struct.pack("Q", numbers.getrandbits(64)))[0] for _ in range(count)]
    return [each for each in found if each - each == 0] + [numbers.random() for _ in range(count)]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_fractions_and_lists_of_them_are_the_same(tmp_path: Path, kind: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    values = FRACTIONS + any_fractions(1000)
    lists = [[value, 0.1 + 0.2] * (700 if at == 0 else 1) for at, value in enumerate(values)]
    path = written(tmp_path, pa.table({"prediction": values, "all": lists}), kind)

    if kind == "jsonl":
        rows = json_lines(path)
        found = [row["prediction"] for row in rows], [row["all"] for row in rows]
    elif kind == "csv":
        cells = csv_rows(path)
        found = [float(row["prediction"]) for row in cells], [json.loads(row["all"]) for row in cells]
    else:
        columns = pq.read_table(path).to_pydict()
        found = columns["prediction"], columns["all"]
    assert [list(map(repr, each)) for each in found] == [list(map(repr, values)), list(map(repr, lists))]


def test_whole_numbers_beside_missing_ones_keep_all_digits(tmp_path: Path) -> None:
    import pyarrow as pa

    table = pa.table({"n": pa.array([2**63 - 1, None, 2**53 + 1], pa.int64())})

    assert [row["n"] for row in json_lines(written(tmp_path, table, "jsonl"))] == [2**63 - 1, None, 2**53 + 1]
    assert [row["n"] for row in csv_rows(written(tmp_path, table, "csv"))] == [str(2**63 - 1), "", str(2**53 + 1)]


def test_other_values_of_json_lines(tmp_path: Path) -> None:
    import pyarrow as pa

    at = datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)
    table = pa.table(
        {
            'na"me % é': ["a\u2028b/\x00", "é", None],
            "nan": [float("nan"), float("inf"), -1.5],
            "single": pa.array([0.1, 2.5, None], pa.float32()),
            "at": [at, None, at],
            "is": [True, False, None],
            "bytes": [b"\xff\x00", b"", None],
            "decimal": [Decimal("1.10"), None, Decimal("-3.25")],
            "object": [{"a": [1.5, None], "b": float("inf")}, None, {"a": None, "b": 1 / 3}],
            "word": pa.array(["x", None, "x"]).dictionary_encode(),
        }
    )

    path = written(tmp_path, table, "jsonl")

    assert json_lines(path) == [
        {
            'na"me % é': "a\u2028b/\x00",
            "nan": None,
            "single": 0.10000000149011612,
            "at": "2026-01-31T12:00:00.123456+00:00",
            "is": True,
            "bytes": "/wA=",
            "decimal": 1.1,
            "object": {"a": [1.5, None], "b": None},
            "word": "x",
        },
        dict.fromkeys(table.column_names) | {'na"me % é': "é", "single": 2.5, "is": False, "bytes": ""},
        dict.fromkeys(table.column_names)
        | {"nan": -1.5, "at": "2026-01-31T12:00:00.123456+00:00", "decimal": -3.25, "word": "x"}
        | {"object": {"a": None, "b": 1 / 3}},
    ]
    assert '"decimal":1.10' in path.read_text("utf-8")
    assert path.read_text("utf-8").isascii()


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_table_without_rows_or_columns_is_written(tmp_path: Path, kind: str) -> None:
    import pyarrow as pa

    path = written(tmp_path, pa.table({"a": pa.array([], pa.float64())}), kind)

    assert path.read_text("utf-8") == ("a\n" if kind == "csv" else "")
