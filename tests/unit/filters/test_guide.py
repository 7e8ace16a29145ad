"""Each example of the guide to searching is valid."""

import re
from pathlib import Path

import pytest

from trackside.core.filters.fields import LOGGED_MODELS, RUNS
from trackside.core.filters.parse import MAX_CLAUSES, MAX_VALUES, parse_filter, parse_order_by
from trackside.core.filters.tokens import MAX_CHARS

GUIDE = (Path(__file__).parents[3] / "docs" / "search.md").read_text()


def examples(kind: str) -> list[str]:
    found = [line for block in re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL) for line in block.splitlines()]
    assert found
    return found


def test_a_filter_of_the_guide_is_read(subtests: pytest.Subtests) -> None:
    for text in examples("filter"):
        with subtests.test(text=text):
            assert parse_filter(text, RUNS) is not None


def test_a_filter_of_logged_models_of_the_guide_is_read(subtests: pytest.Subtests) -> None:
    for text in examples("model-filter"):
        with subtests.test(text=text):
            assert parse_filter(text, LOGGED_MODELS) is not None


def test_an_order_of_the_guide_is_read(subtests: pytest.Subtests) -> None:
    for text in examples("order"):
        with subtests.test(text=text):
            assert parse_order_by([text], RUNS)


def test_the_guide_states_the_limits() -> None:
    assert f"{MAX_CHARS:,} characters, {MAX_CLAUSES} comparisons and {MAX_VALUES:,} values" in GUIDE
