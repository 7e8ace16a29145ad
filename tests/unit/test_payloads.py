"""The scorer's fast parsing of JSON equals Python's parser with a check of each value."""

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.runner.examples import examples
from trackside.scorer import payloads
from trackside.scorer.payloads import Rows
from trackside.scorer.tables import Column

DTYPES = ["float64", "float32", "int64", "int32", "bool"]
VALUES = st.one_of(
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=2),
    st.sampled_from(
        [2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, 2**63, -(2**63) - 1, 0, 1]
    ),
)


def parsed(parse: Any, body: bytes) -> str:
    try:
        return repr(parse(body))
    except (ValueError, RecursionError):
        return "refused"


@given(number=st.binary(min_size=8, max_size=8), form=st.sampled_from(["r", ".17g", ".20e", ".3f"]))
@settings(max_examples=examples(300))
def test_each_number_is_read_as_python_reads_it(number: bytes, form: str) -> None:
    [value] = struct.unpack("d", number)
    body = (repr(value) if form == "r" else format(value, form)).encode()

    assert parsed(payloads.loads, body) == parsed(json.loads, body)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[1,]", b"01", b"1.", b"nan", b"NaN", b"-Infinity", b"1e400", b"-0", b"1 2", b'{"a": 1, "a": 2}'),
        *(b"9223372036854775808", b"9" * 5000, b'"\\ud800"', b'"\xff"', b'"a\tb"', b"\xef\xbb\xbf1"),
        *('"ä"'.encode("utf-16"), b"[" * 500 + b"]" * 500, b"[" * 100_000),
    ],
)
def test_each_document_is_read_or_refused_as_python_does(body: bytes) -> None:
    assert parsed(payloads.loads, body) == parsed(json.loads, body)


@given(st.data())
@settings(max_examples=examples(300))
def test_rows_are_plain_if_each_value_fits_its_column(data: st.DataObject) -> None:
    dtypes = data.draw(st.one_of(st.lists(st.sampled_from(DTYPES), min_size=1, max_size=3), st.just(["float64"] * 3)))
    columns = [Column(f"c{number}", dtype) for number, dtype in enumerate(dtypes)]
    row = st.tuples(*(VALUES for _ in columns)).map(list)
    rows = data.draw(st.lists(row, min_size=1, max_size=4))
    body = json.dumps({"dataframe_split": {"columns": [column.name for column in columns], "data": rows}}).encode()

    found = payloads.read(body, "application/json", columns)

    assert isinstance(found, Rows) == all(payloads._fits(row, columns) for row in json.loads(json.dumps(rows)))
