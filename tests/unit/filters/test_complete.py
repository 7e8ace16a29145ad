"""Completions at a caret."""

import pytest

from trackside.core.filters import complete
from trackside.core.filters.complete import Place
from trackside.core.filters.fields import RUNS, resolve

ALL_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "CONTAINS", "IN", "BETWEEN")


def test_completions_depend_on_the_position_of_the_caret(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str, str, str | None]] = [
        ("|", "field", "", None),
        ("  |", "field", "", None),
        ("me|", "field", "me", None),
        ("me|trics.loss < 1", "field", "metrics.loss", None),
        ("metrics.`val l|oss` > 1", "field", "metrics.`val loss`", None),
        ("metrics.`val l|", "field", "metrics.`val l", None),
        ("AND |", "field", "", None),
        ("tags.a = 'b' AND |", "field", "", "tags.a"),
        ("tags.a = 'b' OR |", "field", "", "tags.a"),
        ("tags.a = 'b' OR (|", "field", "", "tags.a"),
        ("NOT |", "field", "", None),
        ("min(|", "field", "", None),
        ("tags.a |", "operator", "", "tags.a"),
        ("tags.a L|", "operator", "L", "tags.a"),
        ("nothing.a |", "operator", "", None),
        ("tags.a = |", "value", "", "tags.a"),
        ("tags.a = 'x|", "value", "'x", "tags.a"),
        ("tags.a = 'x|y'", "value", "'xy'", "tags.a"),
        ('tags.a = "x|', "value", '"x', "tags.a"),
        ("metrics.a < 1|2", "value", "12", "metrics.a"),
        ("tags.a IN (|", "value", "", "tags.a"),
        ("tags.a IN ('x', |", "value", "", "tags.a"),
        ("tags.a IN ( |", "value", "", "tags.a"),
        ("tags.a IN ('x' |", "nothing", "", "tags.a"),
        ("tags.a IN |", "nothing", "", "tags.a"),
        ("tags.a IN x|", "nothing", "x", "tags.a"),
        ("tags.a BETWEEN 'x' |", "nothing", "", "tags.a"),
        ("tags.a = 'b' |", "connector", "", "tags.a"),
        ("tags.a = 'b' a|", "connector", "a", "tags.a"),
        ("(tags.a = 'b' |", "connector", "", "tags.a"),
        ("(tags.a = 'b') |", "connector", "", "tags.a"),
        ("tags.a IS NULL |", "connector", "", "tags.a"),
        ("tags.a ? |", "operator", "? ", "tags.a"),
    ]
    for text, expects, replaced, field in cases:
        with subtests.test(text=text, expects=expects, replaced=replaced, field=field):
            before, _, after = text.partition("|")

            found = complete.place(before + after, len(before), RUNS)

            assert (found.expects, (before + after)[found.start : found.end]) == (expects, replaced)
            assert found.end == found.start + len(replaced)
            assert found.typed == before[found.start :]
            assert found.field == (None if field is None else resolve(field, None, RUNS))


def test_an_order_has_a_field_and_a_direction(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, int, Place]] = [
        ("", 0, Place("field", 0, 0, "")),
        ("  ", 2, Place("field", 2, 2, "")),
        ("metrics.loss D", 7, Place("field", 0, 12, "metrics")),
        ("metrics.loss D", 14, Place("direction", 13, 14, "D")),
        ("min(metrics.loss) ", 18, Place("direction", 18, 18, "")),
    ]
    for text, caret, expected in cases:
        with subtests.test(text=text, caret=caret, expected=expected):
            assert complete.place(text, caret, RUNS, is_order=True) == expected


def test_operators_go_with_the_field(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str | None, set[str]]] = [
        ("metrics.a", {*ALL_COMPARISONS[:6], "IN", "BETWEEN", "IS NULL", "IS NOT NULL"}),
        ("params.a", {*ALL_COMPARISONS, "IS NULL", "IS NOT NULL"}),
        ("tags.a", {*ALL_COMPARISONS, "IS NULL", "IS NOT NULL"} - {"<", "<=", ">", ">="}),
        ("datasets.name", set(ALL_COMPARISONS) - {"<", "<=", ">", ">="}),
        ("start_time", set(ALL_COMPARISONS)),
        (None, {*ALL_COMPARISONS, "IS NULL", "IS NOT NULL"} - {"<", "<=", ">", ">="}),
    ]
    for name, operators in cases:
        with subtests.test(name=name, operators=operators):
            found = complete.operators(None if name is None else resolve(name, None, RUNS))

            assert set(found) == operators
            assert len(found) == len(operators)
