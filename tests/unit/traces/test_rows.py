"""The stored form of previews and tokens of traces, and reads of the former form."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.runner.examples import examples
from support.traces import Sent, request
from trackside.traces.ingest.otlp import read
from trackside.traces.ingest.rollup import counts_from, counts_in, text_of
from trackside.traces.spans import REQUEST_ID
from trackside.traces.storage import bodies, columns

LONG = "a long question " * 60


def test_previews_come_back_as_they_were_stored(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str | None, str | None]] = [
        ("why", "because"),
        ("", None),
        (None, "世界 \0 \n"),
        (LONG, LONG[::-1]),
    ]
    for request_preview, response_preview in cases:
        with subtests.test(request_preview=request_preview, response_preview=response_preview):
            packed = bodies.pack(request_preview, response_preview)

            assert packed is not None
            assert columns.previews(None, None, packed) == (request_preview, response_preview)
            assert len(packed) < 300, "long previews are compressed"


def test_previews_of_rows_that_were_written_before_are_read() -> None:
    assert bodies.pack(None, None) is None
    assert columns.previews("why", None, None) == ("why", None)


def test_tokens_of_a_span_are_stored_as_an_array(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, str | None]] = [
        ({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}, "[1,2,3]"),
        ({"total_tokens": 3, "cache_creation_input_tokens": 4}, "[null,null,3,null,4]"),
        ({"input_tokens": "12", "output_tokens": 1.5, "total_tokens": True}, "[12,1]"),
        ({"input_tokens": 10**30, "output_tokens": 2**63 - 1, "total_tokens": -(2**63)}, "[null,9223372036854775807]"),
        ({"input_tokens": [1], "output_tokens": float("nan"), "total_tokens": 3}, "[null,null,3]"),
        ({"input_tokens": None}, "[]"),
        ({"others": 1}, "[]"),
        ({}, None),
        ([1], None),
        (None, None),
    ]
    for usage, stored in cases:
        with subtests.test(usage=usage, stored=stored):
            counts = counts_in(json.dumps(usage))

            assert text_of(counts) == stored
            assert counts_from(stored) == counts


def test_a_text_that_is_no_json_names_no_tokens(subtests: pytest.Subtests) -> None:
    for text in [None, "", "{", "[" * 100_000, '{"a":' * 100_000]:
        with subtests.test(text=text):
            assert counts_in(text) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=examples(100), deadline=None)
@given(attributes=st.dictionaries(st.text(), VALUES, max_size=6))
def test_attributes_are_stored_as_json_dumps_writes_them(attributes: dict[str, Any]) -> None:
    (sent,) = read(request(Sent(1, attributes=attributes)).SerializeToString(), is_json=False).values()

    ((span,),) = sent.portions(10)
    stored = {name: text for name, text in span.attributes.items() if name != REQUEST_ID}
    assert stored == {name: json.dumps(value, ensure_ascii=False) for name, value in attributes.items()}


def test_tokens_that_were_stored_as_an_object_are_read() -> None:
    assert counts_from('{"input_tokens": 5}') == [5]
    assert counts_from("{}") is None
