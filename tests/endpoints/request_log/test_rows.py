"""From requests and answers to the rows of a log: formats, types, torn files, limits.  No server."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from msgspec.structs import replace
from pyarrow import parquet

from trackside.core.errors import Invalid
from trackside.endpoints.request_log import columns, csv_files, files, reading, spool
from trackside.endpoints.request_log.convert import convert
from trackside.endpoints.request_log.model import LogSettings, Range
from trackside.endpoints.request_log.recorder import MOST_QUEUED_EACH, Recorder
from trackside.endpoints.request_log.spool import Entry

NOON = 1_764_417_600_000  # 2025-11-29T12:00:00Z
ALL = Range(0, 1 << 60)
SIGNATURE = {
    "inputs": [{"name": "a", "type": "double"}, {"name": "b", "type": "long"}, {"name": "c", "type": "string"}],
    "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}],
}
ENTRY = Entry(
    time=NOON,
    request_id="r1",
    deployment="blue",
    deployment_seq=7,
    generation=1,
    model="models:/sum/1",
    latency_ms=2.5,
    content_type="application/json",
    body=json.dumps(
        {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1.5, 2, "x"], [None, 3, "y"]]}}
    ).encode(),
    answer=b'{"predictions": [3.5, 3.0]}',
)


def spooled(folder: Path, *entries: Entry, endpoint: int = 3, tail: bytes = b"") -> files.Place:
    """Write a spool file and the signature, as a recorder does."""
    place = files.place(folder, endpoint)
    target = place.signature(7, 1)
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(SIGNATURE))
    writer = spool.Writer(place.spool / "w-1.spool")
    writer.write(b"".join(map(spool.framed, entries)) + tail)
    writer.close()
    return place


def rows(place: files.Place) -> list[dict[str, Any]]:
    return reading.newest(place, ALL, 100)


def test_rows_have_the_types_of_the_signature(tmp_path: Path) -> None:
    place = spooled(tmp_path, ENTRY)

    convert(tmp_path)

    (file,) = place.all()
    assert file.path.parent == tmp_path / "3" / "2025-11-29" / "12"
    found = parquet.read_table(file.path)
    types = {name: str(found.schema.field(name).type) for name in ("a", "b", "c", "prediction", "_time")}
    assert types == {
        "a": "double",
        "b": "int64",
        "c": "string",
        "prediction": "double",
        "_time": "timestamp[ms, tz=UTC]",
    }
    assert found.select(["_request_id", "_row", "a", "b", "c", "prediction"]).to_pylist() == [
        {"_request_id": "r1", "_row": 0, "a": 1.5, "b": 2, "c": "x", "prediction": 3.5},
        {"_request_id": "r1", "_row": 1, "a": None, "b": 3, "c": "y", "prediction": 3.0},
    ]
    assert not list(place.spool.iterdir())


@pytest.mark.parametrize(
    "document",
    [
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}},
        {"dataframe_split": {"columns": ["a", "b"], "index": [5, 6], "data": [[1, 2], [3, 4]]}},
        {"dataframe_records": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        {"instances": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        {"instances": [[1, 2], [3, 4]]},
        {"inputs": {"a": [1, 3], "b": [2, 4]}},
        {"inputs": [[1, 2], [3, 4]], "params": {"k": 1}},
        {"input_data": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}},
        {"input_data": [[1, 2], [3, 4]]},
        {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]},
    ],
)
def test_each_format_gives_the_same_columns(document: Any) -> None:
    assert columns.inputs(json.dumps(document).encode(), ["a", "b"]) == ({"a": [1, 3], "b": [2, 4]}, 2)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"predictions": [1, 2]}, {"prediction": [1, 2]}),
        ([1, 2], {"prediction": [1, 2]}),
        ({"predictions": [{"p": 1}, {"p": 2}]}, {"prediction.p": [1, 2]}),
        ({"predictions": {"p": [1, 2]}}, {"prediction.p": [1, 2]}),
        ({"predictions": [[1, 0], [0, 1]]}, {"prediction": [[1, 0], [0, 1]]}),
        ({"predictions": [1, 2, 3]}, {}),
        ({"predictions": "all"}, {}),
    ],
)
def test_an_answer_gives_its_predictions_row_by_row(answer: Any, found: Any) -> None:
    assert columns.outputs(json.dumps(answer).encode(), 2) == found


@pytest.mark.parametrize("body", [b"", b"[", b"3", b"\xff\xfe", b'{"other": 1}', b"[" * 100_000])
def test_a_file_that_is_not_a_table_is_unreadable(body: bytes) -> None:
    with pytest.raises(columns.Unreadable):
        columns.inputs(body, [])


def test_csv_and_parquet_bodies_become_rows_and_unreadable_ones_are_counted(tmp_path: Path) -> None:
    packed = io.BytesIO()
    parquet.write_table(pa.table({"a": [1.5], "b": [2], "c": ["x"]}), packed)
    one = b'{"predictions": [1.0]}'
    place = spooled(
        tmp_path,
        replace(ENTRY, content_type="text/csv", body=b"a,b,c\n1.5,2,x\n", answer=one),
        replace(ENTRY, content_type="application/vnd.apache.parquet", body=packed.getvalue(), answer=one),
        replace(ENTRY, content_type="application/vnd.apache.parquet", body=b"PAR1"),
        replace(ENTRY, body=b"no JSON"),
    )

    report = convert(tmp_path)

    assert [(each["a"], each["b"], each["c"]) for each in rows(place)] == [(1.5, 2, "x")] * 2
    assert report.unreadable == {3: 2}


def test_a_value_of_another_type_is_null_and_named(tmp_path: Path) -> None:
    body = json.dumps({"dataframe_records": [{"a": "1.5", "b": 2.0, "c": 3}, {"a": 1, "b": 2.5, "c": None}]}).encode()
    place = spooled(tmp_path, replace(ENTRY, body=body))

    convert(tmp_path)

    found = [{name: row[name] for name in ("a", "b", "c", "_misfits")} for row in rows(place)]
    assert found == [
        {"a": None, "b": 2, "c": "3", "_misfits": ["a"]},
        {"a": 1.0, "b": 2, "c": None, "_misfits": None},
    ]


def test_without_a_signature_types_are_taken_from_the_values(tmp_path: Path) -> None:
    body = json.dumps({"inputs": {"n": [1, 2], "x": [1, 2.5], "t": ["a", None], "o": [{"k": 1}, [2]]}}).encode()
    place = spooled(tmp_path, replace(ENTRY, generation=2, body=body))

    convert(tmp_path)

    (file,) = place.all()
    schema = parquet.read_schema(file.path)
    assert [str(schema.field(name).type) for name in "nxto"] == ["int64", "double", "string", "string"]


def test_a_request_that_arrow_refuses_is_counted_and_the_others_are_logged(tmp_path: Path) -> None:
    half = b'{"inputs": {"a": [1], "b": [2], "c": ["\\ud800"]}}'  # half of a pair of UTF-16
    refused = replace(ENTRY, body=half, answer=b'{"predictions": [1]}')
    spooled(tmp_path, replace(refused, request_id="r0"), ENTRY, refused, endpoint=2)
    other = spooled(tmp_path, replace(ENTRY, request_id="r9"), endpoint=3)

    report = convert(tmp_path)

    assert report.unreadable == {2: 2}
    assert {each["_request_id"] for each in rows(files.place(tmp_path, 2))} == {"r1"}
    assert {each["_request_id"] for each in rows(other)} == {"r9"}


def test_a_column_with_numbers_and_texts_becomes_text(tmp_path: Path) -> None:
    bodies = [{"a": [1], "more": [5]}, {"a": [1], "more": ["x"], "other": [1]}, {"a": [1], "more": [True], "last": [1]}]
    entries = [
        replace(ENTRY, request_id=f"r{at}", body=json.dumps({"inputs": body}).encode(), answer=b'{"predictions": [1]}')
        for at, body in enumerate(bodies)
    ]
    place = spooled(tmp_path, *entries)

    convert(tmp_path)

    assert {each["_request_id"]: each["more"] for each in rows(place)} == {"r0": "5", "r1": "x", "r2": "true"}


def test_a_csv_body_has_texts_as_they_were_sent_and_dates(tmp_path: Path) -> None:
    body = b"a,b,c,day,moment\n1.5,2,007,2025-11-29,2025-11-29 12:00:00\n"
    place = spooled(tmp_path, replace(ENTRY, content_type="text/csv", body=body, answer=b'{"predictions": [1]}'))

    report = convert(tmp_path)

    assert report.unreadable == {}
    found = rows(place)[0]
    assert (found["c"], found["day"], found["moment"]) == ("007", "2025-11-29", "2025-11-29 12:00:00")


def test_a_column_that_is_named_like_one_of_the_log_keeps_both(tmp_path: Path) -> None:
    body = json.dumps({"inputs": {"prediction": [1, 2], "_time": [3, 4]}}).encode()
    place = spooled(tmp_path, replace(ENTRY, body=body))

    convert(tmp_path)

    assert [(each["input.prediction"], each["prediction"], each["input._time"]) for each in rows(place)] == [
        (1, 3.5, 3),
        (2, 3.0, 4),
    ]


def test_an_incomplete_record_at_the_end_is_skipped_and_the_rest_is_read(tmp_path: Path) -> None:
    torn = spool.framed(replace(ENTRY, request_id="torn"))
    place = spooled(tmp_path, ENTRY, tail=torn[:-3])

    convert(tmp_path)

    assert {each["_request_id"] for each in rows(place)} == {"r1"}


def test_a_conversion_that_was_interrupted_gives_no_row_twice(tmp_path: Path) -> None:
    place = spooled(tmp_path, ENTRY)
    (path,) = place.spool.iterdir()
    kept = path.read_bytes()
    convert(tmp_path)
    path.write_bytes(kept)  # as where the process ended between the rename and the deletion
    (file,) = place.all()
    file.path.with_name(f".{file.path.name}.part").write_bytes(b"PAR1")  # and one that ended while it wrote

    convert(tmp_path)

    assert len(rows(place)) == 2
    assert len(place.all()) == 1


def test_a_file_that_is_being_written_is_not_converted(tmp_path: Path) -> None:
    place = files.place(tmp_path, 3)
    writer = spool.Writer(place.spool / "w-1.spool")
    writer.write(spool.framed(ENTRY))

    convert(tmp_path)
    during = place.all()
    writer.close()
    convert(tmp_path)

    assert (during, len(place.all())) == ([], 1)


KILLED = """
import os, signal, sys, time
from pathlib import Path
from trackside.endpoints.request_log.model import LogSettings
from trackside.endpoints.request_log.recorder import Recorder
from trackside.endpoints.request_log.spool import Entry
recorder = Recorder(None, Path(sys.argv[1]), dict(os.environ))
def entry(name):
    return Entry(1_764_417_600_000, name, "blue", 7, 1, "m", 1.0, "", b'{"inputs": {"x": [1]}}', b'{"predictions": [1]}')
recorder.offer(3, LogSettings(), entry("written"))
recorder.step()
recorder.offer(3, LogSettings(), entry("queued"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_queued_rows_and_no_written_ones(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)

    convert(tmp_path)

    assert done.returncode == -signal.SIGKILL
    assert [each["_request_id"] for each in rows(files.place(tmp_path, 3))] == ["written"]


def test_rows_are_chosen_by_time_and_deployment_and_the_newest_come_first(tmp_path: Path) -> None:
    hours = [replace(ENTRY, time=NOON + hour * files.HOUR_MS, request_id=f"r{hour}") for hour in range(4)]
    place = spooled(tmp_path, *hours, replace(ENTRY, deployment="green", request_id="g"))
    convert(tmp_path)

    def ids(wanted: Range, limit: int = 100) -> list[str]:
        found = reading.newest(place, wanted, limit)
        return list(dict.fromkeys(each["_request_id"] for each in found))

    assert ids(Range(0, 1 << 60, "blue")) == ["r3", "r2", "r1", "r0"]
    assert ids(Range(NOON + 1, NOON + 2 * files.HOUR_MS + 1)) == ["r2", "r1"]
    assert ids(ALL, 2) == ["r3"]


def test_a_range_is_written_as_one_file_over_two_generations(tmp_path: Path) -> None:
    other = json.dumps({"inputs": {"a": [1], "d": ["new"]}}).encode()
    place = spooled(tmp_path, ENTRY, replace(ENTRY, generation=2, body=other, answer=b'{"predictions": [1]}'))
    convert(tmp_path)

    count = reading.write(place, ALL, tmp_path / "whole.parquet")

    found = parquet.read_table(tmp_path / "whole.parquet").to_pydict()
    assert (count, sorted(found["a"], key=str), found["d"].count(None)) == (3, [1.0, 1.5, None], 2)


def test_a_range_is_written_as_one_csv_file(tmp_path: Path) -> None:
    body = json.dumps({"inputs": {"a": [1, 2], "c": ["=1+1", "x"]}}).encode()
    place = spooled(tmp_path, replace(ENTRY, body=body))
    convert(tmp_path)

    csv_files.write(place, ALL, tmp_path / "whole.csv")

    with (tmp_path / "whole.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(each["_request_id"], each["_row"], each["_time"]) for each in found] == [
        ("r1", "0", "2025-11-29T12:00:00.000Z"),
        ("r1", "1", "2025-11-29T12:00:00.000Z"),
    ]
    assert [float(each["a"]) for each in found] == [1.0, 2.0]
    assert [each["c"] for each in found] == ["'=1+1", "x"]  # no spreadsheet runs it
    assert [float(each["prediction"]) for each in found] == [3.5, 3.0]


def test_days_are_files_of_inputs_and_predictions_in_azures_folders(tmp_path: Path) -> None:
    one = json.dumps({"inputs": {"a": [1], "_x": [9], "Time": [7]}}).encode()
    entries = [
        replace(ENTRY, body=one, answer=b'{"predictions": [1]}'),
        replace(ENTRY, time=NOON + files.HOUR_MS, request_id="r2"),
        replace(ENTRY, time=NOON + 24 * files.HOUR_MS, request_id="r3"),
        replace(ENTRY, time=NOON + 24 * files.HOUR_MS, request_id="r4", model="models:/../2"),
    ]
    place = spooled(tmp_path, *entries)
    convert(tmp_path)

    csv_files.write_days(place, ALL, csv_files.Prefix("S1", "R1", "team", "adder"), tmp_path / "days.zip")

    with zipfile.ZipFile(tmp_path / "days.zip") as archive:
        found = {name: list(csv.DictReader(io.TextIOWrapper(archive.open(name)))) for name in archive.namelist()}
    below = "modeldata/S1/R1/team/adder"
    assert sorted(found) == [
        f"{below}/%2E%2E/2/inputs/2025/11/30/data.csv",
        f"{below}/%2E%2E/2/predictions/2025/11/30/data.csv",
        f"{below}/sum/1/inputs/2025/11/29/data.csv",
        f"{below}/sum/1/inputs/2025/11/30/data.csv",
        f"{below}/sum/1/predictions/2025/11/29/data.csv",
        f"{below}/sum/1/predictions/2025/11/30/data.csv",
    ]
    inputs, predictions = (found[f"{below}/sum/1/{kind}/2025/11/29/data.csv"] for kind in ("inputs", "predictions"))
    assert sorted(inputs[0]) == ["CorrelationId", "Row", "Time", "_x", "a", "b", "c", "input.Time"]
    assert list(predictions[0]) == ["CorrelationId", "Row", "Time", "prediction"]
    ties = [(row["CorrelationId"], row["Row"]) for row in inputs]
    assert (
        ties == [(row["CorrelationId"], row["Row"]) for row in predictions] == [("r1", "0"), ("r2", "0"), ("r2", "1")]
    )
    assert [float(row["prediction"]) for row in predictions] == [1.0, 3.5, 3.0]
    assert [path.name for path in tmp_path.iterdir() if "days" in path.name] == ["days.zip"]


def test_a_time_without_requests_has_no_file(tmp_path: Path) -> None:
    place = spooled(tmp_path, ENTRY)
    convert(tmp_path)

    for write in (reading.write, csv_files.write):
        with pytest.raises(Invalid, match="no logged requests in this range"):
            write(place, Range(0, NOON - files.HOUR_MS), tmp_path / "none")


def test_an_incomplete_download_of_a_killed_server_is_deleted(tmp_path: Path) -> None:
    left, young = files.table_file(tmp_path), files.table_file(tmp_path)
    left.touch()
    young.touch()
    days = left.with_name(f"{left.name}.days")
    days.mkdir()
    (days / "0.csv").touch()
    for path in (left, days):
        os.utime(path, (0, 0))

    files.drop_stale_tables(tmp_path, young.stat().st_mtime)

    assert list(tmp_path.iterdir()) == [young]


def test_files_that_are_too_old_or_too_many_are_deleted_the_oldest_first(tmp_path: Path) -> None:
    hours = [replace(ENTRY, time=NOON + hour * files.HOUR_MS) for hour in range(4)]
    place = spooled(tmp_path, *hours)
    convert(tmp_path)
    sizes = [each.size_bytes for each in place.all()]

    by_size = place.prune(sum(sizes[2:]), 3650, NOON)
    by_age = place.prune(1 << 40, 1, NOON + 27 * files.HOUR_MS)

    assert (by_size, by_age, [each.hour for each in place.all()]) == (2, 1, [NOON + 3 * files.HOUR_MS])


@pytest.fixture
def recorder(tmp_path: Path) -> Callable[..., Recorder]:
    def make(**more: Any) -> Recorder:
        return Recorder(None, tmp_path, dict(os.environ), **more)  # type: ignore[arg-type]  # no store is asked

    return make


def test_a_full_queue_drops_and_counts_and_other_endpoints_are_logged(recorder: Callable[..., Recorder]) -> None:
    made = recorder()
    large = replace(ENTRY, body=b"x" * (MOST_QUEUED_EACH // 2))

    for _ in range(5):
        made.offer(3, LogSettings(), large)
    made.offer(4, LogSettings(), ENTRY)
    made.close()

    assert (made.counters(3).logged, made.counters(3).dropped) == (1, 4)
    assert (made.counters(4).logged, made.counters(4).dropped) == (1, 0)


def test_sampling_keeps_its_share_and_counts_the_rest(recorder: Callable[..., Recorder]) -> None:
    dice = iter([0.05, 0.1, 0.5, 0.09])
    made = recorder(dice=lambda: next(dice))

    for _ in range(4):
        made.offer(3, LogSettings(sampling=0.1), ENTRY)
    made.close()

    assert (made.counters(3).logged, made.counters(3).sampled_out) == (2, 2)


def test_rows_are_dropped_and_counted_if_the_disk_takes_no_writes(
    recorder: Callable[..., Recorder], tmp_path: Path
) -> None:
    made = recorder()
    (tmp_path / "3").write_text("a file where the folder should be")

    made.offer(3, LogSettings(), ENTRY)
    made.close()

    assert (made.counters(3).logged, made.counters(3).dropped) == (0, 1)
