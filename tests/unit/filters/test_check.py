"""The position of an error in a filter, and the expected input."""

import pytest

from trackside.core.errors import Invalid
from trackside.core.filters.fields import RUNS
from trackside.core.filters.parse import Checked, check_filter, parse_filter

RIGHT = "tags.a = 'b'"
LIKE = "tags.a LIKE '" + "a%" * 80 + "'"


def test_a_valid_filter_has_no_error(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str | None]] = [
        ("", None),
        ("AND", None),
        ("  AND and", None),
        (RIGHT, "tags.a"),
        (f"{RIGHT} OR tags.b IS NULL AND", "tags.b"),
    ]
    for text, field in cases:
        with subtests.test(text=text, field=field):
            assert check_filter(text, RUNS) == Checked(field=None if field is None else (field, None))


def test_an_error_has_a_position(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str | None, str, str | None]] = [
        ("tags.a|", "", "a comparison", "tags.a"),
        ("tags.a NOT |1", "1", "a comparison", "tags.a"),
        ("tags.a =|", "", "a value", "tags.a"),
        ("tags.a = |TRUE", "TRUE", "a value", "tags.a"),
        ("tags.a = 'b' OR |)", ")", "a field", "tags.a"),
        ("tags.a = 'b' |;", ";", "a field", "tags.a"),
        ("|1 x", "1", "a field", None),
        ("|1 = 'x'", "1", "a field", None),
        ("tags.a = 'b' AND |'x' = 1", "'x'", "a field", "tags.a"),
        ("min(|1", "1", "a field", None),
        ("min(metrics.a |> 1", ">", "')'", None),
        ("(tags.a = 'b'|", "", "')'", "tags.a"),
        ("tags.a = 'b' |)", ")", "AND, OR or the end", "tags.a"),
        ("tags.a IS |1", "1", "NULL", "tags.a"),
        ("tags.a BETWEEN 1 |'x'", "'x'", "AND", "tags.a"),
        ("tags.a IN |'x'", "'x'", "'('", "tags.a"),
        ("tags.a IN (|1", "1", "a list in parentheses", "tags.a"),
        ("tags.a IN (|)", ")", "", "tags.a"),
        ("tags.a IN (1 |2)", "2)", "", "tags.a"),
        ("tags.a = 'b' |? x", "?", "", None),
        ("tags.a = |'b x", "'b x", "", None),
        ("|x.a = 'b' AND tags.b = 'c'", "x.a = 'b'", "", "tags.b"),
        ("tags.b = 'c' AND |x.a = 'b'", "x.a = 'b'", "", "x.a"),
        ("x.a = 'b' AND (|", "", "a field", "x.a"),  # the grammar before the names
        (" OR ".join([RIGHT] * 100) + f" |OR {RIGHT}", f"OR {RIGHT}", "", "tags.a"),
        ("(" * 99 + "|((", "((", "", None),
        (f"|{LIKE} AND tags.b = 'c'", LIKE, "", "tags.b"),
        ("|" + " AND ".join([LIKE.replace("a%" * 80, "a%" * 40)] * 6), None, "", None),
    ]
    for text, wrong, expected, field in cases:
        with subtests.test(text=text, wrong=wrong, expected=expected, field=field):
            before, _, after = text.partition("|")

            found = check_filter(before + after, RUNS)

            assert found.fault is not None
            assert (found.start, (before + after)[found.start : found.end]) == (
                len(before),
                after if wrong is None else wrong,
            )
            assert found.end == found.start + len(after if wrong is None else wrong)
            assert found.expected == expected
            assert found.field == (None if field is None else (field, None))
            with pytest.raises(Invalid) as caught:
                parse_filter(before + after, RUNS)
            assert caught.value.message == found.fault.message


def test_a_syntax_error_shows_forty_characters(subtests: pytest.Subtests) -> None:
    cases = [
        ("tags.a IS 1", "'1' (NULL is expected at character 11)"),
        (
            "tags.a = 'b' AND " * 4 + "c",
            "'AND tags.a = 'b' AND tags.a = 'b' AND c' (it ends where a comparison is expected)",
        ),
        (f"tags.a = 'b' {'x' * 50}.y z", "'z' (a comparison is expected at character 67)"),
        ("tags.a = 'b' )", "')' (AND, OR or the end is expected at character 14)"),
        ("tags.a = '" + "x" * 50, "''" + "x" * 39 + "' (an unclosed quote, or an unexpected character)"),
    ]
    for text, message in cases:
        with subtests.test(text=text, message=message):
            fault = check_filter(text, RUNS).fault

            assert fault is not None
            assert fault.message == f"Invalid clause(s) in filter string: {message}"
