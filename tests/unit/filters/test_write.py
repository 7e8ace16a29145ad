"""A written filter is parsed to the same filter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.core.filters.fields import RUNS
from trackside.core.filters.nodes import Aggregate, And, Comparison, Entity, Field, Operator
from trackside.core.filters.parse import parse_field, parse_filter
from trackside.core.filters.write import equals, field_text, quoted

texts = st.text("aB1 .'\"`\\\n%é/-:_", max_size=8)
fields = st.builds(Field, st.sampled_from([Entity.PARAM, Entity.TAG]), texts)


@given(field=fields)
def test_a_field_is_read_back(field: Field) -> None:
    text = field_text(field, RUNS)

    assert text is None or parse_field(text, RUNS) == field
    assert text is not None or {"'", '"', "`"} & set(field.key) or not field.key


@given(value=texts)
def test_a_value_is_found_by_its_condition(value: str) -> None:
    field = Field(Entity.PARAM, "lr")

    text = equals(field, value, RUNS)

    assert text is not None
    read = parse_filter(text, RUNS)
    assert read in (Comparison(field, Operator.EQ, (value,)), Comparison(field, Operator.IN, (value,)))


def test_a_value_is_written_as_plainly_as_its_quotes_allow(subtests: pytest.Subtests) -> None:
    cases = [
        ("a", "params.lr = 'a'"),
        ("it's", 'params.lr = "it\'s"'),
        ("'\"", "params.lr IN ('\\'\"')"),
        ("'\"\\\n\r", "params.lr IN ('\\'\"\\\\\\n\\r')"),
    ]
    for value, condition in cases:
        with subtests.test(value=value, condition=condition):
            assert equals(Field(Entity.PARAM, "lr"), value, RUNS) == condition


def test_a_value_has_the_quotes_that_it_needs(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str | None]] = [
        ("a", "'a'"),
        ("it's", '"it\'s"'),
        ("", "''"),
        ("'\"", None),
        ("a\\", None),
        ("a\\b", "'a\\b'"),
    ]
    for value, text in cases:
        with subtests.test(value=value, text=text):
            assert quoted(value) == text


def test_a_missing_value_has_a_condition() -> None:
    text = equals(Field(Entity.TAG, "a b"), None, RUNS)

    assert text == "tags.`a b` IS NULL"
    assert not isinstance(parse_filter(text, RUNS), And)


def test_a_metric_is_written_plainly() -> None:
    assert field_text(Field(Entity.METRIC, "train/loss", Aggregate.LAST), RUNS) == "metrics.train/loss"
