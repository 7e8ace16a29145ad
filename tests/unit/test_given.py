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
        ("creation_time", "", str(-(2**63))),
        ("last_update_time", "", "0"),
        ("stage", "", "deleted"),
        ("dataset", '["n", "d"]', json.dumps(FIELDS)),
        ("dataset", '["n", "d"]', "{}"),
        ("point", json.dumps(POINT), ""),
        ("point", json.dumps([*POINT[:6], "NaN"]), ""),
        ("point", json.dumps(["m", -1, 0, "r", "name", "digest", 1]), ""),
        ("point", json.dumps(["m", -(2**63), 2**63 - 1, "r", None, None, 1]), ""),
        ("tag", "any", "thing"),
    ],
)
def test_what_servers_say_is_taken(kind: str, key: str, value: str) -> None:
    validation.check({Field(FieldKind(kind), key): value})


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        *(
            ("start_time", "", text)
            for text in ("", "a", "1.5", "1e3", "--1", "\u0663", "9" * 30, "0" * 20, str(2**63), str(-(2**63) - 1))
        ),
        ("end_time", "", "NaN"),
        ("output", "m-1", ""),
        ("stage", "", "gone"),
        *(("dataset", key, "{}") for key in ("", "n", '["n"]', "[1,2]", "[" * 100_000)),
        *(("dataset", '["n","d"]', value) for value in ("", "[]", '{"source":1}', '{"x":"y"}', '{"tags":{"a":1}}')),
        *(("point", key, "") for key in ("", "[]", json.dumps(POINT[:6]), json.dumps(["m", 1, -2, *POINT[3:]]))),
        ("point", json.dumps([*POINT[:6], "x"]), ""),
        ("point", json.dumps(["m", 2**63 - 1, 2**63, *POINT[3:]]), ""),
        ("point", json.dumps(["m", -(2**63) - 1, 1, *POINT[3:]]), ""),
    ],
)
def test_what_cannot_be_read_is_refused(kind: str, key: str, value: str) -> None:
    with pytest.raises(Invalid, match=f"put has a {kind}"):
        validation.check({Field(FieldKind(kind), key): value})


@pytest.mark.parametrize(("text", "number"), [(None, None), ("0", 0), ("12", 12), ("9" * 18, 10**18 - 1)])
def test_a_number_of_a_field(text: str | None, number: int | None) -> None:
    doc = {} if text is None else {Field(FieldKind.END_TIME): text}

    assert validation.whole_number(doc, FieldKind.END_TIME) == number


@pytest.mark.parametrize("text", ["", "-1", "1.0", "x", "\u0663", "9" * 19])
def test_what_is_no_number_of_a_field(text: str) -> None:
    with pytest.raises(Invalid, match=r"end_time is '.*'; it must be a whole number of 0 or more"):
        validation.whole_number({Field(FieldKind.END_TIME): text}, FieldKind.END_TIME)
