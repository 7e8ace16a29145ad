"""Matches of LIKE patterns, and the limit of their cost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.core.errors import Invalid
from trackside.core.filters.patterns import MAX_LIKE_CHARS, MAX_LIKE_COST, check_like, fold, like


@given(st.text("ab\n", max_size=8), st.text("ab\n%_.", max_size=6))
def test_a_pattern_matches_as_a_regular_expression_does(text: str, pattern: str) -> None:
    signs = {"%": ".*", "_": "."}
    expression = "".join(signs.get(sign, re.escape(sign)) for sign in pattern)

    assert like(text, pattern) == (re.fullmatch(expression, text, re.DOTALL) is not None)


def test_a_pattern_matches_all_of_a_text(subtests: pytest.Subtests) -> None:
    cases = [
        ("", "", True),
        ("", "%", True),
        ("", "_", False),
        ("a", "_", True),
        ("ab", "_", False),
        ("ab", "a_", True),
        ("aab", "%ab", True),
        ("aXbXc", "a%b%c", True),
        ("abcb", "%b", True),
        ("abca", "%b", False),
        ("a", "A", False),
    ]
    for text, pattern, matches in cases:
        with subtests.test(text=text, pattern=pattern, matches=matches):
            assert like(text, pattern) is matches


def test_the_cost_of_a_pattern_is_its_length_for_each_run_of_wildcards() -> None:
    dear = "%" + "a" * (MAX_LIKE_COST - 1)

    assert [check_like(pattern) for pattern in ("a" * MAX_LIKE_CHARS, "a%b", "%%a__%", dear)] == [0, 3, 12, 4000]
    with pytest.raises(Invalid, match="the product of both is 4001"):
        check_like(dear + "a")
    with pytest.raises(Invalid, match="has 8001 characters"):
        check_like("a" * (MAX_LIKE_CHARS + 1))


def test_the_case_of_ascii_letters_is_folded() -> None:
    assert fold("AZaz09[@ÄÉİ") == "azaz09[@ÄÉİ"
