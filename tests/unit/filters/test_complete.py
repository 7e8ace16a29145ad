"""What may come at a caret."""

import pytest

from trackside.core.filters import complete
from trackside.core.filters.complete import Place
from trackside.core.filters.fields import RUNS, resolve

ALL_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "CONTAINS", "IN", "BETWEEN")


@pytest.mark.parametrize(
    ("text", "expects", "replaced", "field"),
    [
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
    ],
)
def test_a_caret_stands_where_something_is_expected(text: str, expects: str, replaced: str, field: str | None) -> None:
    before, _, after = text.partition("|")

    found = complete.place(before + after, len(before), RUNS)

    assert (found.expects, (before + after)[found.start : found.end]) == (expects, replaced)
    assert found.end == found.start + len(replaced)
    assert found.typed == before[found.start :]
    assert found.field == (None if field is None else resolve(field, None, RUNS))


@pytest.mark.parametrize(
    ("text", "caret", "expected"),
    [
        ("", 0, Place("field", 0, 0, "")),
        ("  ", 2, Place("field", 2, 2, "")),
        ("metrics.loss D", 7, Place("field", 0, 12, "metrics")),
        ("metrics.loss D", 14, Place("direction", 13, 14, "D")),
        ("min(metrics.loss) ", 18, Place("direction", 18, 18, "")),
    ],
)
def test_an_order_has_a_field_and_a_direction(text: str, caret: int, expected: Place) -> None:
    assert complete.place(text, caret, RUNS, is_order=True) == expected


@pytest.mark.parametrize(
    ("name", "operators"),
    [
        ("metrics.a", {*ALL_COMPARISONS[:6], "IN", "BETWEEN", "IS NULL", "IS NOT NULL"}),
        ("params.a", {*ALL_COMPARISONS, "IS NULL", "IS NOT NULL"}),
        ("tags.a", {*ALL_COMPARISONS, "IS NULL", "IS NOT NULL"} - {"<", "<=", ">", ">="}),
        ("datasets.name", set(ALL_COMPARISONS) - {"<", "<=", ">", ">="}),
        ("start_time", set(ALL_COMPARISONS)),
        (None, {*ALL_COMPARISONS, "IS NULL", "IS NOT NULL"} - {"<", "<=", ">", ">="}),
    ],
)
def test_operators_go_with_the_field(name: str | None, operators: set[str]) -> None:
    found = complete.operators(None if name is None else resolve(name, None, RUNS))

    assert set(found) == operators
    assert len(found) == len(operators)
