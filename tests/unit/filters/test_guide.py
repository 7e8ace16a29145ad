"""Each example of the guide to searching is one."""

import re
from pathlib import Path

import pytest

from trackside.core.filters.fields import LOGGED_MODELS, RUNS
from trackside.core.filters.parse import MAX_CLAUSES, MAX_VALUES, parse_filter, parse_order_by
from trackside.core.filters.tokens import MAX_CHARS

GUIDE = (Path(__file__).parents[3] / "docs" / "search.md").read_text()


def examples(kind: str) -> list[str]:
    return [line for block in re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("text", examples("filter"))
def test_a_filter_of_the_guide_is_read(text: str) -> None:
    assert parse_filter(text, RUNS) is not None


@pytest.mark.parametrize("text", examples("model-filter"))
def test_a_filter_of_logged_models_of_the_guide_is_read(text: str) -> None:
    assert parse_filter(text, LOGGED_MODELS) is not None


@pytest.mark.parametrize("text", examples("order"))
def test_an_order_of_the_guide_is_read(text: str) -> None:
    assert parse_order_by([text], RUNS)


def test_the_guide_says_the_bounds() -> None:
    assert f"{MAX_CHARS:,} characters, {MAX_CLAUSES} comparisons and {MAX_VALUES:,} values" in GUIDE
