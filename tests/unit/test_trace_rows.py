"""How previews and tokens of traces are stored, and that what was stored in the former way is read."""

from typing import Any

import pytest

from trackside.traces.ingest.rollup import counts_from, counts_of, text_of
from trackside.traces.storage import bodies, columns

LONG = "a long question " * 60


@pytest.mark.parametrize(
    ("request_preview", "response_preview"), [("why", "because"), ("", None), (None, "世界 \0 \n"), (LONG, LONG[::-1])]
)
def test_previews_come_back_as_they_were_stored(request_preview: str | None, response_preview: str | None) -> None:
    packed = bodies.pack(request_preview, response_preview)

    assert packed is not None
    assert columns.previews(None, None, packed) == (request_preview, response_preview)
    assert len(packed) < 300, "long previews are compressed"


def test_previews_of_rows_that_were_written_before_are_read() -> None:
    assert bodies.pack(None, None) is None
    assert columns.previews("why", None, None) == ("why", None)


@pytest.mark.parametrize(
    ("usage", "stored"),
    [
        ({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}, "[1,2,3]"),
        ({"total_tokens": 3, "cache_creation_input_tokens": 4}, "[null,null,3,null,4]"),
        ({"others": 1}, "[]"),
        ({}, None),
        (None, None),
    ],
)
def test_tokens_of_a_span_are_stored_as_an_array(usage: dict[str, Any] | None, stored: str | None) -> None:
    counts = counts_of(usage)

    assert text_of(counts) == stored
    assert counts_from(stored) == counts


def test_tokens_that_were_stored_as_an_object_are_read() -> None:
    assert counts_from('{"input_tokens": 5}') == [5]
    assert counts_from("{}") is None
