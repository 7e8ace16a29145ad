"""What another side says of an item is read, or refused before anything of it is written."""

import json

import pytest

from trackside.core.errors import Invalid
from trackside.sync import validation
from trackside.sync.fields import Field, FieldKind

POINT = ["m", 1, 2, "r", None, None, 0.5]
FIELDS = {"source_type": "s", "source": "x", "schema": None, "profile": None, "tags": {"a": "b"}}


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("start_time", "", "1700000000000"),
        ("end_time", "", "-5"),
        ("output", "m-1", str(2**63 - 1)),
        ("stage", "", "deleted"),
        ("dataset", '["n", "d"]', json.dumps(FIELDS)),
        ("dataset", '["n", "d"]', "{}"),
        ("point", json.dumps(POINT), ""),
        ("point", json.dumps([*POINT[:6], "NaN"]), ""),
        ("point", json.dumps(["m", -1, 0, "r", "name", "digest", 1]), ""),
        ("tag", "any", "thing"),
    ],
)
def test_what_servers_say_is_taken(kind: str, key: str, value: str) -> None:
    validation.check({Field(FieldKind(kind), key): value})


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        *(("start_time", "", text) for text in ("", "a", "1.5", "1e3", "--1", "\u0663", "9" * 30, str(2**63))),
        ("end_time", "", "NaN"),
        ("output", "m-1", ""),
        ("stage", "", "gone"),
        *(("dataset", key, "{}") for key in ("", "n", '["n"]', "[1,2]", "[" * 100_000)),
        *(("dataset", '["n","d"]', value) for value in ("", "[]", '{"source":1}', '{"x":"y"}', '{"tags":{"a":1}}')),
        *(("point", key, "") for key in ("", "[]", json.dumps(POINT[:6]), json.dumps(["m", 1, -2, *POINT[3:]]))),
        ("point", json.dumps([*POINT[:6], "x"]), ""),
    ],
)
def test_what_cannot_be_read_is_refused(kind: str, key: str, value: str) -> None:
    with pytest.raises(Invalid, match=f"put has a {kind}"):
        validation.check({Field(FieldKind(kind), key): value})
