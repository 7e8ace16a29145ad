"""Items of another side are validated before anything is written."""

import json

import pytest

from trackside.core.errors import Invalid
from trackside.sync import validation
from trackside.sync.fields import Field, FieldKind

POINT = ["m", 1, 2, "r", None, None, 0.5]
FIELDS = {"source_type": "s", "source": "x", "schema": None, "profile": None, "tags": {"a": "b"}}


def test_valid_values_of_servers_are_accepted(subtests: pytest.Subtests) -> None:
    cases = [
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
    ]
    for kind, key, value in cases:
        with subtests.test(kind=kind, key=key, value=value):
            validation.check({Field(FieldKind(kind), key): value})


def test_unreadable_values_are_refused(subtests: pytest.Subtests) -> None:
    cases = [
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
    ]
    for kind, key, value in cases:
        with subtests.test(kind=kind, key=key, value=value), pytest.raises(Invalid, match=f"put has a {kind}"):
            validation.check({Field(FieldKind(kind), key): value})


def test_a_number_of_a_field(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str | None, int | None]] = [(None, None), ("0", 0), ("12", 12), ("9" * 18, 10**18 - 1)]
    for text, number in cases:
        with subtests.test(text=text, number=number):
            doc = {} if text is None else {Field(FieldKind.END_TIME): text}

            assert validation.whole_number(doc, FieldKind.END_TIME) == number


def test_an_invalid_number_of_a_field(subtests: pytest.Subtests) -> None:
    for text in ["", "-1", "1.0", "x", "\u0663", "9" * 19]:
        with subtests.test(text=text), pytest.raises(Invalid, match=r"end_time is '.*'; it must be a whole number"):
            validation.whole_number({Field(FieldKind.END_TIME): text}, FieldKind.END_TIME)
